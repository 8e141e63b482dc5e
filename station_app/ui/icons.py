"""Our icons, SVG files drawn with `currentColor`, painted at any size in a colour of the tokens."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel

from pollbook.bundle import resource_path


@lru_cache(maxsize=64)
def _svg(name: str) -> str:
    return resource_path("icons", f"{name}.svg").read_text("utf-8")


@lru_cache(maxsize=96)
def pixmap(name: str, size: int, colour: str, ratio: float = 1.0) -> QPixmap:
    """The icon, `size` logical pixels square, for a screen with this device pixel ratio."""
    made = QPixmap(round(size * ratio), round(size * ratio))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    drawing = QSvgRenderer(QByteArray(_svg(name).replace("currentColor", colour).encode()))
    drawing.render(painter, QRectF(made.rect()))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


def icon(name: str, size: int, colour: str, ratio: float = 1.0) -> QIcon:
    """The icon for a button."""
    return QIcon(pixmap(name, size, colour, ratio))


def show_icon(label: QLabel, name: str, size: int, colour: str) -> None:
    """Put the icon into a label whose place it fills."""
    label.setFixedSize(size, size)
    label.setPixmap(pixmap(name, size, colour, label.devicePixelRatioF()))
