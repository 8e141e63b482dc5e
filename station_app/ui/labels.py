"""Labels: plain text always, because what they show was typed by others; sizes and colours come from the tokens."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from station_app.ui.theme import Step


class WrappedLabel(QLabel):
    """Breaks its text into lines and is never given less height than they need."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(self.width()) if self.text() else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


def label(step: Step = Step.BASE, kind: str = "", *, wraps: bool = False) -> QLabel:
    """An empty label of one step of size; `kind` is secondary, strong, title or current."""
    made = WrappedLabel() if wraps else QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("step", step.name)
    if kind:
        made.setProperty("kind", kind)
    return made


class Tall(QFrame):
    """As high as its wrapped texts need at its width, never higher."""

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        if layout is None or not layout.hasHeightForWidth() or self.width() <= 0:
            return super().minimumSizeHint()
        return QSize(0, layout.totalHeightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class Body(Tall):
    """What stands in a scroll area."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("body")


def set_tone(frame: QWidget, tone: str) -> None:
    """Colour the frame and its labels as a verdict."""
    if frame.property("tone") == tone:
        return
    frame.setProperty("tone", tone)
    style = frame.style()
    for widget in (frame, *frame.findChildren(QLabel)):
        style.unpolish(widget)
        style.polish(widget)


def set_kind(widget: QWidget, kind: str) -> None:
    """Change what the stylesheet takes the widget for."""
    if widget.property("kind") == kind:
        return
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.updateGeometry()
