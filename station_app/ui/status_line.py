"""The foot of every screen: the link, what waits, how old what is known is, the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from pollbook.texts import Texts
from station_app.desk import DeskStatus, LinkState, LinkStatus, MirrorState, MirrorStatus
from station_app.ui.buttons import Button
from station_app.ui.camera_status import CameraStatus
from station_app.ui.formats import age, moment, number, time_of_day
from station_app.ui.icons import icon, show_icon
from station_app.ui.labels import label, set_kind
from station_app.ui.theme import ICON_SMALL, Step, Theme

_MIRROR_MARKS = {
    MirrorState.OFF: "\u2013",
    MirrorState.FOLLOWING: "\u2713",
    MirrorState.FILLING: "\u2026",
    MirrorState.AWAY: "!",
}
NO_LINK_YET = LinkStatus(LinkState.NOT_YET, None, None, None)


class Dot(QWidget):
    """Filled while the link is in order, hollow while it is not; the words beside it say the same."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.is_filled = False
        self.restyle(theme)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._good, self._other = QColor(theme.colours.may.text), QColor(theme.colours.secondary)
        self.setFixedSize(theme.icon(12), theme.icon(12))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = self._good if self.is_filled else self._other
        pen = painter.pen()
        pen.setWidth(2)
        pen.setColor(colour)
        painter.setPen(pen)
        painter.setBrush(colour if self.is_filled else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(self.rect().adjusted(2, 2, -2, -2))


class StatusLine(QFrame):
    """One line; each fact has its own place, the centre's messages too, though there may be none."""

    messages_asked = Signal()

    def __init__(self, texts: Texts, theme: Theme, zone: tzinfo) -> None:
        super().__init__()
        self.setObjectName("status_line")
        self._texts, self._zone = texts, zone
        self._theme = theme
        self._link = NO_LINK_YET
        self._status: DeskStatus | None = None
        self._now: datetime | None = None
        self.dot = Dot(theme)
        self._has_unread = False
        self.link, self.waiting, self.confirmed, self.list_at, self.clock = (label(Step.SMALL) for _ in range(5))
        self.mirror_part = QWidget()
        self.mirror_icon = QLabel()
        self.mirror = label(Step.SMALL)
        mirror = QHBoxLayout(self.mirror_part)
        mirror.setContentsMargins(0, 0, 0, 0)
        mirror.setSpacing(6)
        mirror.addWidget(self.mirror_icon)
        mirror.addWidget(self.mirror)
        self.cameras = CameraStatus(texts, theme)
        self.messages = Button("quiet")
        self.messages.hide()
        self.messages.clicked.connect(self.messages_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 0, 24, 0)
        row.setSpacing(6)
        row.addWidget(self.dot)
        row.addWidget(self.link)
        for text in (self.waiting, self.confirmed, self.list_at):
            row.addSpacing(18)
            row.addWidget(text)
        row.addSpacing(18)
        row.addWidget(self.mirror_part)
        row.addSpacing(12)
        row.addWidget(self.cameras)
        row.addStretch(1)
        row.addWidget(self.messages)
        row.addSpacing(12)
        row.addWidget(self.clock)
        self._set_height()

    @property
    def link_state(self) -> LinkState:
        """What the line says of the link."""
        return self._link.state

    def set_zone(self, zone: tzinfo) -> None:
        """Show times as clocks at the station do."""
        self._zone = zone
        self._say()

    def show_link(self, link: LinkStatus) -> None:
        """The sync engine's newest word."""
        if link.last_sync_at is None and self._link.last_sync_at is not None:
            link = LinkStatus(link.state, self._link.last_sync_at, link.failure, link.next_try_at)
        self._link = link
        self._say()

    def show_status(self, status: DeskStatus) -> None:
        """Newer counters."""
        self._status = status
        self._say()

    def show_mirror(self, mirror: MirrorStatus | None) -> None:
        """How the sticks stand now; nothing else is newer."""
        if self._status is not None and self._status.mirror != mirror:
            self._status = replace(self._status, mirror=mirror)
            self._say_mirror(mirror)

    def show_messages(self, *, has_unread: bool) -> None:
        """Whether there are messages that nobody has opened the list for."""
        self._has_unread = has_unread
        self._say()

    def show_time(self, now: datetime) -> None:
        """The time, and with it the ages."""
        self._now = now
        self._say()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self.cameras.retranslate(texts)
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self.dot.restyle(theme)
        self.cameras.restyle(theme)
        self._set_height()
        self._say()

    def _set_height(self) -> None:
        self.setFixedHeight(self._theme.foot + 1)

    def _say(self) -> None:
        if self._now is None:
            return
        texts, link, now = self._texts, self._link, self._now
        self.clock.setText(time_of_day(now, self._zone))
        state = texts("link_" + link.state.value)
        self.link.setText(f"{state} ({link.failure.code})" if link.failure else state)
        self.link.setToolTip(str(texts.failure(link.failure)) if link.failure else "")
        self.dot.is_filled = link.state is LinkState.GOOD or (
            link.state is LinkState.WORKING and link.last_sync_at is not None
        )
        self.dot.update()
        if link.last_sync_at is None:
            self.confirmed.setText(texts("never_confirmed"))
        else:
            ago = age((now - link.last_sync_at).total_seconds(), texts)
            at = moment(link.last_sync_at, now, self._zone)
            self.confirmed.setText(texts("confirmed_short" if self._theme.is_large else "confirmed", time=at, age=ago))
            self.confirmed.setToolTip(texts("confirmed", time=at, age=ago))
        if self._status is not None:
            self._say_messages(len(self._status.notices))
            self._say_mirror(self._status.mirror)
            pending = number(self._status.pending, texts.language)
            self.waiting.setText(texts("waiting_short" if self._theme.is_large else "waiting", count=pending))
            self.waiting.setToolTip(texts("waiting", count=pending))
            self.list_at.setText(texts("list_as_of", time=moment(self._status.list_at, now, self._zone)))

    def _say_mirror(self, mirror: MirrorStatus | None) -> None:
        """A sign and a word; at large text sizes the sign with a short mark, and the word where one asks for it."""
        texts, colours = self._texts, self._theme.colours
        state = mirror.state if mirror else MirrorState.OFF
        missing = str(mirror.entries - mirror.mirrored) if mirror else ""
        text = texts("mirror_" + state.value, count=missing)
        said = texts.failure(mirror.failure) if mirror and mirror.failure else None
        self.mirror.setText(_MIRROR_MARKS[state] if self._theme.is_large else text)
        self.mirror_part.setToolTip(str(said) if said else text)
        self.mirror_part.setAccessibleName(text)
        good = {MirrorState.FOLLOWING: colours.may.text, MirrorState.AWAY: colours.closer.text}
        show_icon(self.mirror_icon, "mirror", self._theme.icon(ICON_SMALL - 4), good.get(state, colours.secondary))

    def _say_messages(self, count: int) -> None:
        texts, theme, button = self._texts, self._theme, self.messages
        text = texts("notices_count", count=number(count, texts.language))
        button.setText(number(count, texts.language) if theme.is_large else text)
        button.setAccessibleName(text)
        button.setToolTip(texts("action_notices"))
        button.setVisible(count > 0)
        set_kind(button, "unread" if self._has_unread else "quiet")
        colour = theme.colours.closer.text if self._has_unread else theme.colours.text
        size = theme.icon(ICON_SMALL)
        button.setIcon(icon("message", size, colour, button.devicePixelRatioF()))
        button.setIconSize(QSize(size, size))
