"""Language, theme, text size and sound; each choice shows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QWidget

from pollbook.texts import LANGUAGES, Texts
from station_app.ui.appearance import Appearance
from station_app.ui.buttons import Button
from station_app.ui.labels import label
from station_app.ui.sheet import ClosableSheet
from station_app.ui.theme import SCALES, THEMES, Step, Theme

_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class _Choice:
    """One value of a setting: its words, whether an appearance has it, and the appearance that has it."""

    say: Callable[[Texts], str]
    is_chosen: Callable[[Appearance], bool]
    choose: Callable[[Appearance], Appearance]


def _language(value: str) -> _Choice:
    return _Choice(
        lambda texts: texts("language_" + value),
        lambda now: now.language == value,
        lambda now: replace(now, language=value),
    )


def _theme(value: str) -> _Choice:
    return _Choice(
        lambda texts: texts("theme_" + value), lambda now: now.theme == value, lambda now: replace(now, theme=value)
    )


def _scale(value: int) -> _Choice:
    return _Choice(
        lambda texts: texts("percent", count=value),
        lambda now: now.scale == value,
        lambda now: replace(now, scale=value),
    )


def _sound(key: str, *, value: bool) -> _Choice:
    return _Choice(lambda texts: texts(key), lambda now: now.sound == value, lambda now: replace(now, sound=value))


SETTINGS: dict[str, tuple[_Choice, ...]] = {
    "settings_language": tuple(_language(value) for value in LANGUAGES),
    "settings_theme": tuple(_theme(value) for value in THEMES),
    "settings_scale": tuple(_scale(value) for value in SCALES),
    "settings_sound": (_sound("sound_on", value=True), _sound("sound_off", value=False)),
}


class SettingsSheet(ClosableSheet):
    """Four groups of buttons of which one is down."""

    chosen = Signal(object)

    def __init__(self, window: QWidget, appearance: Appearance, texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        self._appearance = appearance
        self._headings: dict[str, QLabel] = {}
        self.buttons: dict[str, list[Button]] = {}
        self._groups: list[QButtonGroup] = []
        for heading, choices in SETTINGS.items():
            self._add_group(heading, choices)
        self.body.addStretch(1)
        self.retranslate(texts)

    def open(self) -> None:
        """Cover the window; the focus is on the language that is spoken, not on another beside it."""
        super().open()
        if (checked := self._groups[0].checkedButton()) is not None:
            checked.setFocus(Qt.FocusReason.TabFocusReason)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        super().retranslate(texts)
        self.title.setText(texts("settings_title"))
        for key, heading in self._headings.items():
            heading.setText(texts(key))
            for button, choice in zip(self.buttons[key], SETTINGS[key], strict=True):
                button.setText(choice.say(texts))

    def _add_group(self, key: str, choices: Sequence[_Choice]) -> None:
        heading = self._headings[key] = label(Step.BASE, "strong")
        self.body.addWidget(heading)
        grid = QGridLayout()
        grid.setSpacing(8)
        group = QButtonGroup(self)
        self._groups.append(group)
        buttons = self.buttons[key] = [Button() for _ in choices]
        for place, (button, choice) in enumerate(zip(buttons, choices, strict=True)):
            button.setCheckable(True)
            button.setChecked(choice.is_chosen(self._appearance))
            button.clicked.connect(lambda _=False, choice=choice: self._choose(choice))
            group.addButton(button)
            grid.addWidget(button, place // _COLUMNS, place % _COLUMNS)
        self.body.addLayout(grid)

    def _choose(self, choice: _Choice) -> None:
        self._appearance = choice.choose(self._appearance)
        self.chosen.emit(self._appearance)
