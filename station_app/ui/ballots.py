"""The ballots to hand over: a paper of each one's colour, its colour in words and the contest's name."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pollbook.election import Contest
from pollbook.texts import Texts
from station_app.ui.formats import colour_name
from station_app.ui.labels import label
from station_app.ui.theme import Step, Theme
from station_app.ui.verdicts import ballot_name

_ONE_COLUMN_MAX = 5


class Paper(QWidget):
    """A small sheet of the ballot's colour with a border that is seen on any ground."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.colour = theme.colours.panel
        self.restyle(theme)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._border = theme.colours.field_border
        height = theme.icon(20)
        self.setFixedSize(QSize(round(height * 1.3), height))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._border), 1.5))
        painter.setBrush(QColor(self.colour))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)


class Ballots(QWidget):
    """Up to sixteen ballots; rows are made once and kept.

    In one column while they fit, else in two; at large text sizes two columns of colours alone, and the contests'
    names stand with the voter's facts.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[tuple[Paper, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 4, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(3, 1)

    def show_contests(self, contests: tuple[Contest, ...], texts: Texts) -> None:
        """Show these ballots."""
        while len(self._rows) < len(contests):
            self._rows.append((Paper(self._theme), label(Step.BASE, "strong", wraps=True)))
        is_split = len(contests) > _ONE_COLUMN_MAX or (self._theme.is_large and len(contests) > 1)
        lines = -(-len(contests) // 2) if is_split else len(contests)
        for place, (paper, text) in enumerate(self._rows):
            self._grid.removeWidget(paper)
            self._grid.removeWidget(text)
            is_used = place < len(contests)
            if is_used:
                paper.colour = contests[place].colour
                paper.update()
                contest = contests[place]
                is_short = self._theme.is_large
                text.setText(colour_name(contest.colour, texts) if is_short else ballot_name(contest, texts))
                column = 2 * (place // lines)
                self._grid.addWidget(paper, place % lines, column)
                self._grid.addWidget(text, place % lines, column + 1)
            paper.setVisible(is_used)
            text.setVisible(is_used)
        self._grid.setColumnStretch(3, 1 if is_split else 0)
        self.setVisible(bool(contests))

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        for paper, _ in self._rows:
            paper.restyle(theme)
