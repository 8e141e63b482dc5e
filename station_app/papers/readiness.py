"""The sheet of the rehearsal: whether each camera is ready, what to do where it isn't, and who has seen it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from pollbook.election import Election
from pollbook.failures import Failure
from pollbook.texts import PaperTexts, load_paper_texts, load_texts
from station_app.papers.sheet import HEIGHT_MM, WIDTH_MM, Face, Sheet, Style, fitting

_LEFT_MM: Final = 15.0
_ROOM_MM: Final = WIDTH_MM - 2 * _LEFT_MM
_BOTTOM_MM: Final = HEIGHT_MM - 45.0
_TITLE, _NAME, _TEXT = Style(Face.BOLD, 16), Style(Face.BOLD, 12), Style(size_pt=10)
_SMALL: Final = Style(size_pt=8, quiet=True)


@dataclass(frozen=True, slots=True)
class CameraLine:
    """One camera: `sent` is what it sends, in numbers; `failures` are what was wrong, none where it is ready."""

    name: str
    address: str
    sent: str
    failures: tuple[Failure, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing was wrong."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class ReadinessPaper:
    """What is printed; `days_left` is for how many election days the disk lasts, infinite where nothing is sent."""

    election: Election
    precinct: str
    precinct_name: str
    cameras: Sequence[CameraLine]
    days_left: float
    at: datetime


def readiness_sheet(paper: ReadinessPaper, language: str) -> bytes:
    """The sheet as a PDF, in one of `texts.LANGUAGES`; further pages where there are many cameras."""
    text, failures = load_paper_texts(language), load_texts(language)
    stripe = text("training") if paper.election.training else None
    sheet = Sheet(f"{text('readiness_title')} {paper.precinct}", stripe=stripe)
    y_mm = _draw_head(sheet, paper, text)
    for camera in paper.cameras:
        if y_mm > _BOTTOM_MM - 30:
            sheet.next()
            y_mm = 18.0
        y_mm = _draw_camera(sheet, camera, text, y_mm)
        for failure in camera.failures:
            words = failures.failure(failure)
            y_mm = sheet.block(_LEFT_MM + 8, y_mm, _ROOM_MM - 8, f"{words.code}  {words.cause}", Style(Face.BOLD, 9))
            y_mm = sheet.block(_LEFT_MM + 8, y_mm, _ROOM_MM - 8, words.instruction, Style(size_pt=9)) + 1
        sheet.rule(_LEFT_MM, y_mm + 1.5, _ROOM_MM)
        y_mm += 4
    _draw_foot(sheet, text)
    return sheet.finish()


def _draw_head(sheet: Sheet, paper: ReadinessPaper, text: PaperTexts) -> float:
    y_mm = 14.0
    title = text("readiness_title")
    sheet.line_of_text(_LEFT_MM, y_mm, title, fitting(title, _ROOM_MM, _TITLE, 10))
    y_mm += _TITLE.line_mm + 1
    place = f"{paper.precinct} · {paper.precinct_name}" if paper.precinct_name else paper.precinct
    at = paper.at.astimezone(ZoneInfo(paper.election.zone))
    for line in (
        place,
        f"{paper.election.name(text.language)} · {text('election_day', day=f'{paper.election.day:%d.%m.%Y}')}",
        text("readiness_at", time=f"{at:%d.%m.%Y %H:%M}"),
        text("readiness_days", days="∞" if paper.days_left == float("inf") else f"{paper.days_left:.1f}"),
    ):
        y_mm = sheet.block(_LEFT_MM, y_mm, _ROOM_MM, line, _TEXT, lines_max=2)
    ready = sum(camera.is_ready for camera in paper.cameras)
    said = text("readiness_count", ready=ready, count=len(paper.cameras))
    y_mm = sheet.block(_LEFT_MM, y_mm + 2, _ROOM_MM, said, Style(Face.BOLD, 13))
    sheet.rule(_LEFT_MM, y_mm + 1, _ROOM_MM, 1)
    return y_mm + 4


def _draw_camera(sheet: Sheet, camera: CameraLine, text: PaperTexts, y_mm: float) -> float:
    # A tick or a cross and a word: never a colour alone, and a printer has none.
    words = text("readiness_ready") if camera.is_ready else text("readiness_not_ready")
    said = f"{'✔' if camera.is_ready else '✘'} {camera.name}: {words}"
    y_mm = sheet.block(_LEFT_MM, y_mm, _ROOM_MM, said, _NAME)
    shown = f"{camera.address} · {camera.sent}" if camera.sent else camera.address
    return sheet.block(_LEFT_MM + 8, y_mm, _ROOM_MM - 8, shown, _SMALL, lines_max=2) + 1


def _draw_foot(sheet: Sheet, text: PaperTexts) -> None:
    half_mm = (_ROOM_MM - 8) / 2
    for x_mm, key in ((_LEFT_MM, "officer"), (_LEFT_MM + half_mm + 8, "second_officer")):
        sheet.rule(x_mm, HEIGHT_MM - 24, half_mm)
        said = text(key)
        sheet.line_of_text(x_mm, HEIGHT_MM - 23.4, said, fitting(said, half_mm, _SMALL, 5.5))
