"""The panels of the check-in and how a stage looks on them; what they ask for is answered by `checkin`."""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pollbook.texts import Texts
from station_app.desk import Station
from station_app.ui.find_panel import FindPanel
from station_app.ui.marks_panel import MarksPanel
from station_app.ui.passport_panel import PassportPanel
from station_app.ui.stage_buttons import buttons_of
from station_app.ui.stages import MARKABLE, Done, Marking, Shown, Stage, Waiting
from station_app.ui.theme import Theme
from station_app.ui.turnout import Turnout
from station_app.ui.verdict_panel import VerdictPanel
from station_app.ui.verdicts import words_of


class CheckInPanels(QWidget):
    """Search and marks on the left, the verdict on the right; draws the one stage."""

    def __init__(self, station: Station, zone: tzinfo, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("screen")
        self._station, self._zone = station, zone
        self._texts, self._theme = texts, theme
        self._stage: Stage = Waiting()
        self.has_neighbours = False
        self.finder = FindPanel(texts, theme)
        self.verdict = VerdictPanel(texts, theme)
        self.document = PassportPanel(texts, theme)
        self.marks = MarksPanel(texts, theme, zone)
        self.turnout = Turnout(texts, theme)
        self._panels = (self.finder, self.document, self.verdict, self.marks, self.turnout)
        self._lay_out()

    @property
    def stage(self) -> Stage:
        """Where the check-in stands."""
        return self._stage

    def show_stage(self) -> None:
        """Draw the stage as it is."""
        stage, texts = self._stage, self._texts
        card = stage.card if isinstance(stage, (Shown, Marking, Done)) else None
        self.finder.show_card_open(is_open=isinstance(stage, (Shown, Marking)))
        words = words_of(stage, texts, self._zone, self._station.election.day)
        asks_signature = isinstance(stage, (Shown, Marking)) and card is not None and card.verdict in MARKABLE
        voter, is_visitor = (card.voter, card.is_visitor) if card else (None, False)
        self.verdict.show_verdict(words, voter, texts, asks_signature=asks_signature, is_visitor=is_visitor)
        self.document.show_beside(card.beside if isinstance(stage, Shown) and card else None)
        self.verdict.show_buttons(
            buttons_of(stage, texts, is_short=self._theme.is_large, has_neighbours=self.has_neighbours)
        )

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; the voter stays on the screen."""
        self._texts = texts
        for panel in self._panels:
            panel.retranslate(texts)
        self.show_stage()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        for panel in self._panels:
            panel.restyle(theme)
        self.show_stage()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 8)
        row.setSpacing(12)
        for share, (upper, *lower) in {
            42: (self.finder, self.document, self.marks),
            58: (self.verdict, self.turnout),
        }.items():
            column = QVBoxLayout()
            column.setSpacing(8)
            column.addWidget(upper, 1)
            for panel in lower:
                column.addWidget(panel)
            row.addLayout(column, share)
            for panel in (upper, *lower):
                panel.setMinimumWidth(1)
        verdict = self.verdict
        channels = verdict.channel.buttons.values()
        buttons = (verdict.main, verdict.undo, verdict.provisional)
        order = (self.finder.box, self.finder.list, self.document.details, self.marks.list, *channels, *buttons)
        for before, after in zip(order, (*order[1:], verdict.back), strict=True):
            QWidget.setTabOrder(before, after)
        self.setFocusProxy(self.finder.box)
