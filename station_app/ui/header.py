"""The top of every screen: the training band, the precinct, the day line, who is at the desk."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from pollbook.texts import Texts
from pollbook.types import Person
from station_app.desk import Station
from station_app.ui.buttons import Button
from station_app.ui.formats import person
from station_app.ui.icons import icon, show_icon
from station_app.ui.labels import label, set_kind
from station_app.ui.theme import ICON_SMALL, Step, Theme

DAY_STEPS = ("prepare", "open", "vote", "close", "count", "send")


class TrainingBand(QWidget):
    """A striped band with the word, so that training can't be taken for the real thing."""

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("band")
        self.text = label(Step.SMALL, "strong")
        self.text.setContentsMargins(16, 4, 16, 4)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self.text)
        row.addStretch(1)
        self.retranslate(texts)
        self.restyle(theme)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.text.setText(texts("training_band"))

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        tone = theme.colours.closer
        self._fill, self._stripe = QColor(tone.fill), QColor(tone.text)
        self.text.setStyleSheet(f"color: {tone.text}; background: {tone.fill};")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self._fill)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._stripe)
        height = self.height()
        for left in range(-height, self.width(), 28):
            corners = [(left, height), (left + height, 0), (left + height + 10, 0), (left + 10, height)]
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        painter.fillRect(self.text.geometry(), self._fill)


class DayLine(QWidget):
    """prepare, open, vote, close, count, send: what is done, and where the day stands."""

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self._texts, self._theme, self._current = texts, theme, 1
        self._icons = [QLabel() for _ in DAY_STEPS]
        self._labels = [label(Step.SMALL, "secondary") for _ in DAY_STEPS]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for number, (sign, text) in enumerate(zip(self._icons, self._labels, strict=True)):
            if number:
                row.addSpacing(10)
            row.addWidget(sign)
            row.addWidget(text, 0, Qt.AlignmentFlag.AlignVCenter)
        self._say()

    def show_step(self, step: str) -> None:
        """The day stands at this step; those before it are done."""
        self._current = DAY_STEPS.index(step)
        self._say()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self._say()

    def _say(self) -> None:
        texts = self._texts
        for number, step in enumerate(DAY_STEPS):
            is_current, is_done = number == self._current, number < self._current
            word = texts("day_" + step)
            text = self._labels[number]
            text.setText(word)
            set_kind(text, "current" if is_current else "secondary")
            text.setContentsMargins(*((10, 3, 10, 3) if is_current else (0, 0, 0, 0)))
            sign = self._icons[number]
            show_icon(sign, "done", self._theme.icon(14), self._theme.colours.secondary)
            text.setVisible(is_current or not self._theme.is_large)
            sign.setVisible(is_done and not self._theme.is_large)
        current = texts("day_" + DAY_STEPS[self._current])
        self.setAccessibleName(texts("day_line", step=current, number=self._current + 1, count=len(DAY_STEPS)))
        self.setToolTip(self.accessibleName())


class Header(QFrame):
    """Precinct, day line, person, and the buttons for locking, settings and help."""

    lock_asked = Signal()
    settings_asked = Signal()
    help_asked = Signal()

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("header")
        self._texts = texts
        self._station: Station | None = None
        self._person: Person | None = None
        self._is_tight = theme.is_tight
        self.precinct = label(Step.BASE, "strong", wraps=True)
        self.day = DayLine(texts, theme)
        self.day.hide()
        self.person = label(Step.SMALL, "secondary", wraps=True)
        self.person.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.lock, self.settings, self.help = Button("quiet"), Button("quiet"), Button("quiet")
        self.buttons = {"lock": self.lock, "settings": self.settings, "help": self.help}
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 2, 12, 2)
        row.setSpacing(8)
        row.addWidget(self.precinct, 4)
        row.addWidget(self.day)
        row.addSpacing(8)
        row.addWidget(self.person, 1)
        for button in self.buttons.values():
            row.addWidget(button)
        self.lock.clicked.connect(self.lock_asked)
        self.settings.clicked.connect(self.settings_asked)
        self.help.clicked.connect(self.help_asked)
        self.retranslate(texts)
        self.restyle(theme)

    def show_station(self, station: Station) -> None:
        """Say which precinct this is."""
        self._station = station
        self.day.show()
        self._say()

    def show_person(self, who: Person | None) -> None:
        """Say who is at the desk."""
        self._person = who
        self._say()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self.day.retranslate(texts)
        for name, button in self.buttons.items():
            button.setAccessibleName(texts("button_" + name))
            button.setToolTip(texts("button_" + name))
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.day.restyle(theme)
        self._is_tight = theme.is_tight
        self._say()
        size = theme.icon(ICON_SMALL)
        for name, button in self.buttons.items():
            button.setIcon(icon(name, size, theme.colours.secondary, button.devicePixelRatioF()))
            button.setIconSize(button.icon().actualSize(button.iconSize().expandedTo(button.iconSize() * 4)))
            button.setFixedWidth(max(44, theme.hit))

    def _say(self) -> None:
        station, texts = self._station, self._texts
        if station is not None:
            key = "precinct_short" if self._is_tight else "precinct"
            name = station.precinct_name.removeprefix(station.precinct).lstrip(" ,·")
            self.precinct.setText(texts(key, code=station.precinct, name=name, desk=station.desk))
        who = self._person
        if who is not None and self._is_tight:
            self.person.setText(f"{who.surname} {who.given_name}")
        else:
            self.person.setText(person(who, texts) if who else "")
        self.lock.setVisible(self._person is not None)
