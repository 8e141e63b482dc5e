"""The chair looks at what a camera's recording sees, and signs it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from devices.camera.frame_slot import Shown
from pollbook.texts import Texts
from pollbook.types import Person, Role
from station_app.background import BookThread
from station_app.desk import Station
from station_app.live.room import CameraShown
from station_app.ui.camera_picture import CameraPicture
from station_app.ui.form_sheet import FormSheet
from station_app.ui.labels import label
from station_app.ui.pin_fields import PersonAndPin
from station_app.ui.theme import Step, Theme

_SIGNERS = {Role.CHAIR, Role.DEPUTY_CHAIR}
_HEIGHT = 220


class SignViewSheet(FormSheet):
    """The picture, one person, one PIN."""

    wanted = Signal(object, str)

    def __init__(
        self, window: QWidget, book: BookThread, station: Station, seen: tuple[CameraShown, Shown | None],
        texts: Texts, theme: Theme,
    ) -> None:  # fmt: skip
        super().__init__(window, book, texts, theme)
        self._station = station
        self._camera, shown = seen
        self.sentence = label(Step.BASE, wraps=True)
        self.picture = CameraPicture(theme)
        self.picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.picture.setMinimumHeight(_HEIGHT)
        self.picture.show_picture(shown)
        self.picture.show_masks(self._camera.masks)
        self.chair = PersonAndPin("sign_view_chair", texts, theme)
        for part in (self.sentence, self.picture, self.chair, self.failure):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.chair.offer(self._signers(), texts)
        self.chair.entered.connect(self.submit)
        self.retranslate(texts)

    def open(self) -> None:
        """Typing begins where it is wanted."""
        super().open()
        self.chair.pin.setFocus()

    def submit(self) -> None:
        """Sign; a second press while the PIN is tried does nothing."""
        who = self.chair.choice.person
        if self.is_busy or who is None:
            return
        if not self.chair.is_filled:
            self.chair.pin.setFocus()
            return
        self.set_busy(is_busy=True)
        self.failure.show_refusal(None)
        self.wanted.emit(who.number, self.chair.pin.text())

    def main_text(self) -> str:
        """The act."""
        return self._texts("button_camera_sign")

    def busy_text(self) -> str:
        """A PIN takes a moment on purpose."""
        return self._texts("checking_pin")

    def focus_after_refusal(self) -> None:
        """The PIN is typed again."""
        self.chair.pin.clear()
        self.chair.pin.setFocus()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was chosen and typed stays."""
        super().retranslate(texts)
        self.title.setText(texts("sign_view_title", camera=self._camera.name))
        self.sentence.setText(texts("sign_view_sentence"))
        self.picture.words = texts("camera_alarm_lost")
        self.picture.setAccessibleName(self._camera.name)
        self.chair.retranslate(texts)
        self.chair.offer(self._signers(), texts)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.picture.restyle(theme)
        self.chair.restyle(theme)
        super().restyle(theme)

    def _signers(self) -> list[Person]:
        return [who for who in self._station.people if who.role in _SIGNERS]
