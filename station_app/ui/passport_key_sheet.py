"""F3 before a document was read: what opens its chip, scanned or typed once."""

from __future__ import annotations

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.failures import Failure
from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.desk import Refused
from station_app.document_says import read_zone
from station_app.passports import AccessKey, CanKey, TypedKey, ZoneKey
from station_app.ui.document_words import DocumentWords, day_typed
from station_app.ui.form_sheet import Field, FormSheet
from station_app.ui.labels import label
from station_app.ui.scanning import ends_a_line
from station_app.ui.theme import Step, Theme

_LINES_CHARACTERS_MAX = 128
_NUMBER_CHARACTERS_MAX = 24
_DATE_CHARACTERS = 10
_CAN = re.compile("[0-9]{6}")
_NUMBER = re.compile("[A-Z0-9<]{1,24}")


class PassportKeySheet(FormSheet):
    """One field for what a scanner reads or a card's six digits; three for who types what the lines say."""

    chosen = Signal(object)

    def __init__(self, window: QWidget, book: BookThread, words: DocumentWords, texts: Texts, theme: Theme) -> None:
        super().__init__(window, book, texts, theme)
        self.sentence = label(Step.BASE, wraps=True)
        self.lines = Field("passport_field_lines", _LINES_CHARACTERS_MAX)
        self.number = Field("passport_field_number", _NUMBER_CHARACTERS_MAX, words.document)
        born = f"{words.birth_date:%d.%m.%Y}" if words.birth_date else ""
        self.birth = Field("field_birth_date", _DATE_CHARACTERS, born)
        self.expiry = Field("passport_field_expiry", _DATE_CHARACTERS)
        self.body.addWidget(self.sentence)
        self.use_fields(self.lines, self.number, self.birth, self.expiry)
        self.lines.line.entered.disconnect()
        self.lines.line.entered.connect(self._lines_entered)
        self.body.addWidget(self.failure)
        self.body.addStretch(1)
        self.retranslate(texts)

    def submit(self) -> None:
        """Hand over the key, or say what is wrong with it."""
        key = key_typed(self.lines.line.text(), self.number.text, self.birth.text, self.expiry.text)
        if key is None:
            self.refuse(Refused(Failure.DOCUMENT_DATA_INVALID))
            return
        self.close_sheet()
        self.chosen.emit(key)

    def main_text(self) -> str:
        """The one main thing."""
        return self._texts("passport_button_read")

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was typed stays."""
        super().retranslate(texts)
        self.title.setText(texts("passport_key_title"))
        self.sentence.setText(texts("passport_key_sentence"))
        for field in (self.birth, self.expiry):
            field.line.setPlaceholderText(texts("field_birth_date_example"))

    def _lines_entered(self) -> None:
        """A scanner ends each line; only the last one, or six digits, go on."""
        text = self.lines.line.text()
        if ends_a_line(text):
            if not text.endswith(" "):
                self.lines.line.setText(text + " ")
        elif text.strip():
            self.submit()
        else:
            self.number.line.setFocus()


def key_typed(lines: str, number: str, birth: str, expiry: str) -> AccessKey | None:
    """What was scanned or typed, as a key; None where it can't be one."""
    if lines.strip():
        if _CAN.fullmatch(lines.strip()):
            return CanKey(lines.strip())
        zone = read_zone(lines)
        return ZoneKey(zone) if zone is not None else None
    document = "".join(number.split()).upper()
    born, expires = day_typed(birth), day_typed(expiry)
    if _NUMBER.fullmatch(document) is None or born is None or expires is None:
        return None
    return TypedKey(document, f"{born:%y%m%d}", f"{expires:%y%m%d}")
