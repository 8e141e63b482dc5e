"""The page for observers: closed until the commission opens it; then its address, its certificate, codes, viewers."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from textwrap import wrap

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.failures import Refused
from pollbook.texts import Texts
from station_app.live.admission import VIEWERS_MAX
from station_app.live.observers import PageOpen
from station_app.ui.buttons import Button
from station_app.ui.failure_line import FailureLine
from station_app.ui.formats import time_of_day
from station_app.ui.labels import label
from station_app.ui.sheet import ClosableSheet
from station_app.ui.theme import Step, Theme


class ObserversSheet(ClosableSheet):
    """Facts above, the failure below them, buttons at the foot."""

    open_asked = Signal()
    code_asked = Signal()
    close_asked = Signal()

    def __init__(self, window: QWidget, zone: tzinfo, texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        self._texts, self._zone = texts, zone
        self._state: PageOpen | None = None
        self._now: datetime | None = None
        self._now_s = 0.0
        self.promise = label(Step.BASE, wraps=True)
        self.state = label(Step.BASE, "strong", wraps=True)
        self.address = label(Step.LARGE, "strong", wraps=True)
        self.fingerprint = label(Step.SMALL, wraps=True)
        self.codes = [
            label(Step.NAME if not place else Step.LARGE, "strong", wraps=True) for place in range(VIEWERS_MAX)
        ]
        self.failure = FailureLine(texts, theme)
        for part in (self.promise, self.state, self.address, self.fingerprint, *self.codes, self.failure):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.opening, self.code, self.closing = Button(), Button(), Button()
        for place, button in enumerate((self.opening, self.code, self.closing)):
            self.foot.insertWidget(place, button)
        self.opening.clicked.connect(self.open_asked)
        self.code.clicked.connect(self.code_asked)
        self.closing.clicked.connect(self.close_asked)
        self.retranslate(texts)

    def show_state(self, state: PageOpen | None, now: datetime, now_s: float) -> None:
        """How the page stands; None where it is closed. `now_s` is the monotonic time that codes end by."""
        had_focus = self.window().focusWidget()
        self._state, self._now, self._now_s = state, now, now_s
        self._say()
        if had_focus is not None and not had_focus.isVisible() and self.isVisible():
            (self.opening if state is None else self.code).setFocus()
        self.place_panel()

    def refuse(self, refused: Refused | None) -> None:
        """Why the page was not opened, or no code was made."""
        self.failure.show_refusal(refused)
        self.place_panel()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        super().retranslate(texts)
        self._texts = texts
        self.title.setText(texts("observers_title"))
        self.promise.setText(texts("observers_promise"))
        self.opening.setText(texts("button_page_open"))
        self.code.setText(texts("button_page_code"))
        self.closing.setText(texts("button_page_close"))
        self.failure.retranslate(texts)
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.failure.restyle(theme)
        super().restyle(theme)

    def _say(self) -> None:
        state, texts = self._state, self._texts
        self.opening.setVisible(state is None)
        for part in (self.code, self.closing, self.address, self.fingerprint):
            part.setVisible(state is not None)
        if state is None or self._now is None:
            self.state.setText(texts("observers_closed"))
            for text in self.codes:
                text.hide()
            return
        self.state.setText(texts("observers_viewers", count=state.viewers, limit=VIEWERS_MAX))
        self.address.setText(texts("observers_address", url=state.url))
        fingerprint = " ".join(wrap(state.fingerprint.hex().upper(), 4))
        self.fingerprint.setText(texts("observers_fingerprint", fingerprint=fingerprint))
        for place, text in enumerate(self.codes):
            text.setVisible(place < len(state.codes))
            if place < len(state.codes):
                code = state.codes[place]
                until = self._now + timedelta(seconds=code.until_s - self._now_s)
                digits = f"{code.digits[:4]} {code.digits[4:]}"
                text.setText(texts("observers_code", code=digits, time=time_of_day(until, self._zone)))
