"""Let a voter's line go to another precinct, and print the certificate once its record is safe (custody rule 4)."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.failures import Failure
from pollbook.store.moving import Way
from pollbook.texts import Texts
from pollbook.types import is_precinct_code
from pollbook.voters import Voter
from station_app.background import BookThread
from station_app.desk import Refused
from station_app.moving import ReleaseShown
from station_app.ui.form_sheet import Field, FormSheet
from station_app.ui.labels import label
from station_app.ui.theme import Step, Theme

_CODE_CHARACTERS = 9


class ReleaseSheet(FormSheet):
    """First the precinct; then, as often as it takes, the paper."""

    released = Signal(object)
    printed = Signal(object)

    def __init__(self, window: QWidget, book: BookThread, voter: Voter, texts: Texts, theme: Theme) -> None:
        super().__init__(window, book, texts, theme)
        self._voter = voter
        self._release: ReleaseShown | None = None
        self.name = label(Step.LARGE, "strong", wraps=True)
        self.sentence = label(Step.BASE, wraps=True)
        self.body.addWidget(self.name)
        self.body.addWidget(self.sentence)
        self.precinct = Field("field_precinct", _CODE_CHARACTERS)
        self.use_fields(self.precinct)
        self.body.addWidget(self.failure)
        self.body.addStretch(1)
        self.retranslate(texts)

    def submit(self) -> None:
        """Let the line go, or print what was let go."""
        if self.is_busy:
            return
        if self._release is not None:
            self._print(self._release)
            return
        precinct, line = self.precinct.text, self._voter.line
        if not is_precinct_code(precinct):
            self.refuse(Refused(Failure.UNKNOWN_PRECINCT))
            return
        self.ask(lambda desk: desk.moving.release([line], precinct, Way.PAPER), self._released)

    def main_text(self) -> str:
        """Letting go first, then the paper."""
        return self._texts("button_print" if self._release else "button_release")

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was typed stays."""
        super().retranslate(texts)
        self.title.setText(texts("release_title"))
        self.name.setText(self._voter.full_name)
        self.precinct.line.setPlaceholderText(texts("field_precinct_example"))
        if self._release is None:
            self.sentence.setText(texts("release_sentence"))
        else:
            self.sentence.setText(texts("release_done", precinct=self._release.precinct))

    def focus_after_refusal(self) -> None:
        """Once the line is let go only the paper is left to be asked for."""
        if self._release is None:
            super().focus_after_refusal()
        else:
            self.main.setFocus()

    def _released(self, release: ReleaseShown) -> None:
        self._release = release
        self.precinct.line.setEnabled(False)
        self.retranslate(self._texts)
        self.place_panel()
        self.main.setFocus()
        self.released.emit(release)
        self._print(release)

    def _print(self, release: ReleaseShown) -> None:
        language = self._texts.language
        languages = [language] if language == "uz_Latn" else [language, "uz_Latn"]
        self.ask(lambda desk: desk.moving.release_paper(release.id, languages), self._show)

    def _show(self, pdf: bytes) -> None:
        self.main.setFocus()
        self.printed.emit(pdf)
