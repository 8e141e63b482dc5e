"""A release on paper was scanned: whose line it brings, and whether to accept it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.desk import Refused
from station_app.moving import Accepted, ReleaseSeen
from station_app.ui.form_sheet import FormSheet
from station_app.ui.labels import label
from station_app.ui.theme import Step, Theme


class AcceptSheet(FormSheet):
    """Looks first; Enter accepts what was seen. What is refused can only be closed."""

    accepted = Signal(object)

    def __init__(self, window: QWidget, book: BookThread, untrusted: str, texts: Texts, theme: Theme) -> None:
        super().__init__(window, book, texts, theme)
        self._untrusted = untrusted
        self._seen: ReleaseSeen | None = None
        self.name = label(Step.LARGE, "strong", wraps=True)
        self.sentence = label(Step.BASE, wraps=True)
        for part in (self.name, self.sentence, self.failure):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.retranslate(texts)

    def open(self) -> None:
        """The desk is asked whose line it is."""
        super().open()
        text = self._untrusted
        self.ask(lambda desk: desk.moving.look_at_release(text), self._look)

    def submit(self) -> None:
        """Accept what was seen."""
        seen = self._seen
        if self.is_busy or seen is None:
            return
        self.ask(lambda desk: desk.moving.accept(seen.untrusted), self._accept)

    def main_text(self) -> str:
        """The one main thing."""
        return self._texts("button_accept")

    def refuse(self, refused: Refused) -> None:
        """Nothing is left to do but to close."""
        super().refuse(refused)
        self.main.hide()
        self.cancel.setFocus()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        super().retranslate(texts)
        self.title.setText(texts("accept_title"))
        self.name.setText("\n".join(self._seen.names) if self._seen else "")
        self.sentence.setText(texts("accept_sentence") if self._seen else "")

    def _look(self, seen: ReleaseSeen) -> None:
        self._seen = seen
        self.retranslate(self._texts)
        self.place_panel()
        self.main.setFocus()

    def _accept(self, accepted: Accepted) -> None:
        self.accepted.emit(accepted)
        self.close_sheet()
