"""The cameras: all side by side or one large, with what is known of them and what can be done."""

from __future__ import annotations

from datetime import tzinfo
from math import ceil, sqrt

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from devices.camera.health import Alarm
from devices.camera.quota import WARN_DAYS
from pollbook.failures import Failure
from pollbook.texts import Texts
from station_app.live.room import CameraShown, DiskLeft, Room
from station_app.ui.buttons import Button, with_key
from station_app.ui.camera_tile import CameraTile
from station_app.ui.camera_words import advice, alarm_words, disk_words, facts
from station_app.ui.labels import Body, label
from station_app.ui.theme import Step, Theme

PAINT_EVERY_MS = 20
"""A picture waits for this at most before it is drawn; looking whether there is one costs microseconds."""

_ADVISED_MAX = 3
_LINES = len(Alarm) + 12
"""All that may be said of one camera: every alarm, what to do, what is recorded, the room."""
_SCROLLS = {Qt.Key.Key_PageDown: 200, Qt.Key.Key_PageUp: -200}


class CameraScreen(QWidget):
    """A grid of tiles and a panel beside it. It looks for pictures only while it is seen."""

    left = Signal()
    add_asked = Signal()
    observers_asked = Signal()
    room_asked = Signal()
    masks_asked = Signal(str)
    sign_asked = Signal(str)
    change_asked = Signal(str)
    remove_asked = Signal(str)

    def __init__(self, texts: Texts, theme: Theme, zone: tzinfo) -> None:
        super().__init__()
        self.setObjectName("screen")
        self._texts, self._theme, self._zone = texts, theme, zone
        self._room: Room | None = None
        self._cameras: tuple[CameraShown, ...] = ()
        self._disk: DiskLeft | None = None
        self.chosen: str | None = None
        self._sure: str | None = None
        self.tiles: dict[str, CameraTile] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        self.title = label(Step.NAME, "title", wraps=True)
        self.words = [label(Step.BASE, "strong" if not place else "", wraps=True) for place in range(_LINES)]
        self.masks, self.sign, self.change = Button(), Button(), Button()
        self.all, self.remove = Button(), Button()
        self.add, self.observers, self.room, self.leave = Button(), Button(), Button(), Button("quiet")
        self._of_one = (self.masks, self.sign, self.change, self.all, self.remove)
        self._of_all = (self.add, self.observers, self.room)
        self._lay_out()
        self._connect()
        self._looks = QTimer(self, interval=PAINT_EVERY_MS, timerType=Qt.TimerType.PreciseTimer)
        self._looks.timeout.connect(self.look)
        self._say()

    def _lay_out(self) -> None:
        inner = Body()
        facts_column = QVBoxLayout(inner)
        facts_column.setContentsMargins(0, 0, 4, 0)
        facts_column.setSpacing(6)
        for text in (self.title, *self.words):
            facts_column.addWidget(text)
        facts_column.addStretch(1)
        area = self.facts = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        panel = QFrame()
        panel.setObjectName("panel")
        column = QVBoxLayout(panel)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(area, 1)
        for button in (*self._of_one, *self._of_all, self.leave):
            column.addWidget(button)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 8)
        row.setSpacing(12)
        row.addLayout(self._grid, 68)
        row.addWidget(panel, 32)

    def _connect(self) -> None:
        self.masks.clicked.connect(lambda: self._ask(self.masks_asked))
        self.sign.clicked.connect(lambda: self._ask(self.sign_asked))
        self.change.clicked.connect(lambda: self._ask(self.change_asked))
        self.remove.clicked.connect(self._remove)
        self.all.clicked.connect(self.show_all)
        self.add.clicked.connect(self.add_asked)
        self.observers.clicked.connect(self.observers_asked)
        self.room.clicked.connect(self.room_asked)
        self.leave.clicked.connect(self.left)

    @property
    def is_without_room(self) -> bool:
        """Whether no cameras were told of yet."""
        return self._room is None

    def use_room(self, room: Room) -> None:
        """These are the cameras from now on."""
        self._room = room
        self.show_cameras(room.cameras(), room.disk_left())

    def show_cameras(self, cameras: tuple[CameraShown, ...], disk: DiskLeft | None) -> None:
        """Newer words of all cameras; tiles are made and taken away where there are others than before."""
        before = tuple(camera.name for camera in self._cameras)
        self._cameras, self._disk = cameras, disk
        names = tuple(camera.name for camera in cameras)
        if names != before:
            if self.chosen not in names:
                self.chosen = None
            had_focus = any(tile.picture.hasFocus() for name, tile in self.tiles.items() if name not in names)
            self._place_tiles()
            if had_focus:
                self.focus_first()
        for camera in cameras:
            self.tiles[camera.name].show_camera(camera)
        self._say()

    def show_one(self, name: str) -> None:
        """This camera, large."""
        if name in self.tiles:
            self.chosen, self._sure = name, None
            self._place_tiles()
            self._say()
            self.focus_first()

    def show_all(self) -> None:
        """All of them, side by side."""
        before, self.chosen, self._sure = self.chosen, None, None
        self._place_tiles()
        self._say()
        if before in self.tiles:
            self.tiles[before].picture.setFocus()

    def focus_first(self) -> None:
        """The focus is on the camera that is shown large, or on the first; without any, on adding one."""
        tile = self.tiles.get(self.chosen or next(iter(self.tiles), ""))
        if tile is None:
            self.add.setFocus()
        else:
            tile.picture.setFocus()

    def look(self) -> None:
        """The newest pictures are on the screen."""
        if self._room is None:
            return
        for name, tile in self.tiles.items():
            if tile.isVisible():
                seen = tile.picture.shown.number if tile.picture.shown is not None else 0
                newest = self._room.picture(name, seen)
                if newest is not None:
                    tile.picture.show_picture(newest)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        for tile in self.tiles.values():
            tile.retranslate(texts)
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        for tile in self.tiles.values():
            tile.restyle(theme)
        self._say()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits choose a camera, the page keys scroll what is known of it, Esc goes back a step."""
        if event.key() == Qt.Key.Key_Escape:
            if self.chosen is None:
                self.left.emit()
            else:
                self.show_all()
        elif event.text() and event.text() in "123456789" and int(event.text()) <= len(self._cameras):
            self.show_one(self._cameras[int(event.text()) - 1].name)
        elif event.key() in _SCROLLS:
            bar = self.facts.verticalScrollBar()
            bar.setValue(bar.value() + _SCROLLS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._looks.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._looks.stop()
        self._sure = None
        super().hideEvent(event)

    def _remove(self) -> None:
        """The first press asks, the second one does it: the camera's address and password would be gone."""
        if self._sure != self.chosen:
            self._sure = self.chosen
            self._say()
        else:
            self._sure = None
            self._ask(self.remove_asked)

    def _advised(self) -> list[str]:
        """What to do about the cameras that are worst."""
        worst = sorted(self._cameras, key=lambda each: -each.status.light)
        told = [(each.name, advice(each, self._texts)) for each in worst]
        return [f"{name}: {words}" for name, words in told if words is not None][:_ADVISED_MAX]

    def _ask(self, signal: SignalInstance) -> None:
        if self.chosen is not None:
            signal.emit(self.chosen)

    def _place_tiles(self) -> None:
        names = [camera.name for camera in self._cameras]
        for name in set(self.tiles) - set(names):
            tile = self.tiles.pop(name)
            tile.hide()
            tile.deleteLater()
        for camera in self._cameras:
            if camera.name not in self.tiles:
                tile = CameraTile(camera, self._texts, self._theme, self._zone)
                tile.picture.clicked.connect(lambda _=False, name=camera.name: self._chosen(name))
                self.tiles[camera.name] = tile
        while self._grid.count():
            self._grid.takeAt(0)
        shown = [self.chosen] if self.chosen is not None else names
        columns = max(1, ceil(sqrt(len(shown))))
        for place in range(max(self._grid.columnCount(), self._grid.rowCount(), columns)):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)
            self._grid.setRowStretch(place, 1 if place < ceil(len(shown) / columns) else 0)
        for place, name in enumerate(shown):
            self._grid.addWidget(self.tiles[name], place // columns, place % columns)
        for name, tile in self.tiles.items():
            tile.setVisible(name in shown)

    def _chosen(self, name: str) -> None:
        if self.chosen is None:
            self.show_one(name)
        else:
            self.show_all()

    def _say(self) -> None:
        texts = self._texts
        camera = next((each for each in self._cameras if each.name == self.chosen), None)
        if camera is not None:
            title, said = camera.name, alarm_words(camera, texts, self._zone)
            said += [told for told in (advice(camera, texts),) if told is not None]
            said += facts(camera, texts, self._zone)
        else:
            title, said = texts("cameras_title"), []
            if self._room is None:
                said.append(texts("cameras_starting"))
            elif not self._cameras:
                said.append(texts("cameras_none"))
            said += self._advised()
        if self._disk is not None:
            said.append(disk_words(self._disk, texts))
            if self._disk.is_short:
                said.append(str(texts.failure(Failure.RECORDING_SHORT, {"limit": round(WARN_DAYS)})))
        self.title.setText(title)
        for place, text in enumerate(self.words):
            text.setText(said[place] if place < len(said) else "")
            text.setVisible(place < len(said))
        remove = "button_camera_remove_sure" if self._sure else "button_camera_remove"
        for button, key in {
            self.masks: "button_camera_masks", self.sign: "button_camera_sign", self.remove: remove,
            self.change: "button_camera_change",
            self.add: "button_camera_add", self.observers: "button_observers", self.room: "button_camera_room",
        }.items():  # fmt: skip
            button.setText(texts(key))
        self.all.setText(with_key("Esc", texts("button_camera_all")))
        self.leave.setText(
            with_key("Esc", texts("button_leave_cameras")) if camera is None else texts("button_leave_cameras")
        )
        for button in self._of_one:
            button.setVisible(camera is not None)
        for button in self._of_all:
            button.setVisible(camera is None)
        self.observers.setEnabled(bool(self._cameras))
        self.room.setEnabled(self._disk is not None)
