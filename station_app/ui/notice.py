"""While the book opens, and what keeps it from opening: a station not yet enrolled, or a failure."""

from __future__ import annotations

from PySide6.QtCore import Signal

from pollbook.failures import Failure
from pollbook.texts import Texts
from station_app.desk import Refused
from station_app.ui.buttons import Button
from station_app.ui.centred import CentredScreen
from station_app.ui.failure_line import FailureLine
from station_app.ui.labels import label
from station_app.ui.theme import Step, Theme


class Notice(CentredScreen):
    """One sentence, and the one thing to do about it."""

    enrolment_asked = Signal()

    def __init__(self, texts: Texts, theme: Theme) -> None:
        self._texts = texts
        self._kind = "opening"
        self._refused: Refused | None = None
        super().__init__(theme)
        self.step = label(Step.BASE, wraps=True)
        self.failure = FailureLine(texts, theme)
        self.main = Button("main")
        for widget in (self.step, self.failure, self.main):
            self.column.addWidget(widget)
        self.main.clicked.connect(self.enrolment_asked)
        self._say()

    def show_opening(self) -> None:
        """The book is being opened."""
        self._show("opening", None)

    def show_enrolling(self) -> None:
        """The enrolment is on its way."""
        self._show("enrolling", None)

    def show_failure(self, refused: Refused, *, is_enrolment_missing: bool) -> None:
        """The book cannot be opened."""
        self._show("not_enrolled" if is_enrolment_missing else "not_opened", refused)
        if is_enrolment_missing:
            self.main.setFocus()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self.failure.retranslate(texts)
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        super().restyle(theme)
        if hasattr(self, "failure"):
            self.failure.restyle(theme)

    def _show(self, kind: str, refused: Refused | None) -> None:
        self._kind, self._refused = kind, refused
        self._say()

    def _say(self) -> None:
        texts, kind = self._texts, self._kind
        self.title.setText(texts(f"{kind}_title"))
        self.sentence.setText(texts(f"{kind}_sentence"))
        # The list is open in another window of this laptop: nobody has to go back to paper.
        self.sentence.setVisible(self._refused is None or self._refused.failure is not Failure.BOOK_IN_USE)
        self.set_icon({"not_enrolled": "file", "enrolling": "file", "not_opened": "fault"}.get(kind, "paper"))
        step = self._step()
        self.step.setText(texts(step) if step else "")
        self.step.setVisible(bool(step))
        self.failure.show_refusal(self._refused if kind == "not_opened" else None)
        self.main.setText(texts("button_enrol"))
        self.main.setVisible(kind == "not_enrolled")

    def _step(self) -> str:
        """The key of the one further sentence, or nothing."""
        if self._kind == "not_enrolled":
            return "not_enrolled_step"
        is_key_missing = self._refused is not None and self._refused.failure is Failure.BOOK_KEY_MISSING
        return "key_missing_step" if self._kind == "not_opened" and is_key_missing else ""
