"""The paper on which a line travels in the voter's own hand: one A4 page with the release as QR codes.

Whoever finds it can't use it: the codes are sealed to the one receiving book (custody rules 3 and 15). The voter holds
it, so his name is on it; his PINFL is masked, and the number on it is the line's random one. Everything on the page
comes from what was released and when, so printing it again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from pollbook.election import Election
from pollbook.pinfl import mask
from pollbook.texts import PaperTexts, load_paper_texts
from pollbook.transliteration import has_cyrillic, to_cyrillic, to_latin
from pollbook.types import PrecinctCode, line_text
from pollbook.voters import Voter
from station_app.papers.qr import qr_code
from station_app.papers.release_text import write_release_text
from station_app.papers.sheet import (
    HEIGHT_MM,
    WIDTH_MM,
    Align,
    Face,
    Sheet,
    Style,
    fitting,
    fitting_block,
    height_mm,
)

LANGUAGES_MAX: Final = 2
"""Of one paper: more would leave no room for letters that can be read."""
_LEFT_MM: Final = 15.0
_ROOM_MM: Final = WIDTH_MM - 2 * _LEFT_MM
_GAP_MM: Final = 8.0
_CODE_MM: Final = {1: 66.0, 2: 66.0, 3: 58.0}
"""A code's side with its border, by how many there are: modules of 0.57 mm at the least."""
_LABEL_MM: Final = 52.0
_SIGNING_MM: Final = 9.0
"""The room above a line on which somebody signs."""
_FOOT_MM: Final = HEIGHT_MM - 12.0
_TITLE, _SUBTITLE = Style(Face.BOLD, 16), Style(Face.BOLD, 12)
_LABEL, _VALUE, _NAME = Style(size_pt=8, quiet=True), Style(Face.BOLD, 10), Style(Face.BOLD, 13)
_SMALL: Final = Style(size_pt=7.5, quiet=True)
_TEXT_PT_MAX, _TEXT_PT_MIN = 11.0, 6.5


@dataclass(frozen=True, slots=True)
class PrecinctPlace:
    """A precinct as a voter finds it; `address` may be empty where the book doesn't know it."""

    code: PrecinctCode
    name: str
    address: str = ""

    def __str__(self) -> str:
        return f"{self.code} · {self.name}" if self.name else self.code


@dataclass(frozen=True, slots=True)
class ReleasePaper:
    """What a certificate tells: whose line moves from where to where, and the sealed bytes that move it.

    Attributes:
        election: For its name, day and hours, and whether it is a training.
        voter: Whose line it is; `page` and `row` are where the note goes in the paper list.
        issuer: The precinct whose book released the line.
        receiver: The one precinct whose intake book can accept it.
        released_at: When it was released, not when it is printed.
        parcel: The sealed release.
    """

    election: Election
    voter: Voter
    issuer: PrecinctPlace
    receiver: PrecinctPlace
    released_at: datetime
    parcel: bytes


def release_certificate(paper: ReleasePaper, languages: Sequence[str]) -> bytes:
    """The certificate as a PDF of one page, in one or two of `texts.LANGUAGES`.

    Raises:
        ValueError: No or more than `LANGUAGES_MAX` languages, or a parcel beyond its size.
    """
    if not 0 < len(languages) <= LANGUAGES_MAX:
        raise ValueError(f"{len(languages)} languages")
    texts = [load_paper_texts(language) for language in languages]
    stripe = " — ".join(text("training") for text in texts) if paper.election.training else None
    sheet = Sheet(f"{texts[0]('release_title')} {line_text(paper.voter.line)}", stripe=stripe)
    y_mm = _draw_head(sheet, paper, texts)
    y_mm = _draw_facts(sheet, paper, texts, y_mm)
    y_mm = _draw_codes(sheet, paper, texts, y_mm)
    _draw_advice(sheet, paper, texts, y_mm, _draw_foot(sheet, paper, texts))
    return sheet.finish()


