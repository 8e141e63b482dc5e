"""The right half of the check-in screen: the verdict on top, the voter below, the main button at the foot.

Verdict, paper-list line and buttons never move. At large text sizes verdict and voter scroll, verdict first.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget

from pollbook.texts import Texts
from pollbook.types import Channel
from pollbook.voters import Voter
from station_app.ui.ballots import Ballots
from station_app.ui.buttons import Button
from station_app.ui.channel_choice import ChannelChoice
from station_app.ui.icons import show_icon
from station_app.ui.labels import Body, label, set_tone
from station_app.ui.stage_buttons import StageButtons
from station_app.ui.theme import ICON_LARGE, Step, Theme
from station_app.ui.verdicts import Words, ballot_name
from station_app.ui.voter_facts import VoterFacts

_STEPS_MAX = 3


class VerdictStrip(QFrame):
    """Colour, icon and sentence; its accessible name is all of it, verdict first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._words: Words | None = None
        self.icon = QLabel()
        self.title = label(Step.VERDICT, "title", wraps=True)
        self.sentence = label(Step.LARGE, "strong", wraps=True)
        self.ballots = Ballots(theme)
        self.steps = [label(Step.BASE, wraps=True) for _ in range(_STEPS_MAX)]
        column = QVBoxLayout()
        column.setSpacing(4)
        for widget in (self.title, self.sentence, self.ballots, *self.steps):
            column.addWidget(widget)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(16)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self.restyle(theme)

    def show_words(self, words: Words, texts: Texts) -> None:
        """Say another verdict."""
        self._words = words
        self.title.setText(words.title)
        self.sentence.setText(words.sentence)
        self.ballots.show_contests(words.ballots, texts)
        for place, step in enumerate(self.steps):
            text = words.steps[place] if place < len(words.steps) else ""
            step.setText(text)
            step.setVisible(bool(text))
        set_tone(self, words.tone)
        self._show_icon()
        self.setAccessibleName(words.spoken(texts))

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self.ballots.restyle(theme)
        self.setMinimumHeight(0 if theme.is_large else theme.px(Step.VERDICT) + 150)
        self._show_icon()

    def _show_icon(self) -> None:
        if self._words is not None:
            colour = self._theme.colours.tone(self._words.tone).text
            show_icon(self.icon, self._words.icon, self._theme.icon(ICON_LARGE + 16), colour)


class PaperLine(QFrame):
    """Where in the paper list the voter signs."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.icon = QLabel()
        self.text = label(Step.NAME, "strong", wraps=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(12)
        row.addWidget(self.icon)
        row.addWidget(self.text, 1)
        self.restyle(theme)
        self.hide()

    def show_place(self, voter: Voter | None, texts: Texts, *, asks_signature: bool, is_visitor: bool) -> None:
        """Show the page and row, or keep the place empty; only who may vote is asked to sign there."""
        if voter is not None and is_visitor:
            self.text.setText(texts("annex_line" if asks_signature else "annex_place"))
            self.setAccessibleName(self.text.text())
        elif voter is not None:
            key = "paper_line" if asks_signature else "paper_place"
            short = "paper_line_short" if asks_signature and self._is_tight else key
            self.text.setText(texts(short, page=voter.page, row=voter.row))
            self.setAccessibleName(texts(key, page=voter.page, row=voter.row))
        self.setVisible(voter is not None)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._is_tight = theme.is_tight
        show_icon(self.icon, "paper", theme.icon(ICON_LARGE), theme.colours.accent)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(not theme.is_large)
        self.setSizePolicy(policy)


class VerdictPanel(QFrame):
    """Verdict, voter and buttons."""

    confirmed = Signal()
    backed = Signal()
    undo_asked = Signal()
    provisional_asked = Signal()

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._is_large = theme.is_large
        self._asks_channel = False
        self.strip = VerdictStrip(theme)
        self.facts = VoterFacts(theme)
        self.area = QScrollArea()
        inner = Body()
        answer = QVBoxLayout(inner)
        answer.setContentsMargins(0, 0, 0, 0)
        answer.setSpacing(10)
        answer.addWidget(self.strip)
        answer.addWidget(self.facts, 1)
        self.area.setWidget(inner)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.viewport().setAutoFillBackground(False)
        self.paper = PaperLine(theme)
        self.channel = ChannelChoice(texts)
        self.main = Button("main")
        self.back = Button("quiet")
        self.undo = Button()
        self.provisional = Button()
        self.foot = QWidget()
        buttons = QHBoxLayout(self.foot)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(12)
        buttons.addWidget(self.main, 1)
        buttons.addWidget(self.undo, 1)
        buttons.addWidget(self.provisional)
        buttons.addSpacerItem(QSpacerItem(0, 0, QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum))
        buttons.addWidget(self.back)
        for button in (self.main, self.undo, self.provisional, self.back):
            button.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        column.addWidget(self.area, 1)
        for widget in (self.paper, self.channel, self.foot):
            column.addWidget(widget)
        self.channel.hide()
        self.main.clicked.connect(self.confirmed)
        self.back.clicked.connect(self.backed)
        self.undo.clicked.connect(self.undo_asked)
        self.provisional.clicked.connect(self.provisional_asked)
        self.retranslate(texts)
        self.restyle(theme)

    def show_verdict(
        self, words: Words, voter: Voter | None, texts: Texts, *, asks_signature: bool, is_visitor: bool = False
    ) -> None:
        """Show a verdict with its voter; a visitor signs in the annex."""
        self.strip.show_words(words, texts)
        names = tuple(ballot_name(contest, texts) for contest in words.ballots) if self._is_large else ()
        self.facts.show_voter(voter, names, texts)
        self.paper.show_place(voter, texts, asks_signature=asks_signature, is_visitor=is_visitor)
        self.area.verticalScrollBar().setValue(0)

    def announce(self) -> None:
        """Have a screen reader speak the verdict and the voter now."""
        spoken = f"{self.strip.accessibleName()} {self.facts.name.text()}"
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, spoken))

    def show_buttons(self, shown: StageButtons) -> None:
        """Show the stage's buttons. Where a mark may be made, where is asked too."""
        self._asks_channel = shown.asks_channel
        self.show_channel()
        texts = {
            self.main: shown.main,
            self.back: shown.back,
            self.undo: shown.undo,
            self.provisional: "" if self._is_large else shown.provisional,  # F7 and Ctrl+K reach it at any size
        }
        for button, text in texts.items():
            button.setText(text)
            button.setAccessibleName(text)
            button.setVisible(bool(text))
        self.main.setEnabled(shown.may_press)
        self.foot.setVisible(shown != StageButtons() or not self._is_large)

    def show_channel(self) -> None:
        """Show where the voter votes; at large text sizes only when it is not the station."""
        is_usual = self.channel.channel is Channel.STATION
        self.channel.setVisible(self._asks_channel and not (self._is_large and is_usual))

    def scroll_by(self, lines: int) -> None:
        """Scroll the voter's facts."""
        bar = self.area.verticalScrollBar()
        bar.setValue(bar.value() + 40 * lines)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; the verdict is said again by whoever knows the stage."""
        self.area.setAccessibleName(texts("voter_name"))
        self.channel.retranslate(texts)
        self.facts.retranslate(texts)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.strip.restyle(theme)
        self.facts.restyle(theme)
        self.paper.restyle(theme)
        self.channel.restyle(theme)
        policy = self.channel.sizePolicy()
        policy.setRetainSizeWhenHidden(not theme.is_large)
        self.channel.setSizePolicy(policy)
        self.foot.setFixedHeight(theme.main_button)
        self._is_large = theme.is_large
