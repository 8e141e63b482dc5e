"""How much recordings may take and how long those of earlier elections are kept; what they take now stands above."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.live.room import DiskLeft
from station_app.ui.camera_words import disk_words, room_words
from station_app.ui.form_sheet import Field, FormSheet
from station_app.ui.labels import label
from station_app.ui.theme import Step, Theme

_DIGITS_MAX = 6


class RecordingsRoomSheet(FormSheet):
    """Two fields; what becomes of them is told to `refuse`, or the sheet is closed."""

    wanted = Signal(str, str)

    def __init__(self, window: QWidget, book: BookThread, disk: DiskLeft, texts: Texts, theme: Theme) -> None:
        super().__init__(window, book, texts, theme)
        self._disk = disk
        limits = disk.limits
        self.promise, self.facts = label(Step.BASE, wraps=True), label(Step.BASE, "strong", wraps=True)
        self.days = label(Step.BASE, "strong", wraps=True)
        quota = "" if limits.quota_gb is None else str(limits.quota_gb)
        self.quota = Field("room_quota", _DIGITS_MAX, quota)
        self.keep = Field("room_keep", _DIGITS_MAX, str(limits.keep_days))
        self.body.addWidget(self.promise)
        self.body.addWidget(self.facts)
        self.body.addWidget(self.days)
        self.use_fields(self.quota, self.keep)
        self.body.addWidget(self.failure)
        self.body.addStretch(1)
        self.retranslate(texts)

    def submit(self) -> None:
        """Ask for these limits; a second press meanwhile does nothing."""
        if self.is_busy:
            return
        self.set_busy(is_busy=True)
        self.failure.show_refusal(None)
        self.wanted.emit(self.quota.text, self.keep.text)

    def main_text(self) -> str:
        """Saving comes first."""
        return self._texts("button_room_save")

    def focus_after_refusal(self) -> None:
        """The quota is what is most often wrong."""
        self.quota.line.setFocus()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was typed stays."""
        super().retranslate(texts)
        self.title.setText(texts("room_title"))
        self.promise.setText(texts("room_promise"))
        self.facts.setText(room_words(self._disk, texts))
        self.days.setText(disk_words(self._disk, texts))
