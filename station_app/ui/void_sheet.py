"""Undo a mark: two officers and a reason (custody rule 7)."""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from pollbook.entries import REASON_CHARACTERS_MAX
from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.desk import MarkShown, Refused, Station
from station_app.ui.buttons import Button, with_key
from station_app.ui.failure_line import FailureLine
from station_app.ui.faults import failure_of
from station_app.ui.formats import time_of_day
from station_app.ui.labels import label
from station_app.ui.pin_fields import PersonAndPin
from station_app.ui.sheet import Sheet
from station_app.ui.theme import Step, Theme


class ReasonField(QLineEdit):
    """The reason; Enter goes on to the first PIN."""

    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.entered.emit()
        else:
            super().keyPressEvent(event)


class VoidSheet(Sheet):
    """Which mark, why, and who answers for it."""

    voided = Signal(object)

    def __init__(
        self,
        window: QWidget,
        book: BookThread,
        station: Station,
        mark: MarkShown,
        zone: tzinfo,
        texts: Texts,
        theme: Theme,
    ) -> None:
        super().__init__(window, theme)
        self._book, self._station, self._mark, self._zone, self._texts = book, station, mark, zone, texts
        self._is_busy = False
        self.name = label(Step.LARGE, "strong", wraps=True)
        self.place = label(Step.BASE, wraps=True)
        self.sentence = label(Step.BASE, "secondary", wraps=True)
        self.reason_heading = label(Step.BASE, "strong", wraps=True)
        self.reason = ReasonField()
        self.reason.setMaxLength(REASON_CHARACTERS_MAX)
        self.first = PersonAndPin("first_officer", texts, theme)
        self.second = PersonAndPin("second_officer", texts, theme)
        self.failure = FailureLine(texts, theme)
        self.main, self.cancel = Button("main"), Button("quiet")
        for widget in (self.name, self.place, self.sentence, self.reason_heading, self.reason):
            self.body.addWidget(widget)
        for part in (self.first, self.second, self.failure):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.foot.addWidget(self.main, 1)
        self.foot.addWidget(self.cancel)
        officers = [who for who in station.people if who.is_officer]
        for row in (self.first, self.second):
            row.offer(officers, texts)
        if len(officers) > 1:
            self.second.choice.choose(officers[1].number)
        self.reason.entered.connect(self.first.pin.setFocus)
        self.first.entered.connect(self.second.pin.setFocus)
        self.second.entered.connect(self.submit)
        self.main.clicked.connect(self.submit)
        self.cancel.clicked.connect(self.close_sheet)
        self.retranslate(texts)

    def submit(self) -> None:
        """Ask the desk; a second press while it answers does nothing."""
        first, second = self.first.choice.person, self.second.choice.person
        if self._is_busy or first is None or second is None:
            return
        for row in (self.first, self.second):
            if not row.is_filled:
                row.pin.setFocus()
                return
        self._set_busy(is_busy=True)
        self.failure.show_refusal(None)
        line, reason = self._mark.line, self.reason.text()
        first_pin, second_pin = self.first.pin.text(), self.second.pin.text()
        self._book.ask(
            self,
            lambda desk: desk.void(line, reason, first.number, first_pin, second.number, second_pin),
            self._answered,
            lambda error: self._refuse(failure_of(error)),
        )

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was chosen and typed stays."""
        self._texts = texts
        mark = self._mark
        self.title.setText(texts("void_title"))
        self.name.setText(mark.full_name)
        when = time_of_day(mark.at, self._zone)
        self.place.setText(texts("void_place", time=when, page=mark.page, row=mark.row, person=mark.actor))
        self.sentence.setText(texts("void_sentence"))
        self.reason_heading.setText(texts("void_reason"))
        self.reason.setAccessibleName(texts("void_reason"))
        self.reason.setPlaceholderText(texts("void_reason_example"))
        for row in (self.first, self.second):
            row.retranslate(texts)
            row.offer([who for who in self._station.people if who.is_officer], texts)
        self.failure.retranslate(texts)
        self.cancel.setText(with_key("Esc", texts("button_keep_mark")))
        self._set_busy(is_busy=self._is_busy)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        for part in (self.first, self.second, self.failure):
            part.restyle(theme)
        super().restyle(theme)

    def _answered(self, answer: MarkShown | Refused) -> None:
        if isinstance(answer, Refused):
            self._refuse(answer)
        else:
            self.voided.emit(answer)
            self.close_sheet()

    def _refuse(self, refused: Refused) -> None:
        self._set_busy(is_busy=False)
        self.failure.show_refusal(refused)
        self.place_panel()
        for row in (self.first, self.second):
            row.pin.clear()
        target = self.reason if not self.reason.text().strip() else self.first.pin
        target.setFocus()
        self.area.ensureWidgetVisible(self.failure)

    def _set_busy(self, *, is_busy: bool) -> None:
        self._is_busy = is_busy
        self.main.setEnabled(not is_busy)
        text = self._texts("checking_pin" if is_busy else "button_void")
        self.main.setText(text)
        self.main.setAccessibleName(text)
