"""The list of one book on paper with the marks it has now: what a desk goes on with when its laptop is dead.

Every page of the paper list gets sheets of its own, in the list's order, so that both can lie side by side. No time of
a mark is printed, and no order of marks (DOMAIN §4); the PINFL is masked but for its last four digits.

Source: DOMAIN §10, Georgia 2020: the printed fallback carries current marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from pollbook.election import Election
from pollbook.pinfl import mask
from pollbook.texts import PaperTexts, load_paper_texts
from pollbook.types import PrecinctCode
from pollbook.voters import Voter
from station_app.papers.sheet import HEIGHT_MM, WIDTH_MM, Align, Face, Sheet, Style, fitting, fitting_block, height_mm

_LEFT_MM: Final = 9.0
_ROOM_MM: Final = WIDTH_MM - 2 * _LEFT_MM
_TABLE_TOP_MM: Final = 42.0
_TABLE_BOTTOM_MM: Final = HEIGHT_MM - 20.0
_HEADING_MM: Final = 6.0
_ROW_MM_MIN, _ROW_MM_MAX = 7.6, 11.0
ROWS_MAX: Final = int((_TABLE_BOTTOM_MM - _TABLE_TOP_MM - _HEADING_MM) / _ROW_MM_MIN)
"""On one sheet; a longer page of the list goes on on another one."""
_COLUMNS_MM: Final = {
    "column_row": 10.0,
    "column_name": 60.0,
    "column_birth_date": 18.0,
    "column_pinfl": 25.0,
    "column_address": 38.0,
    "column_mark": 24.0,
    "column_by_hand": 17.0,
}
_NAME, _CELL, _CELL_MARK = Style(Face.NARROW, 9), Style(Face.NARROW, 8), Style(Face.BOLD, 8)
_HEADING: Final = Style(Face.NARROW, 7, quiet=True)
_PADDING_MM: Final = 0.9


class Standing(StrEnum):
    """What the paper says of a line; the names are those of its texts."""

    OPEN = "open"
    STATION = "station"
    HOME = "home"
    EARLY = "early"
    DISPUTED = "disputed"
    ELSEWHERE = "elsewhere"

    @property
    def is_marked(self) -> bool:
        """Whether the voter has received ballots."""
        return self in {Standing.STATION, Standing.HOME, Standing.EARLY}


@dataclass(frozen=True, slots=True)
class ListRow:
    """One voter of the list and how the line stands now."""

    voter: Voter
    standing: Standing


@dataclass(frozen=True, slots=True)
class ListPaper:
    """What is printed.

    Attributes:
        rows: All lines of the book, in any order.
        as_of: When they stood so.
        heard_at: When book and register last talked, None where they never did.
    """

    election: Election
    precinct: PrecinctCode
    precinct_name: str
    desk: int
    rows: Sequence[ListRow]
    as_of: datetime
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of one sheet."""

    page: int
    rows: tuple[ListRow, ...]
    is_continued: bool


def printed_list(paper: ListPaper, language: str) -> bytes:
    """The list as a PDF in one of `texts.LANGUAGES`, sheet by sheet; a book without lines gives one empty sheet."""
    text = load_paper_texts(language)
    sheet = Sheet(text("list_title"), stripe=text("training") if paper.election.training else None)
    parts = list(_parts(paper.rows)) or [_Part(1, (), is_continued=False)]
    for number, part in enumerate(parts, 1):
        if number > 1:
            sheet.next()
        _draw_head(sheet, paper, text, part)
        _draw_table(sheet, text, part)
        _draw_foot(sheet, paper, text, text("list_sheet", number=number, count=len(parts)))
    return sheet.finish()


def _parts(rows: Sequence[ListRow]) -> Iterator[_Part]:
    ordered = sorted(rows, key=lambda row: (row.voter.page, row.voter.row, row.voter.line))
    for page, group in groupby(ordered, key=lambda row: row.voter.page):
        of_page = tuple(group)
        for begin in range(0, len(of_page), ROWS_MAX):
            yield _Part(page, of_page[begin : begin + ROWS_MAX], is_continued=begin > 0)


