"""Undo a mark: two officers and a reason (custody rule 7)."""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtWidgets import QWidget

from pollbook.entries import REASON_CHARACTERS_MAX
from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.desk import Desk, MarkShown, Refused, Station
from station_app.moving import OfficerPin
from station_app.ui.form_sheet import EnterLine
from station_app.ui.formats import time_of_day
from station_app.ui.labels import label
from station_app.ui.officers_sheet import Act, OfficersSheet, Question
from station_app.ui.theme import Step, Theme


class VoidSheet(OfficersSheet):
    """Which mark, why, and who answers for it."""

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
        self._mark = mark

        def lines(texts: Texts) -> tuple[str, ...]:
            when = time_of_day(mark.at, zone)
            place = texts("void_place", time=when, page=mark.page, row=mark.row, person=mark.actor)
            return mark.full_name, place, texts("void_sentence")

        act = Act("void_title", "button_void", lines, _asks_nothing, "button_keep_mark")
        super().__init__(window, book, station, act, texts, theme)

    def add_fields(self) -> None:
        """The reason."""
        self.reason_heading = label(Step.BASE, "strong", wraps=True)
        self.reason = EnterLine()
        self.reason.setMaxLength(REASON_CHARACTERS_MAX)
        self.reason.entered.connect(self._go_on)
        self.body.addWidget(self.reason_heading)
        self.body.addWidget(self.reason)

    def focus_first(self) -> None:
        """The reason."""
        self.reason.setFocus()

    def _go_on(self) -> None:
        self.first.pin.setFocus()

    def question(self) -> Question:
        """Undo it, for this reason."""
        line, reason = self._mark.line, self.reason.text()
        return lambda desk, first, second: desk.void(line, reason, *first, *second)

    def focus_after_refusal(self) -> None:
        """The reason first, where it is missing."""
        super().focus_after_refusal()
        if not self.reason.text().strip():
            self.reason.setFocus()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was chosen and typed stays."""
        super().retranslate(texts)
        self.reason_heading.setText(texts("void_reason"))
        self.reason.setAccessibleName(texts("void_reason"))
        self.reason.setPlaceholderText(texts("void_reason_example"))


def _asks_nothing(_desk: Desk, _first: OfficerPin, _second: OfficerPin) -> object | Refused:
    raise NotImplementedError  # `VoidSheet.question` knows the reason
