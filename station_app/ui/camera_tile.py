"""One camera of the grid: its picture, its light with the time it began, up to when it is recorded."""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from devices.camera.health import Alarm
from pollbook.texts import Texts
from station_app.live.room import CameraShown
from station_app.ui.camera_picture import CameraPicture
from station_app.ui.camera_words import TONES, brief_words, recorded_words, state_words
from station_app.ui.labels import label, set_tone
from station_app.ui.light_sign import LightSign
from station_app.ui.theme import Step, Theme


class CameraTile(QFrame):
    """The picture above, the words below; they keep their places."""

    def __init__(self, camera: CameraShown, texts: Texts, theme: Theme, zone: tzinfo) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._texts, self._zone = texts, zone
        self.camera = camera
        self.picture = CameraPicture(theme)
        self.sign = LightSign(theme)
        self.state = QFrame()
        self.words = label(Step.BASE, "strong", wraps=True)
        self.recorded = label(Step.SMALL, "secondary", wraps=True)
        row = QHBoxLayout(self.state)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        column.addWidget(self.picture, 1)
        column.addWidget(self.state)
        column.addWidget(self.recorded)
        self.show_camera(camera)

    def show_camera(self, camera: CameraShown) -> None:
        """Newer words of the camera."""
        self.camera = camera
        self._say()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.picture.restyle(theme)
        self.sign.restyle(theme)

    def _say(self) -> None:
        camera, texts = self.camera, self._texts
        state = state_words(camera, texts, self._zone)
        self.words.setText(f"{camera.name}: {brief_words(camera, texts, self._zone)}")
        recorded = recorded_words(camera, texts, self._zone)
        note = "" if camera.masks else " \u00b7 " + texts("camera_no_masks_brief")
        self.recorded.setText(recorded + note)
        self.sign.show_tone(TONES[camera.status.light])
        set_tone(self.state, TONES[camera.status.light])
        self.picture.show_masks(camera.masks)
        self.picture.words = state
        self.picture.show_old(is_old=Alarm.LOST.value in camera.status.alarms)
        self.picture.setAccessibleName(texts("camera_picture", camera=camera.name, state=state))
