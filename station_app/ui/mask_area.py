"""Drawing masks over a picture, by mouse and by keyboard; what is drawn is thousandths of the picture, not pixels."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter

from station_app.live.masks import MASK_SCALE, MASKS_MAX, MaskFields, between, contains, moved, resized
from station_app.ui.camera_picture import CameraPicture, paint_mask
from station_app.ui.theme import Theme

STEP, FINE = 20, 4
"""Thousandths for a press of an arrow; with Ctrl the fine step."""
_NEW: MaskFields = (400, 400, 200, 200)
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class MaskArea(CameraPicture):
    """A picture that stands still while it is drawn on; one mask of those that are there is the chosen one."""

    changed = Signal()
    saved = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.place = -1
        self._start: tuple[int, int] | None = None
        self._dragged: MaskFields | None = None
        self._is_new = False

    def use_masks(self, masks: tuple[MaskFields, ...]) -> None:
        """Begin with these."""
        self.show_masks(masks)
        self._choose(len(masks) - 1)

    def add(self) -> None:
        """A new mask in the middle is the chosen one; nothing where there are as many as there may be."""
        if len(self.masks) < MASKS_MAX:
            self.show_masks((*self.masks, _NEW))
            self._choose(len(self.masks) - 1)

    def remove(self) -> None:
        """The chosen mask is gone."""
        if self.place >= 0:
            self.show_masks(self.masks[: self.place] + self.masks[self.place + 1 :])
            self._choose(min(self.place, len(self.masks) - 1))

    def choose_next(self, step: int) -> bool:
        """The next mask, or the one before, is the chosen one; False at the end of them."""
        if not 0 <= self.place + step < len(self.masks):
            return False
        self._choose(self.place + step)
        return True

    def paint_masks(self, painter: QPainter) -> None:
        """The chosen one has an edge of its own."""
        for place, mask in enumerate(self.masks):
            is_chosen = place == self.place
            paint_mask(painter, self.rect_of(mask), QColor("#FFD37A" if is_chosen else "white"), 3 if is_chosen else 1)

    # Keyboard

    def focusNextPrevChild(self, is_next: bool) -> bool:
        return self.choose_next(1 if is_next else -1) or super().focusNextPrevChild(is_next)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ARROWS and self.place >= 0:
            step = FINE if event.modifiers() & Qt.KeyboardModifier.ControlModifier else STEP
            right, down = (step * way for way in _ARROWS[key])
            change = resized if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else moved
            self._replace(change(self.masks[self.place], right, down))
        elif key == Qt.Key.Key_N:
            self.add()
        elif key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.remove()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.isAutoRepeat():
            self.saved.emit()
        elif key in _ARROWS:
            event.accept()
        else:
            event.ignore()

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self.setFocus()
        self._start = at = self._point(event.position())
        hit = next((place for place in reversed(range(len(self.masks))) if contains(self.masks[place], *at)), None)
        self._is_new = hit is None
        if hit is not None:
            self._choose(hit)
            self._dragged = self.masks[hit]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._start is None:
            return
        at = self._point(event.position())
        if self._dragged is not None:
            self._replace(moved(self._dragged, at[0] - self._start[0], at[1] - self._start[1]))
            return
        drawn = between(self._start, at)
        if drawn is None:
            return
        if self._is_new:
            if len(self.masks) >= MASKS_MAX:
                return
            self._is_new = False
            self.show_masks((*self.masks, drawn))
            self._choose(len(self.masks) - 1)
        else:
            self._replace(drawn)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._start = self._dragged = None

    def _point(self, position: QPointF) -> tuple[int, int]:
        place = self.picture_rect
        return (
            round((position.x() - place.left()) / place.width() * MASK_SCALE),
            round((position.y() - place.top()) / place.height() * MASK_SCALE),
        )

    def _replace(self, mask: MaskFields) -> None:
        self.show_masks((*self.masks[: self.place], mask, *self.masks[self.place + 1 :]))
        self.changed.emit()

    def _choose(self, place: int) -> None:
        self.place = place
        self.update()
        self.changed.emit()
