"""The cameras at the foot of every screen: a light and a sentence, which never take the eye from a voter for long."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStyle, QStyleOptionButton, QWidget

from pollbook.texts import Texts
from station_app.ui.buttons import Button
from station_app.ui.labels import set_kind
from station_app.ui.light_sign import LightSign
from station_app.ui.theme import Theme

_ANY_PX, _NARROW_PX = 16_777_215, 22
"""Beside the sign, which is pressed too: at large text sizes the foot has no more room."""


Say = Callable[[Texts], tuple[str, str]]
"""What is said of all cameras in a language: the tone of the light, and a sentence."""


class BriefButton(Button):
    """A button whose text ends in an ellipsis where the foot of the screen has no more room for it."""

    def __init__(self) -> None:
        super().__init__("quiet")
        self._whole = ""

    def say(self, text: str) -> None:
        """Show as much of this as there is room for."""
        self._whole = text
        self._fit()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return self._size_for(self._whole)

    def minimumSizeHint(self) -> QSize:
        return self._size_for("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _size_for(self, text: str) -> QSize:
        self.ensurePolished()
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = text
        size = self.fontMetrics().size(int(Qt.TextFlag.TextShowMnemonic), text)
        return self.style().sizeFromContents(QStyle.ContentsType.CT_PushButton, option, size, self)

    def _fit(self) -> None:
        room_px = self.width() - self._size_for("").width()
        fitting = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room_px)
        if fitting != self.text():
            self.setText(fitting)


class CameraStatus(QWidget):
    """Out of sight where no camera is set up. Pressed, it shows the cameras; nothing else ever takes the focus."""

    asked = Signal()

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self._texts, self._theme = texts, theme
        self._said: Say | None = None
        self.sign = LightSign(theme)
        self.button = BriefButton()
        self.button.clicked.connect(self.asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.sign)
        row.addWidget(self.button)
        self.hide()

    def show_cameras(self, say: Say | None) -> None:
        """Newer words of the cameras; None where there are none."""
        self._said = say
        self._say()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self.sign.restyle(theme)
        self._say()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        self.asked.emit()

    def _say(self) -> None:
        self.setVisible(self._said is not None)
        if self._said is None:
            return
        tone, text = self._said(self._texts)
        is_large = self._theme.is_large
        self.sign.show_tone(tone)
        self.button.setMaximumWidth(_NARROW_PX if is_large else _ANY_PX)
        self.button.setAccessibleName(text)
        self.button.setToolTip(text)
        set_kind(self.button, "quiet" if tone == "may" or is_large else "unread")
        self.button.say("" if is_large else text)
