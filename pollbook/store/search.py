"""One box takes anything: a PINFL, a document's number, a place in the paper list, or any part of the name.

What was typed is read once (`read_query`), then the tiers are asked one after the other until the list is full:
exact, canonical, loose, skeleton; each hit says which tier found it. Within a tier those come first of whose surname
something was typed (a Karimov before the daughter of a Karim), in Uzbek collation; then the others, likewise. Nothing
is ever picked by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Row

from pollbook import names
from pollbook.line_state import LineState, Place, Proof, Status
from pollbook.store.records import Found, Hit, Tier
from pollbook.store.search_index import CANONICAL, LOOSE, SKELETON, SURNAME, date_key, year_key
from pollbook.types import LineId, parse_line

_Row = Row[tuple[object, ...]]
QUERY_CHARACTERS_MAX = 300
"""What is typed beyond this is not read."""
SKELETON_CHARACTERS_MIN = 3
"""Shorter skeletons match half the list."""
PART_CHARACTERS_MIN = 3
WORD_CHARACTERS_MAX = 40
"""A longer word is no name; forgiving tiers would shorten it to something that matches."""
_WORDS_OF_A_PART_MAX = 40
_PINFL = re.compile(r"\d{5,14}", re.ASCII)
_DOCUMENT = re.compile(r"([A-Z]{2})(\d{3,7})", re.ASCII)
_PLACE = re.compile(r"(\d{1,5})\s*[/\\-]\s*(\d{1,5})", re.ASCII)
_BORN = re.compile(r"(?<!\d)(\d{1,2})[.,/-](\d{1,2})[.,/-](\d{4})(?!\d)", re.ASCII)
_YEAR = re.compile(r"(?<![\d.])(1[89]\d\d|20\d\d)(?![\d.])", re.ASCII)
# Typed with a Cyrillic layout, the capitals of a document's series look the same.
_LOOK_ALIKE = str.maketrans("АВСЕНКМОРТХУ", "ABCEHKMOPTXY")
_HIT_COLUMNS = (
    "v.line, v.surname, v.given_name, v.patronymic, v.birth_date, v.page, v.row, s.mark IS NOT NULL AS marked,"
    " s.place, s.proof"
)
_HIT_TABLES = "voter v LEFT JOIN line_state s ON s.line = v.line"


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, read: exact keys where it has their form, name words, and what narrows them."""

    line: LineId | None
    number: str
    document: str
    place: tuple[int, int] | None
    born: str
    words: tuple[str, ...]


def read_query(untrusted_text: str) -> Query:
    """The meaning of whatever was typed or scanned; no text raises and an empty one means nothing."""
    text = untrusted_text[:QUERY_CHARACTERS_MAX].strip()
    squeezed = re.sub(r"[\s.\-]", "", text).upper().translate(_LOOK_ALIKE)
    number = squeezed if _PINFL.fullmatch(squeezed) and not _BORN.fullmatch(text) else ""
    document = squeezed if _DOCUMENT.fullmatch(squeezed) else ""
    place = _PLACE.fullmatch(text)
    born, rest = _take_birth(text)
    return Query(
        line=parse_line(text),
        number=number,
        document=document,
        place=(int(place[1]), int(place[2])) if place else None,
        born=born,
        words=() if number or place else names.required_tokens(rest),
    )


def find(connection: Connection, untrusted_text: str, limit: int, unmoved: Status) -> Found:
    """At most `limit` voters for what was typed, best tier first, then by surname, then in Uzbek collation.

    `unmoved` is the status of a line to which nothing happened.
    """
    query = read_query(untrusted_text)
    hits: dict[int, Hit] = {}
    for tier, search in _searches(connection, query, limit + 1):
        for row in search():
            hits.setdefault(row.line, _hit(row, tier, unmoved))
        if len(hits) > limit:
            break
    found = tuple(hits.values())
    return Found(found[:limit], more=len(found) > limit)


def _searches(connection: Connection, query: Query, limit: int) -> Iterator[tuple[Tier, Callable[[], Sequence[_Row]]]]:
    yield Tier.EXACT, lambda: _exact(connection, query, limit)
    if not query.words and not query.born:
        return
    canonical = _keys(query.words, names.canonical_prefixes)
    yield Tier.CANONICAL, lambda: _by_keys(connection, CANONICAL, canonical, query.born, limit)
    if not query.words or any(len(word) > WORD_CHARACTERS_MAX for word in query.words):
        return
    loose = _keys(query.words, names.loose_prefixes)
    yield Tier.LOOSE, lambda: _by_keys(connection, LOOSE, loose, query.born, limit)
    skeletons = _keys(query.words, names.skeleton_prefixes)
    if all(len(keys[0]) >= SKELETON_CHARACTERS_MIN for keys in skeletons):
        yield Tier.SKELETON, lambda: _by_keys(connection, SKELETON, skeletons, query.born, limit)
    if all(len(word) >= PART_CHARACTERS_MIN for word in query.words):
        parts = [_words_with(connection, word) for word in query.words]
        if all(parts):
            yield Tier.LOOSE, lambda: _by_keys(connection, CANONICAL, parts, query.born, limit)


