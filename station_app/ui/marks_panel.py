"""The newest marks: time, page and row, and how far each has come. No names: an observer may look over the shoulder."""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout

from pollbook.texts import Texts
from station_app.desk import MarkShown
from station_app.ui.choice_list import ChoiceList
from station_app.ui.formats import time_of_day
from station_app.ui.labels import label
from station_app.ui.rows import ROW, Index, Row, RowDelegate
from station_app.ui.theme import Step, Theme

_ROWS = {100: 4, 125: 3, 150: 2, 175: 1, 200: 1}
"""By text size: the list of hits needs the room more."""


class MarkModel(QAbstractListModel):
    """The newest marks, newest first."""

    def __init__(self, texts: Texts, zone: tzinfo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._texts = texts
        self._zone = zone
        self._marks: tuple[MarkShown, ...] = ()

    @property
    def marks(self) -> tuple[MarkShown, ...]:
        """What the list shows."""
        return self._marks

    def show(self, marks: tuple[MarkShown, ...]) -> None:
        """Replace the list, unless it is the same."""
        if marks != self._marks:
            self.beginResetModel()
            self._marks = marks
            self.endResetModel()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        if self._marks:
            self.dataChanged.emit(self.index(0), self.index(len(self._marks) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._marks)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        mark = self._marks[index.row()]
        place = self._texts("mark_place", time=time_of_day(mark.at, self._zone), page=mark.page, row=mark.row)
        state = self._texts(_state_key(mark))
        if role == ROW:
            return Row(place, state, is_muted=mark.voided)
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return f"{place}, {state}"
        return None


def _state_key(mark: MarkShown) -> str:
    if mark.voided:
        return "mark_voided"
    if mark.disputed:
        return "mark_disputed"
    return "mark_confirmed" if mark.confirmed else "mark_recorded"


class MarkList(ChoiceList):
    """Enter or a double click on a row asks to undo it; a row is highlighted only while the list has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.maximumHeight())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.model().rowCount():
            self.setCurrentIndex(self.model().index(0, 0))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.type() == QEvent.Type.FocusOut:
            self.setCurrentIndex(QModelIndex())


class MarksPanel(QFrame):
    """Title and list."""

    chosen = Signal(object)
    escaped = Signal()

    def __init__(self, texts: Texts, theme: Theme, zone: tzinfo) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.title = label(Step.BASE, "strong")
        self.model = MarkModel(texts, zone, self)
        self.list = MarkList()
        self.list.setModel(self.model)
        self.delegate = RowDelegate(theme, self.list, Step.SMALL)
        self.list.setItemDelegate(self.delegate)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 8)
        column.setSpacing(2)
        column.addWidget(self.title)
        column.addWidget(self.list)
        self.list.chosen.connect(self._choose)
        self.list.doubleClicked.connect(self._choose)
        self.list.escaped.connect(self.escaped)
        self.retranslate(texts)
        self.restyle(theme)

    def show_marks(self, marks: tuple[MarkShown, ...]) -> None:
        """Show newer marks."""
        self.model.show(marks)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.title.setText(texts("marks_title"))
        self.list.setAccessibleName(texts("marks_name"))
        self.list.setToolTip(texts("marks_name"))
        self.model.retranslate(texts)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.delegate.theme = theme
        lines = 2 * round(theme.px(Step.SMALL) * 1.25) + 16
        rows = _ROWS[theme.scale]
        row = lines if theme.is_large else theme.hit
        self.list.setMinimumHeight(row + 4)  # a document on the reader may need the rest
        self.list.setMaximumHeight(rows * row + 4)
        self.list.doItemsLayout()

    def _choose(self, index: QModelIndex) -> None:
        mark = self.model.marks[index.row()]
        if not mark.voided:
            self.chosen.emit(mark)
