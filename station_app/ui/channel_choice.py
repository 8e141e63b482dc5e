"""Where the voter receives the ballots: at the station unless somebody says otherwise, for this one voter only."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from pollbook.texts import Texts
from pollbook.types import Channel
from station_app.ui.buttons import Button
from station_app.ui.labels import label
from station_app.ui.theme import Step, Theme


class ChannelChoice(QWidget):
    """Three buttons of which one is down."""

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self.heading = label(Step.SMALL, "secondary")
        self.buttons = {channel: Button() for channel in Channel}
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.heading)
        for button in self.buttons.values():
            button.setCheckable(True)
            self._group.addButton(button)
            button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
            row.addWidget(button)
        self.reset()
        self.retranslate(texts)

    @property
    def channel(self) -> Channel:
        """What is chosen."""
        return next(channel for channel, button in self.buttons.items() if button.isChecked())

    def reset(self) -> None:
        """Back to the station: each voter begins there."""
        self.buttons[Channel.STATION].setChecked(True)

    def choose_next(self) -> None:
        """F2: the next of the three."""
        channels = tuple(Channel)
        following = channels[(channels.index(self.channel) + 1) % len(channels)]
        self.buttons[following].setChecked(True)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.heading.setText(texts("channel_heading"))
        for channel, button in self.buttons.items():
            text = texts("channel_" + channel.value)
            button.setText(text)
            button.setAccessibleName(f"{texts('channel_heading')} {text}")

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.heading.setVisible(not theme.is_large)
