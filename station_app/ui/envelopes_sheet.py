"""The sealed envelopes of provisional ballots: which count, which do not, and what two officers have yet to confirm."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pollbook.entries import Outcome
from pollbook.texts import Texts
from station_app.moving import ProvisionalShown
from station_app.ui.buttons import Button
from station_app.ui.icons import show_icon
from station_app.ui.labels import label, set_tone
from station_app.ui.sheet import ClosableSheet
from station_app.ui.theme import ICON_SMALL, Step, Theme


class EnvelopeRow(QFrame):
    """One envelope: its number, who, what the register decided."""

    pressed = Signal(object)

    def __init__(self, kept: ProvisionalShown, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self._kept = kept
        self.icon = QLabel()
        self.name = label(Step.BASE, "strong", wraps=True)
        self.text = label(Step.BASE, wraps=True)
        self.button = Button()
        self.button.clicked.connect(lambda: self.pressed.emit(self._kept))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.name)
        words.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        set_tone(self, self._tone)
        self.retranslate(texts)
        self.restyle(theme)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        kept = self._kept
        name = f"{kept.person.surname} {kept.person.given_name}"
        self.name.setText(texts("envelope_name", envelope=kept.envelope, name=name))
        self.text.setText(texts(self._text_key))
        self.button.setText(texts("button_confirm_envelope"))
        self.button.setAccessibleName(f"{self.button.text()}: {kept.envelope}")
        self.button.setVisible(kept.adjudicated is not None and kept.resolved is None)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        show_icon(self.icon, "envelope", theme.icon(ICON_SMALL), theme.colours.tone(self._tone).text)

    @property
    def _tone(self) -> str:
        is_open = self._kept.resolved is None and self._kept.adjudicated is not None
        return "closer" if is_open else "plain"

    @property
    def _text_key(self) -> str:
        kept = self._kept
        if kept.resolved is not None:
            return "envelope_done_counted" if kept.resolved is Outcome.COUNTED else "envelope_done_closed"
        if kept.adjudicated is None:
            return "envelope_undecided"
        return "envelope_counts" if kept.adjudicated is Outcome.COUNTED else "envelope_stays_closed"


class EnvelopesSheet(ClosableSheet):
    """The rows, or the sentence that there is none."""

    chosen = Signal(object)

    def __init__(self, window: QWidget, provisionals: Sequence[ProvisionalShown], texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        self.rows = [EnvelopeRow(kept, texts, theme) for kept in provisionals]
        self.nothing = label(Step.BASE, wraps=True)
        for row in self.rows:
            row.pressed.connect(self._choose)
            self.body.addWidget(row)
        if not self.rows:
            self.body.addWidget(self.nothing)
        self.body.addStretch(1)
        self.retranslate(texts)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        super().retranslate(texts)
        self.title.setText(texts("envelopes_title"))
        self.nothing.setText(texts("envelopes_none"))
        for row in self.rows:
            row.retranslate(texts)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        for row in self.rows:
            row.restyle(theme)
        super().restyle(theme)

    def _choose(self, kept: ProvisionalShown) -> None:
        self.close_sheet()
        self.chosen.emit(kept)
