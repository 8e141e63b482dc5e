"""At enrolment of a real election: each person chooses a PIN, typed twice; two officers must."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.people import pin_refusal
from pollbook.texts import Texts
from pollbook.types import OFFICERS_OF_AN_ACT, Person, PersonNumber
from station_app.ui.buttons import Button
from station_app.ui.formats import person
from station_app.ui.labels import label
from station_app.ui.pin_fields import PinField
from station_app.ui.sheet import Sheet
from station_app.ui.theme import Step, Theme


class PinSheet(Sheet):
    """One person after another, officers first."""

    chosen = Signal(object)

    def __init__(self, window: QWidget, people: Iterable[Person], texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        self._texts = texts
        self._waiting = sorted(people, key=lambda who: not who.is_officer)
        self._officers = [who.number for who in self._waiting if who.is_officer]
        self._pins: dict[PersonNumber, str] = {}
        self._is_told = False
        self._trouble = ""
        self.who = label(Step.LARGE, "strong", wraps=True)
        self.sentence = label(Step.BASE, "secondary", wraps=True)
        self.heading, self.again_heading = label(Step.BASE, "strong"), label(Step.BASE, "strong")
        self.pin, self.again = PinField(), PinField()
        self.trouble = label(Step.BASE, "strong", wraps=True)
        for widget in (self.who, self.sentence, self.heading, self.pin, self.again_heading, self.again, self.trouble):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.main, self.skip = Button("main"), Button("quiet")
        self.foot.addWidget(self.main, 1)
        self.foot.addWidget(self.skip)
        self.pin.entered.connect(self.again.setFocus)
        self.again.entered.connect(self.submit)
        self.main.clicked.connect(self.submit)
        self.skip.clicked.connect(self._next)
        self.closed.connect(lambda: self._tell(None))
        self.retranslate(texts)

    def submit(self) -> None:
        """Take the PIN, or say why not."""
        pin, again = self.pin.text(), self.again.text()
        if (failure := pin_refusal(pin)) is not None:
            self._trouble = str(self._texts.failure(failure))
        elif pin != again:
            self._trouble = self._texts("pins_differ")
        else:
            self._pins[self._waiting[0].number] = pin
            self._next()
            return
        self.pin.clear()
        self.again.clear()
        self.pin.setFocus()
        self._say()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self.title.setText(texts("pin_title"))
        self.sentence.setText(texts("pin_sentence"))
        self.heading.setText(texts("pin_new"))
        self.again_heading.setText(texts("pin_again"))
        self.pin.setAccessibleName(texts("pin_new"))
        self.again.setAccessibleName(texts("pin_again"))
        self.main.setText(texts("button_set_pin"))
        self.skip.setText(texts("button_skip"))
        self._trouble = ""
        self._say()

    def _next(self) -> None:
        self._waiting.pop(0)
        self._trouble = ""
        self.pin.clear()
        self.again.clear()
        if not self._waiting:
            self._tell(self._pins)
            self.close_sheet()
            return
        self.pin.setFocus()
        self._say()

    def _say(self) -> None:
        who = self._waiting[0]
        officers = sum(number in self._pins for number in self._officers)
        self.who.setText(person(who, self._texts))
        self.skip.setVisible(officers >= OFFICERS_OF_AN_ACT or not who.is_officer)
        self.trouble.setText(self._trouble)
        self.place_panel()

    def _tell(self, pins: dict[PersonNumber, str] | None) -> None:
        if not self._is_told:
            self._is_told = True
            self.chosen.emit(pins)