def _draw_head(sheet: Sheet, paper: ListPaper, text: PaperTexts, part: _Part) -> None:
    page = text("list_page_more" if part.is_continued else "list_page", page=part.page)
    page_style = Style(Face.BOLD, 13)
    sheet.line_of_text(_LEFT_MM, 10, page, fitting(page, _ROOM_MM, page_style, 9))
    title = f"{text('list_title')} · {paper.election.name(text.language)}"
    sheet.line_of_text(_LEFT_MM, 17.5, title, fitting(title, _ROOM_MM, Style(size_pt=9), 6))
    place = text("list_desk", code=paper.precinct, name=paper.precinct_name, desk=paper.desk)
    sheet.line_of_text(_LEFT_MM, 22.5, place, fitting(place, _ROOM_MM, Style(size_pt=9), 5))
    marked = sum(row.standing.is_marked for row in paper.rows)
    day, time = _day_and_time(paper.as_of, paper.election)
    state = text("list_state", day=day, time=time, lines=len(paper.rows), marked=marked)
    sheet.line_of_text(_LEFT_MM, 27.5, state, fitting(state, _ROOM_MM, Style(Face.BOLD, 10), 7))
    heard = text("list_never_heard")
    if paper.heard_at is not None:
        heard = text("list_heard", time=" ".join(_day_and_time(paper.heard_at, paper.election)))
    sheet.line_of_text(_LEFT_MM, 33, heard, fitting(heard, _ROOM_MM, Style(size_pt=9), 6))


def _draw_table(sheet: Sheet, text: PaperTexts, part: _Part) -> None:
    room_mm = _TABLE_BOTTOM_MM - _TABLE_TOP_MM - _HEADING_MM
    row_mm = min(max(room_mm / max(len(part.rows), 1), _ROW_MM_MIN), _ROW_MM_MAX)
    height_mm = _HEADING_MM + row_mm * len(part.rows)
    x_mm = _LEFT_MM
    for key, column_mm in _COLUMNS_MM.items():
        heading = text(key)
        style = fitting(heading, column_mm - 2 * _PADDING_MM, _HEADING, 4)
        sheet.line_of_text(x_mm + _PADDING_MM, _TABLE_TOP_MM + 1.5, heading, style)
        sheet.upright(x_mm, _TABLE_TOP_MM, height_mm, 0.3)
        x_mm += column_mm
    sheet.upright(x_mm, _TABLE_TOP_MM, height_mm, 0.3)
    sheet.rule(_LEFT_MM, _TABLE_TOP_MM, x_mm - _LEFT_MM)
    y_mm = _TABLE_TOP_MM + _HEADING_MM
    sheet.rule(_LEFT_MM, y_mm, x_mm - _LEFT_MM)
    for row in part.rows:
        _draw_row(sheet, text, row, y_mm, row_mm)
        y_mm += row_mm
        sheet.rule(_LEFT_MM, y_mm, x_mm - _LEFT_MM, 0.3)


def _draw_row(sheet: Sheet, text: PaperTexts, row: ListRow, y_mm: float, row_mm: float) -> None:
    voter = row.voter
    said = "" if row.standing is Standing.OPEN else text(f"mark_{row.standing}")
    cells = (
        (str(voter.row), _NAME),
        (voter.full_name, _NAME),
        (f"{voter.birth_date:%d.%m.%Y}", _CELL),
        (mask(voter.pinfl), _CELL),
        (voter.address, _CELL),
        (said, _CELL_MARK),
    )
    x_mm = _LEFT_MM
    for (words, style), column_mm in zip(cells, _COLUMNS_MM.values(), strict=False):
        room_mm = column_mm - 2 * _PADDING_MM
        fitted = fitting_block(words, room_mm, style, 2, 6)
        high_mm = min(height_mm(words, room_mm, fitted), 2 * fitted.line_mm)
        top_mm = y_mm + (row_mm - high_mm) / 2
        sheet.block(x_mm + _PADDING_MM, top_mm, room_mm, words, fitted, lines_max=2)
        x_mm += column_mm


def _draw_foot(sheet: Sheet, paper: ListPaper, text: PaperTexts, number: str) -> None:
    y_mm = HEIGHT_MM - 17
    sheet.line_of_text(WIDTH_MM - _LEFT_MM, y_mm, number, Style(size_pt=8), Align.RIGHT)
    after = text("list_after", time=_day_and_time(paper.as_of, paper.election)[1])
    sheet.block(_LEFT_MM, y_mm, _ROOM_MM - 40, after, Style(size_pt=7.5), lines_max=2)


def _day_and_time(at: datetime, election: Election) -> tuple[str, str]:
    local = at.astimezone(ZoneInfo(election.zone))
    return f"{local:%d.%m.%Y}", f"{local:%H:%M}"
