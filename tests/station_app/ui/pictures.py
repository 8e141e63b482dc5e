"""Makes docs/screens/*.png: the real window over the demo desk, in five languages, both themes, 100 and 200 %.

Besides the pictures of single screens there is a sheet for each language, `all.<language>.png`, with every screen.

Run it after a change of the screens, and look at what it made:

    QT_QPA_PLATFORM=offscreen .venv/bin/python -m tests.station_app.ui.pictures [SCREEN ...]

With names of screens (or `all`, the sheets) only those are made. Documents lie on a virtual reader of a real pcscd.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from pollbook.annex_person import AnnexPerson
from pollbook.asks import ClaimAnswer
from pollbook.entries import Outcome
from pollbook.failures import Failure, WorldFailed
from pollbook.texts import LANGUAGES
from pollbook.types import Channel, EntryNumber
from station_app.app import make_application
from station_app.background import BookThread
from station_app.desk import LinkState, LinkStatus, MirrorState, MirrorStatus, Notice, NoticeKind
from station_app.moving import ClaimState
from station_app.ui.appearance import Appearance
from station_app.ui.moves import Moves
from station_app.ui.window import Window
from tests.station_app.ui.demo_desk import LONG_NAME, PIN, START, DemoDesk, FakeClock
from tests.station_app.ui.document_pictures import DOCUMENTS, stop_readers, table
from tests.station_app.ui.driver import Driver, has_come

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "screens"
COLOURS_MAX = 256
ALREADY = 612
SMALL = QSize(683, 384)
CAPTION_PX, GAP_PX, COLUMNS = 22, 6, 3
NOTICES = (
    Notice(1, NoticeKind.ANOMALY, "clock_skewed", 0),
    Notice(2, NoticeKind.NOTICE, "18:00 · +998 71 200 00 00", 0),
    Notice(3, NoticeKind.ANOMALY, "second_mark", 314),
    Notice(4, NoticeKind.ANOMALY, "fork", 0),
)


@dataclass(frozen=True)
class Picture:
    screen: str
    language: str
    theme: str
    scale: int

    @property
    def name(self) -> str:
        return f"{self.screen}.{self.language}.{self.theme}.{self.scale}.png"


def wanted() -> Iterator[Picture]:
    yield from documents_wanted()
    for language in LANGUAGES:
        yield Picture("may-vote", language, "light", 100)
        yield Picture("may-vote", language, "dark", 200)
        yield Picture("already-marked", language, "dark", 100)
        yield Picture("not-in-list", language, "light", 200)
    for language, theme, scale in zip(LANGUAGES, ("light", "dark") * 3, (100, 200, 125, 100, 150), strict=False):
        yield Picture("open-the-day", language, theme, scale)
    yield Picture("refused", "uz_Latn", "light", 100)
    yield Picture("sign-in", "ru", "light", 100)
    yield Picture("ready", "uz_Latn", "light", 100)
    yield Picture("list", "kaa", "light", 100)
    yield Picture("marked", "uz_Latn", "light", 100)
    yield Picture("marked", "ru", "dark", 150)
    yield Picture("longest-name", "uz_Cyrl", "light", 200)
    yield Picture("look-closer", "en", "light", 100)
    yield Picture("not-old-enough", "kaa", "dark", 100)
    yield Picture("undo", "uz_Latn", "dark", 100)
    yield Picture("settings", "ru", "light", 100)
    yield Picture("help", "en", "light", 100)
    yield Picture("actions", "uz_Cyrl", "dark", 100)
    yield Picture("messages", "uz_Latn", "light", 100)
    yield Picture("messages", "kaa", "dark", 200)
    yield Picture("locked", "uz_Latn", "light", 100)
    for language in ("uz_Latn", "ru", "en"):
        yield Picture("line-elsewhere", language, "light", 100)
        yield Picture("line-elsewhere", language, "dark", 200)
        yield Picture("claims", language, "light", 100)
    yield Picture("claims", "ru", "dark", 200)
    yield Picture("provisional", "uz_Latn", "light", 100)
    yield Picture("release", "en", "light", 100)
    yield Picture("accept", "uz_Latn", "dark", 100)
    yield Picture("look-at-the-row", "ru", "light", 100)
    yield Picture("row-not-signed", "uz_Latn", "light", 200)
    yield Picture("not-safe-yet", "uz_Latn", "light", 100)
    yield Picture("envelopes", "en", "light", 100)
    yield Picture("close-the-book", "uz_Latn", "light", 100)
    yield Picture("on-paper", "ru", "light", 100)
    yield Picture("closed", "en", "dark", 100)
    yield Picture("superseded", "uz_Latn", "light", 200)
    yield Picture("not-enrolled", "ru", "light", 100)


def documents_wanted() -> Iterator[Picture]:
    for screen, looks in {
        "document-loading": (("ru", "light", 100),),
        "document-read": (("en", "light", 100), ("uz_Latn", "dark", 200), ("ru", "dark", 100)),
        "document-differs": (("uz_Latn", "light", 100), ("en", "light", 100), ("kaa", "dark", 125)),
        "document-copied": (("en", "light", 100), ("ru", "dark", 200)),
        "document-downgraded": (("en", "light", 100), ("uz_Latn", "dark", 100)),
        "document-expired": (("uz_Latn", "light", 100),),
        "document-failed": (("uz_Cyrl", "light", 100), ("en", "dark", 200)),
        "document-key": (("uz_Latn", "light", 100),),
        "document-details": (("en", "light", 100), ("uz_Latn", "dark", 200)),
    }.items():
        for language, theme, scale in looks:
            yield Picture(screen, language, theme, scale)


@contextmanager
def station(picture: Picture) -> Iterator[Driver]:
    clock = FakeClock()
    desk = DemoDesk(clock, 1848)
    desk.mirror = MirrorStatus(MirrorState.FOLLOWING, EntryNumber(650), EntryNumber(650), None, ())
    driver = Driver(desk, clock, Appearance(picture.language, picture.theme, picture.scale, sound=False))
    yield driver
    driver.close()


def fill(driver: Driver) -> None:
    """The day as it stands at 10:24: many have voted, the newest three are not confirmed yet."""
    desk = driver.desk
    for place, line in enumerate(list(desk.voters)[20 : 20 + ALREADY]):
        channel = Channel.HOME if place % 150 == 1 else Channel.EARLY if place % 20 == 0 else Channel.STATION
        desk.mark(line, channel)
        desk.marks[-1] = desk.marked[line] = replace(desk.marked[line], confirmed=place < ALREADY - 3)
    driver.window.show_link(LinkStatus(LinkState.GOOD, START - timedelta(minutes=2), None, None))
    driver.settle()


def wrong_pin(driver: Driver) -> None:
    for pin in (PIN, "000000"):
        driver.type(pin)
        driver.press(Qt.Key.Key_Return)
    driver.wait(driver.sign_in.failure.isVisible)


def opened(driver: Driver) -> None:
    for pin in (PIN, PIN):
        driver.type(pin)
        driver.press(Qt.Key.Key_Return)
    driver.wait(driver.sign_in.operator.isVisible)


def chosen(driver: Driver) -> None:
    driver.find("karim")
    driver.press(Qt.Key.Key_Down)
    driver.press(Qt.Key.Key_Down)


def card(driver: Driver) -> None:
    chosen(driver)
    driver.press(Qt.Key.Key_Return)
    driver.settle()


def look_closer(driver: Driver) -> None:
    driver.desk.differences = ("birth_date",)
    driver.show("karimova")


def already(driver: Driver) -> None:
    driver.mark("karimova")
    driver.clock.advance(-1)
    driver.show("karimova")


def undo(driver: Driver) -> None:
    driver.mark("karimova")
    driver.window.open_void(driver.desk.marks[-1])
    driver.type("boshqa qator belgilangan")


def messages(driver: Driver) -> None:
    driver.desk.notices = NOTICES
    driver.window.refresh()
    driver.settle()
    driver.window.open_messages()


def elsewhere(driver: Driver) -> None:
    line = next(line for line, voter in driver.desk.voters.items() if voter.surname == "Karimova")
    driver.desk.moving.gone[line] = "3510-0142"
    driver.show("karimova")


def claims(driver: Driver) -> None:
    elsewhere(driver)
    moving = driver.desk.moving
    voters = list(driver.desk.voters.values())
    for voter, answer, state in (
        (voters[7], ClaimAnswer.ALREADY_MARKED, ClaimState.REFUSED),
        (voters[5], ClaimAnswer.GRANTED, ClaimState.ARRIVED),
        (voters[1], ClaimAnswer.RECALLED, ClaimState.HOLDER_ASKED),
    ):
        moving.gone[voter.line] = "3510-0142"
        moving.claim(voter.pinfl, voter.document)
        heard_at, address = START + timedelta(minutes=18), "Nukus, Dosnazarov koʻchasi, 98"
        moving.answer(answer, state, precinct="3510-0142", address=address, heard_at=heard_at)
    driver.window.refresh()
    driver.settle()
    driver.check_in.act()


def unproven(driver: Driver) -> None:
    line = next(line for line, voter in driver.desk.voters.items() if voter.surname == "Karimova")
    driver.desk.moving.unproven.add(line)
    driver.show("karimova")


def arriving(driver: Driver) -> None:
    voter = next(voter for voter in driver.desk.voters.values() if voter.surname == "Karimova")
    driver.desk.moving.arriving, driver.desk.moving.is_safe = voter, False
    driver.show("karimova")


def provisional(driver: Driver) -> None:
    elsewhere(driver)
    moves(driver).open_provisional()


def release(driver: Driver) -> None:
    driver.show("karimova")
    voter = next(voter for voter in driver.desk.voters.values() if voter.surname == "Karimova")
    moves(driver).open_release(voter)
    driver.type("3510-0142")


def accept(driver: Driver) -> None:
    voter = next(voter for voter in driver.desk.voters.values() if voter.surname == "Karimova")
    driver.desk.moving.arriving = voter
    moves(driver).open_accept("UCH1")


def row_unsigned(driver: Driver) -> None:
    unproven(driver)
    driver.check_in.act()


def envelopes(driver: Driver) -> None:
    moving = driver.desk.moving
    for number, voter in enumerate(list(driver.desk.voters.values())[:4], 1):
        person = AnnexPerson("", voter.document, voter.surname, voter.given_name, "", voter.birth_date, "")
        moving.add_provisional(person, f"{number}")
    outcomes = ((None, None), (Outcome.COUNTED, None), (Outcome.NOT_COUNTED, None), (Outcome.COUNTED, Outcome.COUNTED))
    kept = tuple(
        replace(each, adjudicated=adjudicated, resolved=resolved)
        for each, (adjudicated, resolved) in zip(moving.state.provisionals, outcomes, strict=True)
    )
    moving.state = replace(moving.state, provisionals=kept)
    driver.window.refresh()
    driver.settle()
    moves(driver).open_envelopes()


def on_paper(driver: Driver) -> None:
    driver.desk.moving.set_paper(is_on_paper=True)
    driver.window.refresh()
    chosen(driver)


def closed(driver: Driver) -> None:
    driver.desk.moving.state = replace(driver.desk.moving.state, stopped=Failure.BOOK_CLOSED)
    driver.window.refresh()
    driver.show("karimova")


def superseded(driver: Driver) -> None:
    driver.desk.moving.state = replace(driver.desk.moving.state, stopped=Failure.BOOK_SUPERSEDED)
    driver.window.refresh()
    driver.show("karimova")


def with_team(driver: Driver) -> None:
    line = next(line for line, voter in driver.desk.voters.items() if voter.surname == "Karimova")
    driver.desk.moving.set_team(line, is_out=True)
    driver.show("karimova")


def moves(driver: Driver) -> Moves:
    assert driver.window.moves is not None
    return driver.window.moves


BEFORE_SIGN_IN: dict[str, Callable[[Driver], object]] = {
    "open-the-day": lambda _: None,
    "refused": wrong_pin,
    "sign-in": opened,
}
AT_THE_DESK: dict[str, Callable[[Driver], object]] = {
    "ready": lambda _: None,
    "list": chosen,
    "may-vote": card,
    "marked": lambda driver: driver.mark("karimova"),
    "already-marked": already,
    "not-in-list": lambda driver: driver.find("Karimjonovv"),
    "longest-name": lambda driver: driver.show(LONG_NAME[0][:9]),
    "look-closer": look_closer,
    "not-old-enough": lambda driver: driver.show("xudoyberdiyev"),
    "undo": undo,
    "settings": lambda driver: driver.window.open_settings(),
    "help": lambda driver: driver.window.sheets.open_help(),
    "actions": lambda driver: driver.window.open_actions(),
    "messages": messages,
    "locked": lambda driver: driver.window.lock(),
    "line-elsewhere": elsewhere,
    "claims": claims,
    "provisional": provisional,
    "release": release,
    "accept": accept,
    "look-at-the-row": unproven,
    "row-not-signed": row_unsigned,
    "not-safe-yet": arriving,
    "with-the-team": with_team,
    "envelopes": envelopes,
    "close-the-book": lambda driver: moves(driver).open_close(),
    "on-paper": on_paper,
    "closed": closed,
    "superseded": superseded,
}
EVERY_SCREEN = (
    "not-enrolled", "open-the-day", "refused", "sign-in", "ready", "list", "may-vote", "marked", "already-marked",
    "not-old-enough", "look-closer", "not-in-list", "line-elsewhere", "claims", "provisional", "release", "accept",
    "look-at-the-row", "row-not-signed", "not-safe-yet", "with-the-team", "envelopes", "close-the-book", "on-paper",
    "closed", "superseded", "undo", "settings", "help", "actions", "messages", "locked", "document-loading",
    "document-read", "document-differs", "document-copied", "document-downgraded", "document-expired",
    "document-failed", "document-key", "document-details",
)  # fmt: skip


def take_without_a_book(picture: Picture) -> QImage:
    clock = FakeClock()
    book = BookThread(nothing_to_open)
    window = Window(book, clock, Appearance(picture.language, picture.theme, picture.scale), lambda _: None)
    window.show()
    window.open_book()
    has_come(window.notice.main.isVisible)
    QApplication.processEvents()
    image = window.grab().toImage()
    window.close()
    book.close()
    return image


@contextmanager
def nothing_to_open() -> Iterator[DemoDesk]:
    raise WorldFailed(Failure.NOT_ENROLLED)
    yield


def take(picture: Picture) -> QImage:
    if picture.screen == "not-enrolled":
        return take_without_a_book(picture)
    with station(picture) as driver:
        if picture.screen in BEFORE_SIGN_IN:
            BEFORE_SIGN_IN[picture.screen](driver)
        elif picture.screen in DOCUMENTS:
            driver.take_desk()
            fill(driver)
            with table(driver) as laid:
                DOCUMENTS[picture.screen](laid)
                driver.settle()
                driver.settle()
                return driver.window.grab().toImage()
        else:
            driver.take_desk()
            fill(driver)
            AT_THE_DESK[picture.screen](driver)
        driver.settle()
        driver.settle()
        return driver.window.grab().toImage()


def sheet(language: str) -> QImage:
    """Every screen in this language, half as large, each with its name."""
    rows = -(-len(EVERY_SCREEN) // COLUMNS)
    width, height = SMALL.width() + GAP_PX, SMALL.height() + CAPTION_PX + GAP_PX
    made = QImage(COLUMNS * width + GAP_PX, rows * height + GAP_PX, QImage.Format.Format_RGB32)
    made.fill(Qt.GlobalColor.white)
    painter = QPainter(made)
    smooth = Qt.TransformationMode.SmoothTransformation
    for place, screen in enumerate(EVERY_SCREEN):
        left, top = GAP_PX + place % COLUMNS * width, GAP_PX + place // COLUMNS * height
        image = take(Picture(screen, language, "light", 100))
        painter.drawText(QRect(left, top, SMALL.width(), CAPTION_PX), Qt.AlignmentFlag.AlignVCenter, screen)
        painter.drawImage(left, top + CAPTION_PX, image.scaled(SMALL, mode=smooth))
    painter.end()
    return made


def save(image: QImage, path: Path) -> None:
    """With the 256 colours that it has most of: a third of the size, and nothing to be seen of it."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    counted = Counter(memoryview(plain.constBits()).cast("I").tolist())
    table = [colour for colour, _ in counted.most_common(COLOURS_MAX)]
    flags = Qt.ImageConversionFlag.AvoidDither | Qt.ImageConversionFlag.ThresholdDither
    plain.convertToFormat(QImage.Format.Format_Indexed8, table, flags).save(str(path), quality=0)


def main() -> None:
    names = set(sys.argv[1:])
    make_application()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        if not names or old.name.partition(".")[0] in names:
            old.unlink()
    for picture in wanted():
        if not names or picture.screen in names:
            keep(take(picture), picture.name)
    for language in LANGUAGES:
        if not names or "all" in names:
            keep(sheet(language), f"all.{language}.png")
    stop_readers()
    from tests.station_app.ui import camera_pictures  # noqa: PLC0415 - it is made of what stands here

    camera_pictures.main(names)


def keep(image: QImage, name: str) -> None:
    save(image, FOLDER / name)
    sys.stdout.write(f"{name} {(FOLDER / name).stat().st_size // 1024} kB\n")
    sys.stdout.flush()
    QApplication.processEvents()


if __name__ == "__main__":
    main()
