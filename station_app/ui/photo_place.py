"""A place for a picture of a person: kept free for it from the start, so that nothing moves when it comes."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from station_app.passports import Photo
from station_app.ui.icons import pixmap
from station_app.ui.theme import ICON_LARGE, RADIUS, Theme

_BYTES_A_PIXEL = 3

Box = tuple[int, int, int, int]
"""Left, top, width and height of a face, in pixels of its picture."""


def image_of(photo: Photo) -> QImage:
    """The picture as Qt draws it; it keeps its own copy of the pixels."""
    made = QImage(photo.rgb, photo.width, photo.height, photo.width * _BYTES_A_PIXEL, QImage.Format.Format_RGB888)
    return made.copy()


class PhotoPlace(QWidget):
    """Draws a picture whole, as large as it fits; while there is none, the sign of one that is awaited."""

    def __init__(self, theme: Theme, icon: str, width: int, height: int) -> None:
        super().__init__()
        self._theme, self._icon, self._size = theme, icon, QSize(width, height)
        self._image: QImage | None = None
        self._box: Box | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.restyle(theme)

    @property
    def has_picture(self) -> bool:
        """Whether a picture is drawn."""
        return self._image is not None

    def show_photo(self, photo: Photo | None, box: Box | None = None) -> None:
        """Draw this picture, with a frame about the face that was found in it; or none."""
        self._image = image_of(photo) if photo is not None else None
        self._box = box
        self.update()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        growth = theme.icon(100) / 100
        self.setFixedSize(round(self._size.width() * growth), round(self._size.height() * growth))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        colours = self._theme.colours
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        path = QPainterPath()
        path.addRoundedRect(frame, RADIUS, RADIUS)
        painter.fillPath(path, QColor(colours.ground))
        if self._image is not None:
            painter.setClipPath(path)
            self._draw(painter, self._image)
            painter.setClipping(False)
        else:
            edge = self._theme.icon(ICON_LARGE)
            sign = QRect((self.width() - edge) // 2, (self.height() - edge) // 2, edge, edge)
            painter.drawPixmap(sign, pixmap(self._icon, edge, colours.secondary, self.devicePixelRatioF()))
        painter.setPen(QPen(QColor(colours.field_border), 1))
        painter.drawPath(path)

    def _draw(self, painter: QPainter, image: QImage) -> None:
        fitted = image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - fitted.width()) // 2, (self.height() - fitted.height()) // 2
        painter.drawImage(QRect(left, top, fitted.width(), fitted.height()), image)
        if self._box is not None and image.width() > 0:
            share = fitted.width() / image.width()
            x, y, width, height = self._box
            painter.setPen(QPen(QColor(self._theme.colours.accent), 2))
            painter.drawRoundedRect(QRectF(left + x * share, top + y * share, width * share, height * share), 4, 4)