def in_other_script(name: str) -> str:
    """The name in the other of the two alphabets."""
    return to_latin(name) if has_cyrillic(name) else to_cyrillic(name)


def _draw_head(sheet: Sheet, paper: ReleasePaper, texts: Sequence[PaperTexts]) -> float:
    y_mm = 12.0
    for text, style in zip(texts, (_TITLE, _SUBTITLE), strict=False):
        title = text("release_title")
        fitted = fitting(title, _ROOM_MM, style, 9)
        sheet.line_of_text(_LEFT_MM, y_mm, title, fitted)
        y_mm += fitted.line_mm
    names = [f"{paper.election.name(text.language)} · {text('election_day', day=_day(paper))}" for text in texts]
    for name in names:
        y_mm = sheet.block(_LEFT_MM, y_mm, _ROOM_MM, name, Style(size_pt=9), lines_max=2)
    sheet.rule(_LEFT_MM, y_mm + 1, _ROOM_MM, 1)
    return y_mm + 2.5


def _draw_facts(sheet: Sheet, paper: ReleasePaper, texts: Sequence[PaperTexts], y_mm: float) -> float:
    """Who, where, from whom: a label in each language on the left, the fact on the right."""
    voter, receiver, issuer = paper.voter, paper.receiver, paper.issuer
    y_mm = _draw_fact(
        sheet, texts, y_mm, "voter", [(voter.full_name, _NAME), (in_other_script(voter.full_name), _VALUE)]
    )
    pinfl = " / ".join(dict.fromkeys(text("pinfl") for text in texts))
    known = f"{voter.birth_date:%d.%m.%Y} · {pinfl} {mask(voter.pinfl)}"
    y_mm = _draw_fact(sheet, texts, y_mm, "birth_date", [(known, _VALUE)])
    top_mm = y_mm
    place = [(str(receiver), _NAME), *([(receiver.address, _VALUE)] if receiver.address else [])]
    y_mm = _draw_fact(sheet, texts, y_mm + 1.5, "valid_at", place)
    sheet.frame(_LEFT_MM - 2, top_mm - 0.5, (_ROOM_MM + 4, y_mm - top_mm + 0.5), 1.5)
    y_mm = _draw_fact(sheet, texts, y_mm + 2, "issued_by", [(str(issuer), _VALUE)])
    at = paper.released_at.astimezone(ZoneInfo(paper.election.zone))
    y_mm = _draw_fact(sheet, texts, y_mm, "issued_at", [(f"{at:%d.%m.%Y %H:%M}", _VALUE)])
    noted = " / ".join(text("paper_place", page=voter.page, row=voter.row) for text in texts)
    y_mm = _draw_fact(sheet, texts, y_mm, "paper_list", [(noted, _VALUE)])
    return _draw_fact(sheet, texts, y_mm, "line", [(line_text(voter.line), _VALUE)])


def _draw_fact(
    sheet: Sheet, texts: Sequence[PaperTexts], y_mm: float, label: str, values: Sequence[tuple[str, Style]]
) -> float:
    label_y_mm = y_mm + 0.6
    for text in texts:
        label_y_mm = sheet.block(_LEFT_MM, label_y_mm, _LABEL_MM - 3, text(label), _LABEL, lines_max=2)
    for value, style in values:
        room_mm = _ROOM_MM - _LABEL_MM
        fitted = fitting_block(value, room_mm, style, 2, style.size_pt - 4)
        y_mm = sheet.block(_LEFT_MM + _LABEL_MM, y_mm, room_mm, value, fitted, lines_max=3)
    return max(y_mm, label_y_mm) + 0.8


