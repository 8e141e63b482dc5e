"""Requests for lines: ask for one by the document in the hand, and see how far the others are. The desk goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.asks import DOCUMENT_CHARACTERS_MAX, PINFL_CHARACTERS_MAX
from pollbook.pinfl import mask
from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.moving import ClaimShown, ClaimState
from station_app.ui.claim_words import claim_icon, claim_text, claim_tone
from station_app.ui.document_words import DocumentWords
from station_app.ui.form_sheet import Field, FormSheet
from station_app.ui.icons import show_icon
from station_app.ui.labels import label
from station_app.ui.theme import ICON_SMALL, Step, Theme
from station_app.ui.told_rows import ActionRow

SHOWN_MAX = 12


class ClaimRow(ActionRow):
    """One request: whose document, how far it is, and the one thing to do about it."""

    pressed = Signal(object)

    def __init__(self, claim: ClaimShown, zone: tzinfo, texts: Texts, theme: Theme) -> None:
        super().__init__(claim_tone(claim))
        self.claim, self._zone = claim, zone
        self.button.clicked.connect(lambda: self.pressed.emit(self.claim))
        self.retranslate(texts)
        self.restyle(theme)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        claim = self.claim
        pinfl = mask(claim.pinfl) if claim.pinfl else ""
        self.name.setText(" · ".join(part for part in (claim.document, pinfl) if part))
        self.text.setText(claim_text(claim, texts, self._zone))
        if claim.state is ClaimState.ARRIVED:
            self.button.setText(texts("button_open_card"))
        elif claim.state is ClaimState.REFUSED:
            self.button.setText(texts("button_ask_again"))
        else:
            self.button.setText(texts("button_withdraw"))
        self.button.setAccessibleName(f"{self.button.text()}: {self.name.text()}")
        self.button.setVisible(claim.state is not ClaimState.WITHDRAWN)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        tone = claim_tone(self.claim)
        show_icon(self.icon, claim_icon(self.claim), theme.icon(ICON_SMALL), theme.colours.tone(tone).text)


class ClaimsSheet(FormSheet):
    """The form above, the newest requests below it."""

    card_wanted = Signal(object)
    changed = Signal()

    def __init__(
        self, window: QWidget, book: BookThread, words: DocumentWords, zone: tzinfo, texts: Texts, theme: Theme
    ) -> None:
        super().__init__(window, book, texts, theme)
        self._zone = zone
        self._claims: tuple[ClaimShown, ...] = ()
        self.sentence = label(Step.BASE, wraps=True)
        self.body.addWidget(self.sentence)
        self.pinfl = Field("field_pinfl", PINFL_CHARACTERS_MAX + 6, words.pinfl)
        self.document = Field("field_document", DOCUMENT_CHARACTERS_MAX, words.document)
        self.use_fields(self.pinfl, self.document)
        self.body.addWidget(self.failure)
        self.heading = label(Step.BASE, "strong", wraps=True)
        self.body.addWidget(self.heading)
        self.rows: list[ClaimRow] = []
        self.body.addStretch(1)
        self.retranslate(texts)

    def open(self) -> None:
        """With the voter's data in it only Enter is missing."""
        super().open()
        if self.pinfl.text and self.document.text:
            self.main.setFocus()

    def submit(self) -> None:
        """Ask the register; what was asked stands below at once."""
        pinfl, document = self.pinfl.text, self.document.text
        if self.is_busy:
            return
        self.ask(lambda desk: desk.moving.claim(pinfl, document), self._asked)

    def main_text(self) -> str:
        """The one main thing."""
        return self._texts("button_claim")

    def show_claims(self, claims: Sequence[ClaimShown]) -> None:
        """Newer words of the register."""
        newest = tuple(claims[:SHOWN_MAX])
        if newest == self._claims:
            return
        self._claims = newest
        focused = next((row.claim.id for row in self.rows if row.button.hasFocus()), None)
        for row in self.rows:
            self.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [ClaimRow(claim, self._zone, self._texts, self.theme) for claim in newest]
        at = self.body.indexOf(self.heading) + 1
        for place, row in enumerate(self.rows):
            row.pressed.connect(self._press)
            self.body.insertWidget(at + place, row)
            row.show()
            row.retranslate(self._texts)
            if row.claim.id == focused:
                row.button.setFocus()
        self.heading.setVisible(bool(self.rows))
        self.place_panel()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was typed stays."""
        super().retranslate(texts)
        self.title.setText(texts("claims_title"))
        self.sentence.setText(texts("claims_sentence"))
        self.heading.setText(texts("claims_heading"))
        self.heading.setVisible(bool(self.rows))
        for row in self.rows:
            row.retranslate(texts)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        for row in self.rows:
            row.restyle(theme)
        super().restyle(theme)

    def _press(self, claim: ClaimShown) -> None:
        if self.is_busy:
            return
        if claim.state is ClaimState.ARRIVED and claim.line is not None:
            line = claim.line
            self.close_sheet()
            self.card_wanted.emit(line)
        elif claim.state is ClaimState.REFUSED:
            self.ask(lambda desk: desk.moving.claim(claim.pinfl, claim.document, again=True), self._asked)
        else:
            self.ask(lambda desk: desk.moving.withdraw(claim.id), self._asked)

    def _asked(self, claim: ClaimShown) -> None:
        for field in self.fields:
            field.line.clear()
        others = tuple(other for other in self._claims if other.id != claim.id)
        self.show_claims((claim, *others))
        self.changed.emit()
        self.cancel.setFocus()
