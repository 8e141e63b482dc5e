"""A provisional ballot: who the voter says to be, by the document, and the number of the sealed envelope."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.annex_person import AnnexPerson
from pollbook.asks import DOCUMENT_CHARACTERS_MAX, PINFL_CHARACTERS_MAX
from pollbook.entries import ENVELOPE_CHARACTERS_MAX
from pollbook.failures import Failure
from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.desk import Refused
from station_app.desk_acts import is_document_data
from station_app.moving import ProvisionalShown
from station_app.ui.document_words import DocumentWords, day_typed
from station_app.ui.form_sheet import Field, FormSheet
from station_app.ui.formats import day
from station_app.ui.labels import label
from station_app.ui.theme import Step, Theme

_NAME_MAX = 100
_DAY_CHARACTERS = 10


class ProvisionalSheet(FormSheet):
    """The document's words and the envelope; the register decides later whether it counts."""

    added = Signal(object)

    def __init__(self, window: QWidget, book: BookThread, words: DocumentWords, texts: Texts, theme: Theme) -> None:
        super().__init__(window, book, texts, theme)
        self.sentence = label(Step.BASE, wraps=True)
        self.body.addWidget(self.sentence)
        born = day(words.birth_date) if words.birth_date else ""
        self.surname = Field("field_surname", _NAME_MAX, words.surname)
        self.given_name = Field("field_given_name", _NAME_MAX, words.given_name)
        self.patronymic = Field("field_patronymic", _NAME_MAX, words.patronymic)
        self.born = Field("field_birth_date", _DAY_CHARACTERS, born)
        self.pinfl = Field("field_pinfl", PINFL_CHARACTERS_MAX + 6, words.pinfl)
        self.document = Field("field_document", DOCUMENT_CHARACTERS_MAX, words.document)
        self.envelope = Field("field_envelope", ENVELOPE_CHARACTERS_MAX)
        self.use_fields(
            self.surname, self.given_name, self.patronymic, self.born, self.pinfl, self.document, self.envelope
        )
        self.body.addWidget(self.failure)
        self.body.addStretch(1)
        self.retranslate(texts)

    def open(self) -> None:
        """The first field that is still empty has the focus; a voter may have no patronymic."""
        super().open()
        empty = (field for field in self.fields if not field.text and field is not self.patronymic)
        next(empty, self.envelope).line.setFocus()

    def submit(self) -> None:
        """Record it; a second press while the desk answers does nothing."""
        if self.is_busy:
            return
        born = day_typed(self.born.text)
        if born is None:
            self.refuse(Refused(Failure.DOCUMENT_DATA_INVALID))
            return
        person = AnnexPerson(
            "".join(self.pinfl.text.split()),
            "".join(self.document.text.split()).upper(),
            self.surname.text,
            self.given_name.text,
            self.patronymic.text,
            born,
            "",
        )
        envelope = self.envelope.text
        self.ask(lambda desk: desk.moving.add_provisional(person, envelope), self._added)

    def main_text(self) -> str:
        """The one main thing."""
        return self._texts("button_record_envelope")

    def focus_after_refusal(self) -> None:
        """Into the first field that is empty and must not be, or cannot be right; else the first one."""
        next(filter(self._is_to_mend, self.fields), self.surname).line.setFocus()

    def _is_to_mend(self, field: Field) -> bool:
        if field is self.born:
            return day_typed(field.text) is None
        if field is self.pinfl:
            return not is_document_data("".join(field.text.split()), self.document.text if not field.text else "")
        return not field.text and field not in {self.patronymic, self.document}

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was typed stays."""
        super().retranslate(texts)
        self.title.setText(texts("provisional_title"))
        self.sentence.setText(texts("provisional_sentence"))
        self.born.line.setPlaceholderText(texts("field_birth_date_example"))

    def _added(self, added: ProvisionalShown) -> None:
        self.added.emit(added)
        self.close_sheet()
