"""A sheet that asks the desk something: fields, the refusal where the eye is, one main button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.desk import Desk, Refused
from station_app.ui.buttons import Button, with_key
from station_app.ui.failure_line import FailureLine
from station_app.ui.faults import failure_of
from station_app.ui.held_keys import HeldKeys
from station_app.ui.labels import label
from station_app.ui.sheet import Sheet
from station_app.ui.theme import Step, Theme

T = TypeVar("T")
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class EnterLine(QLineEdit):
    """A line whose Enter goes on; a held one counts once."""

    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._held = HeldKeys()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in _ENTER:
            super().keyPressEvent(event)
        elif not self._held.is_repeat(event):
            self.entered.emit()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._held.note_release(event)
        super().keyReleaseEvent(event)


class Field(QWidget):
    """A heading and a line under it."""

    def __init__(self, heading: str, characters_max: int, value: str = "") -> None:
        super().__init__()
        self._heading = heading
        self.heading = label(Step.BASE, "strong", wraps=True)
        self.line = EnterLine()
        self.line.setMaxLength(characters_max)
        self.line.setText(value)
        self.heading.setBuddy(self.line)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.line)

    @property
    def text(self) -> str:
        """What was typed, one space between words."""
        return " ".join(self.line.text().split())

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.heading.setText(texts(self._heading))
        self.line.setAccessibleName(texts(self._heading))


class FormSheet(Sheet):
    """Enter in a field goes on to the next one, in the last one it presses the main button."""

    def __init__(self, window: QWidget, book: BookThread, texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        self._book, self._texts = book, texts
        self.is_busy = False
        self.fields: Sequence[Field] = ()
        self.failure = FailureLine(texts, theme)
        self.main, self.cancel = Button("main"), Button("quiet")
        self.foot.addWidget(self.main, 1)
        self.foot.addWidget(self.cancel)
        self.main.clicked.connect(self.submit)
        self.cancel.clicked.connect(self.close_sheet)

    def use_fields(self, *fields: Field) -> None:
        """These fields stand one under the other, in this order."""
        self.fields = fields
        for place, field in enumerate(fields):
            self.body.addWidget(field)
            following = fields[place + 1].line.setFocus if place + 1 < len(fields) else self.submit
            field.line.entered.connect(following)

    def submit(self) -> None:
        """Ask the desk; a second press while it answers does nothing."""
        raise NotImplementedError

    def main_text(self) -> str:
        """What stands on the main button while nothing is asked."""
        raise NotImplementedError

    def cancel_text(self) -> str:
        """What stands on the other button."""
        return self._texts("button_close")

    def busy_text(self) -> str:
        """What stands on the main button while the desk answers."""
        return self._texts("button_marking")

    def ask(self, question: Callable[[Desk], T | Refused], answered: Callable[[T], object]) -> None:
        """What the desk answers goes to `answered`, a refusal into its line."""
        self.set_busy(is_busy=True)
        self.failure.show_refusal(None)
        self._book.ask(self, question, partial(self._answered, answered), lambda error: self.refuse(failure_of(error)))

    def refuse(self, refused: Refused) -> None:
        """Say why not, and put the focus where it can be mended."""
        self.set_busy(is_busy=False)
        self.failure.show_refusal(refused, self.about(refused))
        self.place_panel()
        self.focus_after_refusal()
        self.area.ensureWidgetVisible(self.failure)

    def about(self, refused: Refused) -> str:
        """Whom a refusal is about, where the sheet knows more than one person."""
        del refused
        return ""

    def focus_after_refusal(self) -> None:
        """Into the first empty field, else the first one."""
        if self.fields:
            next((field for field in self.fields if not field.text), self.fields[0]).line.setFocus()

    def set_busy(self, *, is_busy: bool) -> None:
        """Whether the desk is asked."""
        self.is_busy = is_busy
        self.main.setEnabled(not is_busy)
        self.say_buttons()

    def say_buttons(self) -> None:
        """The buttons' texts as they are now."""
        text = self.busy_text() if self.is_busy else self.main_text()
        self.main.setText(text)
        self.main.setAccessibleName(text)
        self.cancel.setText(with_key("Esc", self.cancel_text()))
        self.cancel.setAccessibleName(self.cancel_text())

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was typed stays."""
        self._texts = texts
        for field in self.fields:
            field.retranslate(texts)
        self.failure.retranslate(texts)
        self.say_buttons()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.failure.restyle(theme)
        super().restyle(theme)

    def _stops(self) -> list[QWidget]:
        return sorted(super()._stops(), key=lambda widget: widget in {self.main, self.cancel})

    def _answered(self, answered: Callable[[T], object], answer: T | Refused) -> None:
        if isinstance(answer, Refused):
            self.refuse(answer)
        else:
            self.set_busy(is_busy=False)
            answered(answer)
