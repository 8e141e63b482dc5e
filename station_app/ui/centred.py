"""A screen with one panel in its middle: for signing in, for waiting, for what keeps the station from opening."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from station_app.ui.icons import show_icon
from station_app.ui.labels import Body, label
from station_app.ui.theme import ICON_LARGE, Step, Theme

_WIDTH = 680


class CentredScreen(QWidget):
    """Icon, title, sentence, then what the screen adds to `column`."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("screen")
        self.theme = theme
        self._icon_name = "people"
        self.panel = QFrame()
        self.panel.setObjectName("panel")
        self.icon = QLabel()
        self.title = label(Step.NAME, "title", wraps=True)
        self.sentence = label(Step.BASE, "secondary", wraps=True)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self.icon)
        head.addWidget(self.title, 1)
        self.column = QVBoxLayout(self.panel)
        self.column.setContentsMargins(32, 28, 32, 28)
        self.column.setSpacing(14)
        self.column.addLayout(head)
        self.column.addWidget(self.sentence)
        middle = Body()
        row = QHBoxLayout(middle)
        row.setContentsMargins(16, 16, 16, 16)
        row.addStretch(1)
        row.addWidget(self.panel, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.viewport().setAutoFillBackground(False)
        self.area.setWidget(middle)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.area)
        self.restyle(theme)

    def set_icon(self, name: str) -> None:
        """Show another icon before the title."""
        self._icon_name = name
        show_icon(self.icon, name, self.theme.icon(ICON_LARGE), self.theme.colours.accent)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.theme = theme
        self.panel.setFixedWidth(round(_WIDTH * (1 + (theme.scale / 100 - 1) * 0.7)))
        self.set_icon(self._icon_name)