def _draw_codes(sheet: Sheet, paper: ReleasePaper, texts: Sequence[PaperTexts], y_mm: float) -> float:
    parts = write_release_text(paper.parcel)
    step_mm, side_mm = _ROOM_MM / len(parts), _CODE_MM[len(parts)]
    sheet.rule(_LEFT_MM, y_mm + 0.5, _ROOM_MM, 1)
    for number, part in enumerate(parts, 1):
        middle_mm = _LEFT_MM + (number - 0.5) * step_mm
        sheet.code(middle_mm - side_mm / 2, y_mm + 1, side_mm, qr_code(part))
        if len(parts) > 1:
            said = " / ".join(text("code", number=number, count=len(parts)) for text in texts)
            sheet.line_of_text(middle_mm, y_mm + side_mm - 0.5, said, _SMALL, Align.CENTRE)
    sheet.rule(_LEFT_MM, y_mm + side_mm + 4, _ROOM_MM, 1)
    return y_mm + side_mm + 5.5


def _draw_advice(sheet: Sheet, paper: ReleasePaper, texts: Sequence[PaperTexts], y_mm: float, bottom_mm: float) -> None:
    """What the voter should know, one column a language, as large as the page has room for."""
    column_mm = (_ROOM_MM - _GAP_MM * (len(texts) - 1)) / len(texts)
    size_pt = _TEXT_PT_MAX
    while size_pt > _TEXT_PT_MIN and _height_of(paper, texts, column_mm, size_pt) > bottom_mm - y_mm:
        size_pt -= 0.25
    for number, text in enumerate(texts):
        at_mm, x_mm = y_mm, _LEFT_MM + number * (column_mm + _GAP_MM)
        for face, words in _advice(paper, text):
            at_mm = sheet.block(x_mm, at_mm, column_mm, words, Style(face, size_pt)) + size_pt * 0.08


def _height_of(paper: ReleasePaper, texts: Sequence[PaperTexts], column_mm: float, size_pt: float) -> float:
    return max(
        sum(height_mm(words, column_mm, Style(face, size_pt)) + size_pt * 0.08 for face, words in _advice(paper, text))
        for text in texts
    )


def _advice(paper: ReleasePaper, text: PaperTexts) -> list[tuple[Face, str]]:
    election = paper.election
    places = {
        "to": paper.receiver.code,
        "from": paper.issuer.code,
        "day": _day(paper),
        "opens": f"{election.opens:%H:%M}",
        "closes": f"{election.closes:%H:%M}",
    }
    said = [
        (Face.BOLD, "once"),
        (Face.BOLD, "do_title"),
        *((Face.PLAIN, key) for key in ("do_go", "do_give", "do_keep")),
        (Face.BOLD, "home_title"),
        (Face.PLAIN, "home_text"),
        (Face.PLAIN, "lost"),
    ]
    return [(face, text(key, **places)) for face, key in said]


def _draw_foot(sheet: Sheet, paper: ReleasePaper, texts: Sequence[PaperTexts]) -> float:
    """Places for the signatures at the foot; returns where they begin."""
    half_mm = (_ROOM_MM - _GAP_MM) / 2
    label_mm = len(texts) * _SMALL.line_mm
    row_mm = _SIGNING_MM + label_mm
    top_mm = _FOOT_MM - 5 - 2 * row_mm
    for row, x_mm, room_mm, key in (
        (0, _LEFT_MM, half_mm, "officer"),
        (0, _LEFT_MM + half_mm + _GAP_MM, half_mm, "second_officer"),
        (1, _LEFT_MM, _ROOM_MM, "cancelled"),
    ):
        y_mm = top_mm + row * row_mm + _SIGNING_MM
        sheet.rule(x_mm, y_mm, room_mm)
        for text in texts:
            said = text(key, to=paper.receiver.code)
            sheet.line_of_text(x_mm, y_mm + 0.6, said, fitting(said, room_mm, _SMALL, 5.5))
            y_mm += _SMALL.line_mm
    said = " / ".join(text("no_document") for text in texts)
    sheet.line_of_text(WIDTH_MM / 2, _FOOT_MM - 3.5, said, fitting(said, _ROOM_MM, _SMALL, 5), Align.CENTRE)
    return top_mm


def _day(paper: ReleasePaper) -> str:
    return f"{paper.election.day:%d.%m.%Y}"
