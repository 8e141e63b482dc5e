"""Document and list side by side: a row a field, both values, and a sign whether they are the same."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel

from pollbook.texts import Texts
from station_app.ui.icons import show_icon
from station_app.ui.labels import Tall, label
from station_app.ui.passport_words import Row
from station_app.ui.theme import Step, Theme

_SIGN = 18


class ComparedRows(Tall):
    """Out of sight while there is nothing to compare."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: tuple[Row, ...] = ()
        self._headings = ("", "", "")
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(12)
        self.grid.setVerticalSpacing(3)
        for column, stretch in enumerate((0, 4, 4, 4)):
            self.grid.setColumnStretch(column, stretch)
        self.hide()

    def show_rows(self, rows: Sequence[Row], texts: Texts) -> None:
        """Show these rows under the headings of the two sides."""
        headings = (texts("compare_field"), texts("compare_document"), texts("compare_list"))
        if (self._rows, self._headings) == (tuple(rows), headings):
            return  # as with each letter of a search, where they stay empty
        self._rows, self._headings = tuple(rows), headings
        self._draw()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self._draw()

    def _draw(self) -> None:
        while (item := self.grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for column, heading in enumerate(self._headings, 1):
            self._add(0, column, heading, "secondary")
        for place, row in enumerate(self._rows, 1):
            sign = QLabel()
            show_icon(sign, row.icon, self._theme.icon(_SIGN), self._theme.colours.tone(row.tone).text)
            sign.setToolTip(row.verdict)
            self.grid.addWidget(sign, place, 0, Qt.AlignmentFlag.AlignTop)
            self._add(place, 1, row.field, "")
            kind = "" if row.tone == "plain" else "strong"
            self._add(place, 2, row.said, kind)
            self._add(place, 3, row.listed, kind)
        self.setAccessibleName("; ".join(row.spoken for row in self._rows))
        self.setVisible(bool(self._rows))
        self.updateGeometry()

    def _add(self, row: int, column: int, text: str, kind: str) -> None:
        made = label(Step.SMALL if kind == "secondary" else Step.BASE, kind, wraps=True)
        made.setText(text)
        made.ensurePolished()
        self.grid.addWidget(made, row, column, Qt.AlignmentFlag.AlignTop)
