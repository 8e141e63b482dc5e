"""A rehearsal through the real window: the keys a person would press, a picture and a line at each step.

For training elections only: it takes the PINs that their enrolment left in the station's folder, and really marks.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QApplication

from pollbook.failures import Exit
from pollbook.store.home import StationHome
from pollbook.types import Person, Role
from station_app.desk import Verdict
from station_app.ui.checkin import CheckIn
from station_app.ui.stages import Done, Shown, Waiting
from station_app.ui.window import Window

PATIENCE_S = 30
"""For one step; a PIN takes a tenth of a second on purpose."""
READING_S = 0.35
ROWS_TRIED = 40
LOOKS = (("uz_Cyrl", "light", 100), ("kaa", "dark", 100), ("ru", "light", 125), ("en", "dark", 200))


class Stuck(Exception):
    """A step did not happen in time."""


class Play:
    """Opens the day, signs in, finds, marks, is refused a second mark, undoes it, in several languages and themes."""

    def __init__(self, window: Window, home: StationHome, screens: Path | None) -> None:
        self._window, self._home, self._screens = window, home, screens
        self._count = 0

    def run(self) -> int:
        """Play all of it; the exit status."""
        if self._screens is not None:
            self._screens.mkdir(parents=True, exist_ok=True)
        try:
            pins = json.loads(self._home.training_pins.read_text("utf-8"))
        except OSError:
            self._say("no training PINs in this folder: the script plays on training elections only")
            return Exit.REFUSED
        self._pins = {key: entry["pin"] for key, entry in pins.items()}
        self._window.show()
        self._window.open_book()
        try:
            self._play()
        except Stuck as stuck:
            self._picture("stuck", f"this step did not happen: {stuck}")
            return Exit.FAULT
        return Exit.DONE

    def _play(self) -> None:
        self._wait(lambda: self._window.sign_in is not None, "the book opens")
        self._settle()
        self._open_day()
        self._sign_in()
        place = self._mark_somebody()
        self._refused_second_mark(place)
        self._undo()
        self._looks(place)
        self._lock()

    def _open_day(self) -> None:
        screen = self._window.sign_in
        if screen is None or not screen.first.isVisible():
            return
        self._picture("open-the-day", "two officers open the day")
        for row in (screen.first, screen.second):
            self._pin(row.choice.person)
        self._wait(screen.operator.isVisible, "the day opens")

    def _sign_in(self) -> None:
        screen = self._window.sign_in
        if screen is None:
            return
        who = screen.operator.choice.person
        if who is None or who.role is not Role.OPERATOR:
            self._say("no operator in this precinct; the first of its people takes the desk")
        self._picture("sign-in", "an operator takes the desk")
        self._pin(who)
        self._wait(lambda: self._window.pages.currentWidget() is self._window.check_in, "the desk is taken")
        self._settle()
        self._picture("ready", "the search box waits")

    def _mark_somebody(self) -> str:
        check_in = self._check_in
        for row in range(1, ROWS_TRIED + 1):
            place = f"1/{row}"
            self._find(place)
            if isinstance(check_in.stage, Waiting) or not check_in.finder.model.hits:
                self._press(Qt.Key.Key_Escape)
                continue
            stage = check_in.stage
            if isinstance(stage, Shown) and stage.card.verdict is Verdict.MAY_VOTE:
                break
            self._press(Qt.Key.Key_Escape)
        else:
            raise Stuck("no voter on page 1 may still vote")
        surname = stage.card.voter.surname
        self._press(Qt.Key.Key_Escape)
        self._type(surname[:3])
        self._wait(lambda: bool(check_in.finder.model.hits), "the list of voters")
        self._picture("list", "voters found while typing")
        self._press(Qt.Key.Key_Escape)
        self._find(place)
        self._picture("may-vote", "the voter may vote: ballots by colour, page and row")
        self._pause(READING_S)
        self._press(Qt.Key.Key_Return)
        self._wait(lambda: isinstance(check_in.stage, Done), "the mark")
        self._settle()
        self._picture("marked", "marked, and on the disk")
        return place

    def _refused_second_mark(self, place: str) -> None:
        self._find(place)
        self._settle()
        self._picture("already-marked", "the same voter a second time: already marked")
        self._pause(READING_S)
        self._press(Qt.Key.Key_Return)
        stage = self._check_in.stage
        if not isinstance(stage, Shown) or stage.card.verdict is not Verdict.ALREADY_MARKED:
            raise Stuck("the second mark is refused")
        self._press(Qt.Key.Key_Escape)
        self._type("999/99")
        self._wait(lambda: self._check_in.stage == Waiting(nothing_found=True), "nobody is found")
        self._picture("not-in-list", "nobody found: what to do")
        self._press(Qt.Key.Key_Escape)

    def _undo(self) -> None:
        window = self._window
        window.focus_marks()
        self._settle()
        self._press(Qt.Key.Key_Return)
        self._wait(lambda: window.sheets.current is not None, "the sheet to undo a mark")
        self._type("rehearsal")
        self._press(Qt.Key.Key_Return)
        screen = window.sign_in
        officers = (screen.first.choice.person, screen.second.choice.person) if screen else ()
        self._picture("undo", "undoing the mark: a reason and two officers")
        for who in officers:
            self._pin(who)
        self._wait(lambda: window.sheets.current is None, "the mark is undone")
        self._settle()
        self._picture("undone", "the mark is undone; the entry stays")

    def _looks(self, place: str) -> None:
        window = self._window
        chosen = window.appearance
        window.toast.hide()
        self._find(place)
        for language, theme, scale in LOOKS:
            window.apply(replace(chosen, language=language, theme=theme, scale=scale))
            self._settle()
            self._picture(f"look-{language}-{theme}-{scale}", f"the same voter in {language}, {theme}, {scale} %")
        window.apply(chosen)
        self._press(Qt.Key.Key_Escape)

    def _lock(self) -> None:
        self._window.lock()
        self._settle()
        self._picture("locked", "the screen is locked")

    # Hands and eyes

    @property
    def _check_in(self) -> CheckIn:
        check_in = self._window.check_in
        if check_in is None:
            raise Stuck("the check-in screen")
        return check_in

    def _find(self, text: str) -> None:
        check_in = self._check_in
        self._type(text)
        self._wait(lambda: not check_in.searching.is_under_way, "the search answers")
        if len(check_in.finder.model.hits) == 1:
            self._press(Qt.Key.Key_Return)
            self._wait(lambda: isinstance(check_in.stage, Shown), "the voter's card")
            self._settle()

    def _pin(self, who: Person | None) -> None:
        if who is None:
            raise Stuck("a person to choose")
        self._type(self._pins[who.key])
        self._press(Qt.Key.Key_Return)

    def _type(self, text: str) -> None:
        for letter in text:
            self._send(Qt.Key.Key_unknown, letter)

    def _press(self, key: Qt.Key) -> None:
        self._send(key, "")
        self._settle()

    def _send(self, key: Qt.Key, text: str) -> None:
        target = QApplication.focusWidget() or self._window.focusWidget() or self._window
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(target, QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text))

    def _settle(self) -> None:
        self._pause(0.05)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
            time.sleep(0.002)

    def _wait(self, happened: Callable[[], bool], step: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while not happened():
            if time.monotonic() > until:
                raise Stuck(step)
            self._pause(0.01)

    def _picture(self, name: str, line: str) -> None:
        self._count += 1
        if self._screens is None:
            self._say(line)
            return
        path = self._screens / f"{self._count:02d}-{name}.png"
        save_picture(self._window, path)
        self._say(f"{line}: {path.name}")

    def _say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def save_picture(window: Window, path: Path) -> None:
    """A picture of the window, without alpha and compressed as far as PNG goes."""
    window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888).save(str(path), quality=0)
