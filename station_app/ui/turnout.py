"""The corner's counters: how many have voted, by channel, and how the day went hour by hour."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from pollbook.texts import Texts
from pollbook.types import Channel
from station_app.desk import DeskStatus
from station_app.ui.formats import number
from station_app.ui.labels import label
from station_app.ui.theme import Step, Theme


class Bars(QWidget):
    """One bar an hour, the tallest as high as the place."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.values: tuple[int, ...] = ()
        self.restyle(theme)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self.setFixedHeight(theme.icon(28))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(1, len(self.values)) * 9, self._theme.icon(28))

    def paintEvent(self, _event: QPaintEvent) -> None:
        tallest = max(self.values, default=0)
        if not tallest:
            return
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.colours.accent))
        height = self.height() - 2
        for hour, value in enumerate(self.values):
            bar = max(2.0, height * value / tallest)
            painter.drawRect(QRectF(hour * 9, 1 + height - bar, 7, bar))


class Turnout(QWidget):
    """`612 of 1,848 · home 4 · early 31` and the bars."""

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self._texts = texts
        self._status: DeskStatus | None = None
        self.text = label(Step.BASE, wraps=True)
        self.bars = Bars(theme)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(12)
        row.addWidget(self.text, 1)
        row.addWidget(self.bars)

    def show_status(self, status: DeskStatus) -> None:
        """Show newer counters."""
        self._status = status
        self.bars.values = status.by_hour
        self.bars.updateGeometry()
        self.bars.update()
        self._say()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.bars.restyle(theme)

    def _say(self) -> None:
        if self._status is None:
            return
        texts, status = self._texts, self._status
        language = texts.language
        parts = [
            texts("turnout", marked=number(status.marked, language), lines=number(status.lines, language)),
            *(
                texts("turnout_" + channel.value, count=number(status.by_channel[channel], language))
                for channel in (Channel.HOME, Channel.EARLY)
                if status.by_channel.get(channel)
            ),
        ]
        if status.voided:
            parts.append(texts("turnout_voided", count=number(status.voided, language)))
        self.text.setText(" · ".join(parts))