def _keys(words: Sequence[str], prefixes: Callable[[str], tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The keys to search for: of the last word, which may still be typed, all that it may become."""
    return [*(prefixes(word)[:1] for word in words[:-1]), prefixes(words[-1])] if words else []


def _exact(connection: Connection, query: Query, limit: int) -> Sequence[_Row]:
    if query.line is not None:
        return _rows(connection, "v.line = ?", (query.line,), limit)
    if query.number:
        return _rows(connection, "v.pinfl >= ? AND v.pinfl < ?", _from_to(query.number), limit)
    if query.document:
        return _rows(connection, "v.document >= ? AND v.document < ?", _from_to(query.document), limit)
    if query.place:
        return _rows(connection, "v.page = ? AND v.row = ?", query.place, limit)
    return []


def _by_keys(
    connection: Connection, table: str, words: Sequence[Sequence[str]], born: str, limit: int
) -> Sequence[_Row]:
    terms = [_any_of(keys) for keys in words]
    if not all(terms):
        return ()
    narrowed = [f'"{born}"'] if born else []
    found: list[_Row] = []
    if terms:
        by_surname = " OR ".join(
            "(" + " AND ".join([*terms[:place], _any_of(keys, SURNAME), *terms[place + 1 :]]) + ")"
            for place, keys in enumerate(words)
        )
        found += _matching(connection, table, " AND ".join([f"({by_surname})", *narrowed]), limit)
    if len(found) < limit:
        found += _matching(connection, table, " AND ".join([*terms, *narrowed]), limit)
    return found


def _any_of(keys: Sequence[str], kind: str = "") -> str:
    terms = " OR ".join(f'"{kind}{key}"*' for key in keys if key)
    return f"({terms})" if terms else ""


def _matching(connection: Connection, table: str, match: str, limit: int) -> Sequence[_Row]:
    # FTS5 answers in the order of ids, which is the order of the list: it stops at the limit without sorting.
    ids = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid LIMIT ?"  # noqa: S608  (a constant)
    statement = f"SELECT {_HIT_COLUMNS} FROM {_HIT_TABLES} WHERE v.id IN ({ids}) ORDER BY v.id"  # noqa: S608  (constants)
    return connection.exec_driver_sql(statement, (match, limit)).all()


def _rows(connection: Connection, where: str, values: tuple[object, ...], limit: int) -> Sequence[_Row]:
    statement = f"SELECT {_HIT_COLUMNS} FROM {_HIT_TABLES} WHERE {where} ORDER BY v.id LIMIT ?"  # noqa: S608  (constants)
    return connection.exec_driver_sql(statement, (*values, limit)).all()


def _words_with(connection: Connection, part: str) -> tuple[str, ...]:
    rows = connection.exec_driver_sql(
        "SELECT word FROM name_word WHERE instr(word, ?) > 1 LIMIT ?", (part, _WORDS_OF_A_PART_MAX)
    )
    return tuple(row.word for row in rows)


def _hit(row: _Row, tier: Tier, unmoved: Status) -> Hit:
    return Hit(
        LineId(row.line),
        tier,
        row.surname,
        row.given_name,
        row.patronymic,
        date.fromisoformat(row.birth_date),
        row.page,
        row.row,
        _status(row, unmoved),
    )


def _status(row: _Row, unmoved: Status) -> Status:
    if row.place is None:
        return unmoved
    return Status.MARKED if row.marked else LineState(place=Place(row.place), proof=Proof(row.proof)).status


def _from_to(prefix: str) -> tuple[str, str]:
    return prefix, prefix + "\U0010ffff"


def _take_birth(text: str) -> tuple[str, str]:
    """The key of a birth date or year in `text`, and the text without it."""
    if (whole := _BORN.search(text)) is not None:
        try:
            born = date(int(whole[3]), int(whole[2]), int(whole[1]))
        except ValueError:
            return year_key(int(whole[3])), text.replace(whole[0], " ")
        return date_key(born), text.replace(whole[0], " ")
    if (year := _YEAR.search(text)) is not None:
        return year_key(int(year[1])), text.replace(year[0], " ", 1)
    return "", text
