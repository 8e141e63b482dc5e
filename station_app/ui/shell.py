"""What every screen has around it: training band, header, status line; and how all of it looks and speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from pollbook.texts import Texts, load_texts
from station_app.ui.appearance import Appearance
from station_app.ui.header import Header, TrainingBand
from station_app.ui.notice import Notice
from station_app.ui.sheets import Sheets
from station_app.ui.state_band import StateBand
from station_app.ui.status_line import StatusLine
from station_app.ui.stylesheet import font, palette, stylesheet
from station_app.ui.theme import SCALES, THEMES, Theme
from station_app.ui.toast import Toast

SIZE_USUAL = (1366, 768)
SIZE_MIN = (1024, 640)


class Part(Protocol):
    """A part of the window that can be drawn again in another language or look, keeping what it shows."""

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""


class Shell(QWidget):
    """The window without its screens."""

    def __init__(self, appearance: Appearance, save: Callable[[Appearance], object]) -> None:
        super().__init__()
        self.setObjectName("window")
        self._save = save
        self.appearance = appearance
        self.texts = load_texts(appearance.language)
        theme = appearance.tokens
        paint_application(theme)
        self.band = TrainingBand(self.texts, theme)
        self.state_band = StateBand(self.texts, theme)
        self.header = Header(self.texts, theme)
        self.notice = Notice(self.texts, theme)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.notice)
        self.status_line = StatusLine(self.texts, theme, datetime.now(UTC).astimezone().tzinfo or UTC)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.band, self.state_band, self.header, self.pages, self.status_line):
            column.addWidget(widget)
        column.setStretch(3, 1)
        self.band.hide()
        self.toast = Toast(self)
        self.sheets = Sheets(self, self.texts, appearance)
        self.setMinimumSize(*SIZE_MIN)
        self.resize(*SIZE_USUAL)
        self.setWindowTitle(self.texts("window_title"))

    def bind_keys(self, keys: Mapping[str, Callable[[], object]]) -> None:
        """These keys do these things anywhere in the window."""
        for key, do in keys.items():
            QShortcut(QKeySequence(key), self).activated.connect(do)

    def parts(self) -> Iterator[Part]:
        """Everything that has words and colours."""
        yield from (self.band, self.state_band, self.header, self.notice, self.status_line)

    def apply(self, appearance: Appearance) -> None:
        """Change language, theme, size and sound while everything stays where it is."""
        before, self.appearance = self.appearance, appearance
        self._save(appearance)
        if appearance.tokens != before.tokens:
            paint_application(appearance.tokens)
            for part in self.parts():
                part.restyle(appearance.tokens)
        if appearance.language != before.language:
            self.texts = load_texts(appearance.language)
            self.setWindowTitle(self.texts("window_title"))
            for part in self.parts():
                part.retranslate(self.texts)
        self.sheets.change(self.texts, appearance)
        self.toast.place()

    def open_settings(self) -> None:
        """Language, theme, text size, sound."""
        self.sheets.open_settings(self.apply)

    def change_scale(self, steps: int) -> None:
        """Larger or smaller text."""
        place = SCALES.index(self.appearance.scale) + steps
        if 0 <= place < len(SCALES):
            self.apply(replace(self.appearance, scale=SCALES[place]))

    def change_language(self, language: str) -> None:
        """Speak another of the five languages."""
        self.apply(replace(self.appearance, language=language))

    def change_theme(self) -> None:
        """Light to dark and back."""
        other = THEMES[1 - THEMES.index(self.appearance.theme)]
        self.apply(replace(self.appearance, theme=other))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.toast.place()


def paint_application(theme: Theme) -> None:
    """All widgets take the theme's colours and sizes."""
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setPalette(palette(theme))
        application.setFont(font(theme))
        application.setStyleSheet(stylesheet(theme))
