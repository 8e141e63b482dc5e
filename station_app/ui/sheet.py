"""A sheet over the window: a question of its own, with the training band still in sight and the focus kept inside."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from pollbook.texts import Texts
from station_app.ui.buttons import Button, with_key
from station_app.ui.labels import Body, label
from station_app.ui.theme import Step, Theme

_WIDTH = 640
_SCROLLS = {Qt.Key.Key_Down: 40, Qt.Key.Key_Up: -40, Qt.Key.Key_PageDown: 300, Qt.Key.Key_PageUp: -300}


class Sheet(QWidget):
    """Title, a body to fill, a row of buttons at the foot. Esc closes it."""

    closed = Signal()

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self._window = window
        self.theme = theme
        self.panel = QFrame()
        self.panel.setObjectName("sheet")
        self.title = label(Step.NAME, "title", wraps=True)
        inner = Body()
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(4, 4, 4, 4)
        self.body.setSpacing(8)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(12)
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addWidget(self.area, 1)
        column.addLayout(self.foot)
        self.panel.setParent(self)
        window.installEventFilter(self)

    def open(self) -> None:
        """Cover the window; the first field has the focus."""
        self.place_panel()
        self.show()
        self.raise_()
        if stops := self._stops():
            stops[0].setFocus(Qt.FocusReason.TabFocusReason)

    def close_sheet(self) -> None:
        """Go away and give the focus back."""
        self.hide()
        self.closed.emit()
        self.deleteLater()

    def place_panel(self) -> None:
        """Fill the window; the panel in its middle is as high as it must be."""
        window = self._window
        top = self._band_height()
        self.setGeometry(0, top, window.width(), window.height() - top)
        width = min(round(_WIDTH * (1 + (self.theme.scale / 100 - 1) * 0.8)), window.width() - 64)
        layout = self.body
        inside = width - 48 - 8
        body = layout.heightForWidth(inside) if layout.hasHeightForWidth() else layout.sizeHint().height()
        title = self.title.heightForWidth(width - 48)
        wanted = body + title + self.foot.sizeHint().height() + 40 + 24 + 12
        height = min(wanted, self.height() - 32)
        self.panel.setGeometry((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        raise NotImplementedError

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.theme = theme
        self.place_panel()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._window:
            self.place_panel()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        event.accept()

    def focusNextPrevChild(self, is_next: bool) -> bool:
        stops = self._stops()
        if not stops:
            return False
        focused = self.window().focusWidget()
        here = stops.index(focused) if focused in stops else -1
        target = stops[(here + (1 if is_next else -1)) % len(stops)]
        target.setFocus(Qt.FocusReason.TabFocusReason if is_next else Qt.FocusReason.BacktabFocusReason)
        self.area.ensureWidgetVisible(target)
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        veil = QColor("black")
        veil.setAlpha(140)
        QPainter(self).fillRect(self.rect(), veil)

    def _band_height(self) -> int:
        band = self._window.findChild(QWidget, "band", Qt.FindChildOption.FindDirectChildrenOnly)
        return band.height() if band is not None and band.isVisible() else 0

    def _stops(self) -> list[QWidget]:
        found: list[QWidget] = []
        widget = self.nextInFocusChain()
        while widget is not None and widget is not self:
            tabs = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if tabs and self.isAncestorOf(widget) and widget.isVisible() and widget.isEnabled():
                found.append(widget)
            widget = widget.nextInFocusChain()
        return found


class ClosableSheet(Sheet):
    """A sheet that is only read or chosen from: a button at its foot closes it too, and the arrows scroll it."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window, theme)
        self.done = Button()
        self.done.clicked.connect(self.close_sheet)
        self.foot.addStretch(1)
        self.foot.addWidget(self.done)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.done.setText(with_key("Esc", texts("button_close")))

    def _stops(self) -> list[QWidget]:
        return sorted(super()._stops(), key=lambda widget: widget is self.done)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _SCROLLS:
            bar = self.area.verticalScrollBar()
            bar.setValue(bar.value() + _SCROLLS[Qt.Key(event.key())])
        super().keyPressEvent(event)
