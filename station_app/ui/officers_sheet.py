"""An act of two officers: what it is about, who they are, their PINs. Each act is one of these sheets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.desk import Desk, Refused, Station
from station_app.moving import OfficerPin
from station_app.ui.form_sheet import FormSheet
from station_app.ui.labels import label
from station_app.ui.pin_fields import PersonAndPin, names_of, rows_to_mend, type_again
from station_app.ui.theme import Step, Theme

Question = Callable[[Desk, OfficerPin, OfficerPin], object | Refused]


@dataclass(frozen=True)
class Act:
    """What two officers do.

    Attributes:
        title: The key of the sheet's title.
        button: The key of the main button's text.
        cancel: The key of the other button's text.
        lines: Makes the sentences of what it is about, the first one strong.
        question: Asks the desk.
    """

    title: str
    button: str
    lines: Callable[[Texts], tuple[str, ...]]
    question: Question
    cancel: str = field(default="button_back")


class OfficersSheet(FormSheet):
    """Sentences, two officers with their PINs; Enter goes from the first PIN to the second, and then acts."""

    acted = Signal(object)

    def __init__(
        self, window: QWidget, book: BookThread, station: Station, act: Act, texts: Texts, theme: Theme
    ) -> None:
        super().__init__(window, book, texts, theme)
        self._station, self._act = station, act
        count = len(act.lines(texts))
        self.sentences = [
            label(Step.LARGE if not place else Step.BASE, "strong" if not place else "", wraps=True)
            for place in range(count)
        ]
        for sentence in self.sentences:
            self.body.addWidget(sentence)
        self.add_fields()
        self.first = PersonAndPin("first_officer", texts, theme)
        self.second = PersonAndPin("second_officer", texts, theme)
        for part in (self.first, self.second, self.failure):
            self.body.addWidget(part)
        self.body.addStretch(1)
        officers = [who for who in station.people if who.is_officer]
        for row in (self.first, self.second):
            row.offer(officers, texts)
        if len(officers) > 1:
            self.second.choice.choose(officers[1].number)
        self._to_mend: Sequence[PersonAndPin] = (self.first, self.second)
        self.first.entered.connect(self.second.pin.setFocus)
        self.second.entered.connect(self.submit)
        self.retranslate(texts)

    def open(self) -> None:
        """Typing begins where it is wanted."""
        super().open()
        self.focus_first()

    def focus_first(self) -> None:
        """The first PIN, unless an act has fields before it."""
        self.first.pin.setFocus()

    def add_fields(self) -> None:
        """Fields between the sentences and the officers; none unless an act has its own."""

    def question(self) -> Question:
        """What to ask now."""
        return self._act.question

    def submit(self) -> None:
        """Ask the desk; a second press while it answers does nothing."""
        first, second = self.first.choice.person, self.second.choice.person
        if self.is_busy or first is None or second is None:
            return
        for row in (self.first, self.second):
            if not row.is_filled:
                row.pin.setFocus()
                return
        question = self.question()
        one, other = (first.number, self.first.pin.text()), (second.number, self.second.pin.text())
        self.ask(lambda desk: question(desk, one, other), self._done)

    def main_text(self) -> str:
        """The act."""
        return self._texts(self._act.button)

    def cancel_text(self) -> str:
        """Leaving it."""
        return self._texts(self._act.cancel)

    def busy_text(self) -> str:
        """PINs take a moment on purpose."""
        return self._texts("checking_pin")

    def about(self, refused: Refused) -> str:
        """The officer whose PIN was refused; only that one is typed again."""
        self._to_mend = rows_to_mend(refused, (self.first, self.second))
        return names_of(self._to_mend)

    def focus_after_refusal(self) -> None:
        """Into the PIN that was refused."""
        type_again(self._to_mend)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was chosen and typed stays."""
        super().retranslate(texts)
        self.title.setText(texts(self._act.title))
        for sentence, text in zip(self.sentences, self._act.lines(texts), strict=True):
            sentence.setText(text)
        for row in (self.first, self.second):
            row.retranslate(texts)
            row.offer([who for who in self._station.people if who.is_officer], texts)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        for part in (self.first, self.second):
            part.restyle(theme)
        super().restyle(theme)

    def _done(self, answer: object) -> None:
        self.acted.emit(answer)
        self.close_sheet()
