"""The sealed envelopes of provisional ballots: which count, which do not, and what two officers have yet to confirm."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.entries import Outcome
from pollbook.texts import Texts
from station_app.moving import ProvisionalShown
from station_app.ui.icons import show_icon
from station_app.ui.theme import ICON_SMALL, Theme
from station_app.ui.told_rows import ActionRow, RowsSheet


class EnvelopeRow(ActionRow):
    """One envelope: its number, who, what the register decided."""

    pressed = Signal(object)

    def __init__(self, kept: ProvisionalShown, texts: Texts, theme: Theme) -> None:
        super().__init__(_tone(kept))
        self._kept = kept
        self.button.clicked.connect(lambda: self.pressed.emit(self._kept))
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
        show_icon(self.icon, "envelope", theme.icon(ICON_SMALL), theme.colours.tone(_tone(self._kept)).text)

    @property
    def _text_key(self) -> str:
        kept = self._kept
        if kept.resolved is not None:
            return "envelope_done_counted" if kept.resolved is Outcome.COUNTED else "envelope_done_closed"
        if kept.adjudicated is None:
            return "envelope_undecided"
        return "envelope_counts" if kept.adjudicated is Outcome.COUNTED else "envelope_stays_closed"


class EnvelopesSheet(RowsSheet):
    """The rows, or the sentence that there is none."""

    chosen = Signal(object)

    def __init__(self, window: QWidget, provisionals: Sequence[ProvisionalShown], texts: Texts, theme: Theme) -> None:
        rows = [EnvelopeRow(kept, texts, theme) for kept in provisionals]
        super().__init__(window, ("envelopes_title", "envelopes_none"), rows, texts, theme)
        for row in rows:
            row.pressed.connect(self._choose)

    def _choose(self, kept: ProvisionalShown) -> None:
        self.close_sheet()
        self.chosen.emit(kept)


def _tone(kept: ProvisionalShown) -> str:
    is_open = kept.resolved is None and kept.adjudicated is not None
    return "closer" if is_open else "plain"
