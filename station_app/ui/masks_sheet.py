"""Drawing a camera's privacy masks; nothing is kept until they are saved."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from devices.camera.frame_slot import Shown
from pollbook.texts import Texts
from station_app.live.room import CameraShown
from station_app.ui.buttons import Button, with_key
from station_app.ui.labels import label
from station_app.ui.mask_area import MaskArea
from station_app.ui.sheet import Sheet
from station_app.ui.theme import Step, Theme

_HEIGHT = 300


class MasksSheet(Sheet):
    """The picture of the moment, still, with the masks over it."""

    saved = Signal(str, object)

    def __init__(self, window: QWidget, camera: CameraShown, shown: Shown | None, texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        self._texts, self._camera = texts, camera
        self.sentence = label(Step.BASE, wraps=True)
        self.area_of_masks = MaskArea(theme)
        self.area_of_masks.setMinimumHeight(_HEIGHT)
        self.area_of_masks.show_picture(shown)
        self.area_of_masks.use_masks(camera.masks)
        self.keys = label(Step.SMALL, "secondary", wraps=True)
        self.add, self.remove = Button(), Button()
        self.main, self.cancel = Button("main"), Button("quiet")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.add)
        row.addWidget(self.remove)
        row.addStretch(1)
        for part in (self.sentence, self.area_of_masks):
            self.body.addWidget(part)
        self.body.addLayout(row)
        self.body.addWidget(self.keys)
        self.foot.addWidget(self.main, 1)
        self.foot.addWidget(self.cancel)
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        self.area_of_masks.changed.connect(self._say)
        self.area_of_masks.saved.connect(self.save)
        self.main.clicked.connect(self.save)
        self.cancel.clicked.connect(self.close_sheet)
        self.retranslate(texts)

    def save(self) -> None:
        """The masks as they are drawn are those of the camera."""
        self.saved.emit(self._camera.name, self.area_of_masks.masks)
        self.close_sheet()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was drawn stays."""
        self._texts = texts
        self.title.setText(texts("masks_title", camera=self._camera.name))
        self.sentence.setText(texts("masks_sentence"))
        self.keys.setText(texts("masks_keys"))
        self.add.setText(texts("button_mask_add"))
        self.remove.setText(texts("button_mask_remove"))
        self.main.setText(with_key("Enter", texts("button_masks_save")))
        self.main.setAccessibleName(texts("button_masks_save"))
        self.cancel.setText(with_key("Esc", texts("button_back")))
        self.cancel.setAccessibleName(texts("button_back"))
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.area_of_masks.restyle(theme)
        super().restyle(theme)

    def _add(self) -> None:
        self.area_of_masks.add()
        self.area_of_masks.setFocus()

    def _remove(self) -> None:
        self.area_of_masks.remove()
        self.area_of_masks.setFocus()

    def _say(self) -> None:
        area, texts = self.area_of_masks, self._texts
        count = len(area.masks)
        name = texts("masks_area", count=count, number=area.place + 1) if count else texts("masks_area_none")
        area.words = texts("camera_alarm_lost")
        area.setAccessibleName(name)
        self.remove.setEnabled(area.place >= 0)
