"""Two officers open the day; then a person takes the desk. Locking comes back here."""

from __future__ import annotations

from PySide6.QtCore import Signal

from pollbook.failures import Failure
from pollbook.texts import Texts
from pollbook.types import Person, PersonNumber, Role
from station_app.background import BookThread
from station_app.desk import Refused, Station
from station_app.ui.buttons import Button, with_key
from station_app.ui.centred import CentredScreen
from station_app.ui.failure_line import FailureLine
from station_app.ui.faults import failure_of
from station_app.ui.labels import label
from station_app.ui.pin_fields import PersonAndPin, names_of, rows_to_mend, type_again
from station_app.ui.theme import Step, Theme


class SignIn(CentredScreen):
    """One panel with two or one row of person and PIN."""

    day_opened = Signal()
    day_not_open = Signal()
    signed_in = Signal(object)

    def __init__(self, book: BookThread, station: Station, texts: Texts, theme: Theme) -> None:
        self._book, self._station, self._texts = book, station, texts
        self._opens_day = True
        self._is_locked = False
        self._is_busy = False
        super().__init__(theme)
        self.first = PersonAndPin("first_officer", texts, theme)
        self.second = PersonAndPin("second_officer", texts, theme)
        self.operator = PersonAndPin("person", texts, theme)
        self.failure = FailureLine(texts, theme)
        self.main = Button("main")
        self.training = label(Step.SMALL, "secondary", wraps=True)
        for widget in (self.first, self.second, self.operator, self.failure, self.main, self.training):
            self.column.addWidget(widget)
        self.training.setVisible(station.election.training)
        self.first.entered.connect(self._first_entered)
        self.second.entered.connect(self.submit)
        self.operator.entered.connect(self.submit)
        self.main.clicked.connect(self.submit)
        self._offer()
        self.retranslate(texts)

    def ask_officers(self) -> None:
        """Ask for the two officers who open the day."""
        self._begin(opens_day=True, is_locked=False)
        self.first.pin.setFocus()

    def ask_person(self, who: PersonNumber | None = None, *, is_locked: bool = False) -> None:
        """Ask who takes the desk; after locking, whoever had it."""
        self._begin(opens_day=False, is_locked=is_locked)
        if who is not None:
            self.operator.choice.choose(who)
        self.operator.pin.setFocus()

    def focus_pin(self) -> None:
        """Back to the first empty PIN."""
        rows = (self.first, self.second) if self._opens_day else (self.operator,)
        next((row for row in rows if not row.pin.text()), rows[-1]).pin.setFocus()

    def submit(self) -> None:
        """Ask the desk; a second press while it answers does nothing."""
        if self._is_busy:
            return
        rows = (self.first, self.second) if self._opens_day else (self.operator,)
        for row in rows:
            if not row.is_filled:
                row.pin.setFocus()
                return
        self._set_busy(is_busy=True)
        self.failure.show_refusal(None)
        people = [row.choice.person for row in rows]
        first, second = people[0], people[-1]
        pins = [row.pin.text() for row in rows]
        if first is None or second is None:
            return
        if self._opens_day:
            self._book.ask(
                self,
                lambda desk: desk.open_day(first.number, pins[0], second.number, pins[1]),
                self._opened,
                self._failed,
            )
        else:
            self._book.ask(self, lambda desk: desk.sign_in(first.number, pins[0]), self._taken, self._failed)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was chosen and typed stays."""
        self._texts = texts
        for row in (self.first, self.second, self.operator):
            row.retranslate(texts)
        self._offer()
        self.failure.retranslate(texts)
        self.training.setText(texts("training_pins"))
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        super().restyle(theme)
        if hasattr(self, "main"):
            for part in (self.first, self.second, self.operator, self.failure):
                part.restyle(theme)

    def _begin(self, *, opens_day: bool, is_locked: bool) -> None:
        self._opens_day, self._is_locked = opens_day, is_locked
        self._set_busy(is_busy=False)
        self.failure.show_refusal(None)
        for row in (self.first, self.second, self.operator):
            row.pin.clear()
        self.first.setVisible(opens_day)
        self.second.setVisible(opens_day)
        self.operator.setVisible(not opens_day)
        self._say()

    def _offer(self) -> None:
        people = self._station.people
        officers = [who for who in people if who.is_officer]
        fresh = self.first.choice.person is None
        self.first.offer(officers, self._texts)
        self.second.offer(officers, self._texts)
        self.operator.offer(people, self._texts)
        if fresh:
            if len(officers) > 1:
                self.second.choice.choose(officers[1].number)
            operators = [who for who in people if who.role is Role.OPERATOR]
            if operators:
                self.operator.choice.choose(operators[0].number)

    def _first_entered(self) -> None:
        self.second.pin.setFocus()

    def _opened(self, refused: Refused | None) -> None:
        if refused is not None:
            self._refuse(refused)
        else:
            self.day_opened.emit()
            self.ask_person()

    def _taken(self, answer: Person | Refused) -> None:
        if isinstance(answer, Refused):
            if answer.failure is Failure.DAY_NOT_OPEN:  # the window stayed open over night
                self.ask_officers()
                self.day_not_open.emit()
            self._refuse(answer)
        else:
            self._set_busy(is_busy=False)
            self.operator.pin.clear()
            self.signed_in.emit(answer)

    def _failed(self, error: Exception) -> None:
        self._refuse(failure_of(error))

    def _refuse(self, refused: Refused) -> None:
        self._set_busy(is_busy=False)
        rows = (self.first, self.second) if self._opens_day else (self.operator,)
        to_mend = rows_to_mend(refused, rows)
        self.failure.show_refusal(refused, names_of(to_mend) if self._opens_day else "")
        type_again(to_mend)

    def _set_busy(self, *, is_busy: bool) -> None:
        self._is_busy = is_busy
        self.main.setEnabled(not is_busy)
        self._say()

    def _say(self) -> None:
        texts = self._texts
        if self._opens_day:
            title, sentence, button = "open_title", "open_sentence", "button_open"
        elif self._is_locked:
            title, sentence, button = "locked_title", "locked_sentence", "button_sign_in"
        else:
            title, sentence, button = "sign_in_title", "sign_in_sentence", "button_sign_in"
        self.set_icon("people" if self._opens_day else "lock" if self._is_locked else "person")
        self.title.setText(texts(title))
        self.sentence.setText(texts(sentence))
        text = texts("checking_pin") if self._is_busy else with_key("Enter", texts(button))
        self.main.setText(text)
        self.main.setAccessibleName(text)
