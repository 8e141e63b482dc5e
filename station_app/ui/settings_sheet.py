"""Language, theme, text size and sound; each choice shows at once."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QWidget

from pollbook.texts import LANGUAGES, Texts
from station_app.ui.appearance import Appearance
from station_app.ui.buttons import Button, with_key
from station_app.ui.labels import label
from station_app.ui.sheet import Sheet
from station_app.ui.theme import SCALES, THEMES, Step, Theme

_CHOICES: dict[str, tuple[object, ...]] = {
    "language": LANGUAGES,
    "theme": THEMES,
    "scale": SCALES,
    "sound": (True, False),
}
_COLUMNS = 3


class SettingsSheet(Sheet):
    """Four groups of buttons of which one is down."""

    chosen = Signal(object)

    def __init__(self, window: QWidget, appearance: Appearance, texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        self._appearance = appearance
        self._headings: dict[str, QLabel] = {}
        self._buttons: dict[tuple[str, object], Button] = {}
        self._groups: list[QButtonGroup] = []
        for field, values in _CHOICES.items():
            self._add_group(field, values)
        self.body.addStretch(1)
        self.done = Button()
        self.done.clicked.connect(self.close_sheet)
        self.foot.addStretch(1)
        self.foot.addWidget(self.done)
        self.retranslate(texts)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.title.setText(texts("settings_title"))
        for field, heading in self._headings.items():
            heading.setText(texts("settings_" + field))
        for (field, value), button in self._buttons.items():
            text = texts("percent", count=value) if field == "scale" else texts(f"{field}_{value}")
            button.setText(text)
        self.done.setText(with_key("Esc", texts("button_close")))

    def _add_group(self, field: str, values: tuple[object, ...]) -> None:
        heading = self._headings[field] = label(Step.BASE, "strong")
        self.body.addWidget(heading)
        grid = QGridLayout()
        grid.setSpacing(8)
        group = QButtonGroup(self)
        self._groups.append(group)
        for place, value in enumerate(values):
            button = self._buttons[field, value] = Button()
            button.setCheckable(True)
            button.setChecked(getattr(self._appearance, field) == value)
            button.clicked.connect(lambda _=False, field=field, value=value: self._choose(field, value))
            group.addButton(button)
            grid.addWidget(button, place // _COLUMNS, place % _COLUMNS)
        self.body.addLayout(grid)

    def _choose(self, field: str, value: object) -> None:
        self._appearance = replace(self._appearance, **{field: value})  # type: ignore[arg-type]
        self.chosen.emit(self._appearance)
