"""Ctrl+K: everything that can be done from here, found by typing a few letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLineEdit, QWidget

from pollbook.texts import Texts
from station_app.ui.buttons import Button
from station_app.ui.labels import label
from station_app.ui.sheet import ClosableSheet
from station_app.ui.theme import Step, Theme


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: its text's key, the keys that do it too, and the doing."""

    text: str
    keys: str
    do: Callable[[], object]


class ActionsSheet(ClosableSheet):
    """A field and a button for each action; Enter in the field does the first one left."""

    def __init__(self, window: QWidget, actions: Sequence[Action], texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        self._actions = tuple(actions)
        self.body.setSpacing(0)
        self.field = QLineEdit()
        self.body.addWidget(self.field)
        self.buttons: list[Button] = []
        for action in self._actions:
            button = Button("row")
            button.clicked.connect(lambda _=False, action=action: self._do(action))
            self.buttons.append(button)
            self.body.addWidget(button)
        self.nothing = label(Step.BASE, "secondary", wraps=True)
        self.nothing.hide()
        self.body.addWidget(self.nothing)
        self.body.addStretch(1)
        self.field.textEdited.connect(self._filter)
        self.field.returnPressed.connect(self._do_first)
        self.retranslate(texts)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        super().retranslate(texts)
        self.title.setText(texts("actions_title"))
        self.field.setPlaceholderText(texts("actions_filter"))
        self.field.setAccessibleName(texts("actions_filter"))
        self.nothing.setText(texts("actions_none"))
        for button, action in zip(self.buttons, self._actions, strict=True):
            text = texts(action.text)
            button.setText(f"{text}   {action.keys}".rstrip())
            button.setAccessibleName(text)

    def _filter(self, typed: str) -> None:
        words = typed.casefold().split()
        for button in self.buttons:
            text = button.text().casefold()
            button.setVisible(all(word in text for word in words))
        self.nothing.setVisible(all(button.isHidden() for button in self.buttons))

    def _do_first(self) -> None:
        left = [place for place, button in enumerate(self.buttons) if not button.isHidden()]
        if left and self.field.text().strip():
            self._do(self._actions[left[0]])

    def _do(self, action: Action) -> None:
        self.close_sheet()
        QTimer.singleShot(0, action.do)
