"""A camera's picture as the commission sees it: whole, with the masks hatched over it. A press chooses the camera."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from devices.camera.frame_slot import Shown
from station_app.live.masks import MASK_SCALE, MaskFields
from station_app.ui.held_keys import HeldKeys
from station_app.ui.theme import RADIUS, Theme

_VEIL = 215
"""Of 255: what lies under it is guessed at, and not taken for what the camera sees."""
_PRESSES = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}


class CameraPicture(QAbstractButton):
    """Paints the newest picture as large as it fits; the words stand where there is none."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._image: QImage | None = None
        self._held = HeldKeys()
        self.masks: tuple[MaskFields, ...] = ()
        self.words = ""
        self.is_old = False
        self.shown: Shown | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_picture(self, shown: Shown | None) -> None:
        """This is the newest picture; None where there is none any more."""
        self.shown = shown
        if shown is None:
            self._image = None
        else:
            height, width = shown.pixels.shape[:2]
            # The pixels live as long as `shown` does, which is kept beside the image.
            self._image = QImage(shown.pixels.data, width, height, 3 * width, QImage.Format.Format_BGR888)
        self.update()

    def show_old(self, *, is_old: bool) -> None:
        """Whether the camera gives no picture any more: what is shown is the last one, veiled."""
        if is_old != self.is_old:
            self.is_old = is_old
            self.update()

    def show_masks(self, masks: tuple[MaskFields, ...]) -> None:
        """These parts are hidden from others."""
        if masks != self.masks:
            self.masks = masks
            self.update()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self.update()

    @property
    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget: as large as it fits, in its own shape."""
        inside = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        size = self._image.size() if self._image is not None else QSize(4, 3)
        scale = min(inside.width() / size.width(), inside.height() / size.height())
        width, height = size.width() * scale, size.height() * scale
        return QRectF(
            inside.left() + (inside.width() - width) / 2, inside.top() + (inside.height() - height) / 2, width, height
        )

    def rect_of(self, mask: MaskFields) -> QRectF:
        """Where a mask lies in the widget."""
        left, top, width, height = (value / MASK_SCALE for value in mask)
        place = self.picture_rect
        return QRectF(
            place.left() + left * place.width(), place.top() + top * place.height(), width * place.width(),
            height * place.height(),
        )  # fmt: skip

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 90)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        place = self.picture_rect
        if self._image is not None:
            painter.drawImage(place, self._image)
        else:
            painter.fillRect(place, QColor(self._theme.colours.ground))
        if self._image is None or self.is_old:
            veil = QColor(self._theme.colours.ground)
            veil.setAlpha(_VEIL)
            painter.fillRect(place, veil)
            painter.setPen(QColor(self._theme.colours.text))
            words, how = place.adjusted(8, 8, -8, -8), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            if words.contains(painter.boundingRect(words, how, self.words)):  # they stand beside the picture too
                painter.drawText(words, how, self.words)
        if not self.is_old:
            self.paint_masks(painter)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(self._theme.colours.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS / 2, RADIUS / 2)

    def paint_masks(self, painter: QPainter) -> None:
        """The masks lie over the picture, hatched: the commission sees through them."""
        for mask in self.masks:
            paint_mask(painter, self.rect_of(mask), QColor("white"), 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in _PRESSES:
            super().keyPressEvent(event)
        elif not self._held.is_repeat(event):
            self.click()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._held.note_release(event)
        super().keyReleaseEvent(event)


def paint_mask(painter: QPainter, place: QRectF, colour: QColor, width: int) -> None:
    """One mask: a veil, slanting lines and an edge that shows on light and dark pictures."""
    painter.save()
    painter.setClipRect(place)
    painter.fillRect(place, QColor(60, 60, 60, 130))
    painter.setPen(QPen(QColor(255, 255, 255, 120), 1))
    step, height = 12, place.height()
    for start in range(int(place.left() - height), int(place.right()), step):
        painter.drawLine(QPointF(start, place.bottom()), QPointF(start + height, place.top()))
    painter.setPen(QPen(QColor("black"), width + 2))
    painter.drawRect(place)
    painter.setPen(QPen(colour, width))
    painter.drawRect(place)
    painter.restore()
