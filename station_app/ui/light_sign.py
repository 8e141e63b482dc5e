"""A traffic light's colour with a shape of its own, for those who cannot tell the colours apart."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from station_app.ui.theme import Theme


class LightSign(QWidget):
    """A filled circle, a triangle, a filled square for `may`, `closer`, `stop`; the words beside it say the same."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.tone = "closer"
        self.restyle(theme)

    def show_tone(self, tone: str) -> None:
        """This is the light."""
        if tone != self.tone:
            self.tone = tone
            self.update()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self.setFixedSize(theme.icon(16), theme.icon(16))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.colours.tone(self.tone).text))
        place = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.tone == "may":
            painter.drawEllipse(place)
        elif self.tone == "closer":
            top = QPointF(place.center().x(), place.top())
            painter.drawPolygon(QPolygonF([top, place.bottomRight(), place.bottomLeft()]))
        else:
            painter.drawRect(place)
