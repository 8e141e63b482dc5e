"""The result list's model: name and birth date of each hit."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from pollbook.line_state import Status
from pollbook.texts import Texts
from station_app.desk import Hit, Tier
from station_app.ui.formats import day
from station_app.ui.rows import ROW, Index, Row

SIMILAR = "\u2248"


def full_name(hit: Hit) -> str:
    """Surname, given name and patronymic."""
    return " ".join(part for part in (hit.surname, hit.given_name, hit.patronymic) if part)


class HitModel(QAbstractListModel):
    """The newest answer's hits."""

    def __init__(self, texts: Texts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._hits: tuple[Hit, ...] = ()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What the list shows."""
        return self._hits

    def show(self, hits: tuple[Hit, ...]) -> None:
        """Replace the list."""
        self.beginResetModel()
        self._hits = hits
        self.endResetModel()

    def retranslate(self, texts: Texts) -> None:
        """The rows' spoken texts change."""
        self._texts = texts
        if self._hits:
            self.dataChanged.emit(self.index(0), self.index(len(self._hits) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        hit = self._hits[index.row()]
        if role == ROW:
            similar = f"{SIMILAR} " if hit.tier in {Tier.LOOSE, Tier.SKELETON} else ""
            return Row(similar + full_name(hit), day(hit.birth_date), is_stopped=hit.status is Status.MARKED)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._spoken(hit)
        return None

    def _spoken(self, hit: Hit) -> str:
        key = "hit_marked" if hit.status is Status.MARKED else "hit"
        return self._texts(key, name=full_name(hit), birth_date=day(hit.birth_date), page=hit.page, row=hit.row)
