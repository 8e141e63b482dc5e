"""What this book asks of the register: kept until it is answered, and sent with every sync till then."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_bytes

from pollbook import cbor
from pollbook.asks import (
    ASK_ID_BYTES,
    ASKS_MAX,
    Ask,
    Claim,
    ClaimAnswer,
    CompareLines,
    IntakeAsk,
    KeepLine,
    NameLines,
    WithdrawClaim,
    pack_ask,
    take_ask,
)
from pollbook.feed_items import ClaimAnswered, FeedKind, Intake, decode_content
from pollbook.permission import Refusal
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.types import BookName, DeviceId, LineId, PrecinctCode, line_text

_ASK_BYTES_MAX = 4096
_LAST_ANSWERS = frozenset(ClaimAnswer) - {ClaimAnswer.RECALLED, ClaimAnswer.KEPT}
"""After these nothing more is to be expected."""


@dataclass(frozen=True, slots=True)
class AskedClaim:
    """A claim of this book: its id, when it was made, what the register said last, and whether more may come."""

    id: bytes
    pinfl: str
    document: str
    asked_at_s: int
    is_open: bool
    answer: ClaimAnswered | None


def claim_line(book: Book, pinfl: str, document: str) -> bytes:
    """The register is asked for this voter's line from the next sync on; asking twice is one claim. Its id."""
    for claim in claims(book):
        if claim.is_open and (claim.pinfl, claim.document) == (pinfl, document):
            return claim.id
    ask = Claim(token_bytes(ASK_ID_BYTES), pinfl, document)
    _keep(book, ask)
    return ask.id


def withdraw_claim(book: Book, claim_id: bytes) -> None:
    """The voter has left: the line need not come. Where it was let go already, it comes all the same."""
    with book.writing():
        book.connection.exec_driver_sql("UPDATE ask SET is_open = 0 WHERE id = ?", (claim_id,))
    _keep(book, WithdrawClaim(claim_id), under=hashlib.sha256(b"withdraw" + claim_id).digest()[:ASK_ID_BYTES])


def ask_for_intake(book: Book, precinct: PrecinctCode) -> None:
    """The register is asked which book takes in lines for this precinct."""
    ask_id = hashlib.sha256(b"intake" + precinct.encode()).digest()[:ASK_ID_BYTES]
    _keep(book, IntakeAsk(ask_id, precinct))


def intake_of(book: Book, precinct: PrecinctCode) -> Intake | None:
    """The book that takes in lines for this precinct, as the register named it last."""
    with engine.translated():
        row = book.connection.exec_driver_sql("SELECT * FROM intake WHERE precinct = ?", (precinct,)).one_or_none()
    if row is None:
        return None
    return Intake(PrecinctCode(row.precinct), row.address, BookName(DeviceId(row.device), row.epoch), row.box_key)


def claims(book: Book) -> tuple[AskedClaim, ...]:
    """Every claim of this book, oldest first."""
    with engine.translated():
        rows = engine.look(
            book.connection, "SELECT content, asked_at_s, is_open, answer FROM ask ORDER BY asked_at_s, id"
        )
    asked: list[AskedClaim] = []
    for content, asked_at_s, is_open, told in rows:
        ask = take_ask(cbor.decode(content, _ASK_BYTES_MAX))
        if isinstance(ask, Claim):
            answer = None if told is None else decode_content(FeedKind.CLAIM_ANSWERED, told)
            assert answer is None or isinstance(answer, ClaimAnswered)  # noqa: S101 - `note_answer` kept it
            asked.append(AskedClaim(ask.id, ask.pinfl, ask.document, asked_at_s, bool(is_open), answer))
    return tuple(asked)


def outgoing_asks(book: Book, kept: Mapping[LineId, Refusal]) -> tuple[Ask, ...]:
    """What the next request asks; `kept` are the recalled lines that stay, and why."""
    with engine.translated():
        rows = engine.look(
            book.connection, "SELECT content FROM ask WHERE is_open = 1 ORDER BY asked_at_s, id LIMIT ?", (ASKS_MAX,)
        )
    asks = [take_ask(cbor.decode(content, _ASK_BYTES_MAX)) for (content,) in rows]
    for line, why in kept.items():
        name = hashlib.sha256(f"keep {line_text(line)} {why}".encode()).digest()[:ASK_ID_BYTES]
        asks.append(KeepLine(name, line, why))
    return tuple(asks[:ASKS_MAX])


def note_answer(book: Book, answer: ClaimAnswered, content: bytes) -> None:
    """The claim has this answer; only inside `writing`."""
    book.connection.exec_driver_sql(
        "UPDATE ask SET answer = ?, answered_at_s = ?, is_open = is_open AND ? WHERE id = ?",
        (content, int(book.clock.now().timestamp()), int(answer.answer not in _LAST_ANSWERS), answer.claim),
    )


def note_sent(book: Book, asks: tuple[Ask, ...]) -> None:
    """The register has taken these asks: those that have no answer of their own are not sent again."""
    withdrawn = (ask.id for ask in asks if isinstance(ask, WithdrawClaim))
    done = [hashlib.sha256(b"withdraw" + claim).digest()[:ASK_ID_BYTES] for claim in withdrawn]
    # What is asked of one moment is not asked again: an answer for it comes with this one, or never.
    close_asks(book, (*done, *(ask.id for ask in asks if isinstance(ask, CompareLines | NameLines))))


def note_intake(book: Book, intake: Intake) -> None:
    """The intake book of that precinct is known; only inside `writing`."""
    book.connection.exec_driver_sql(
        "INSERT OR REPLACE INTO intake VALUES (?, ?, ?, ?, ?)",
        (intake.precinct, intake.address, intake.book.device, intake.book.epoch, intake.box_key),
    )
    ask_id = hashlib.sha256(b"intake" + intake.precinct.encode()).digest()[:ASK_ID_BYTES]
    book.connection.exec_driver_sql("UPDATE ask SET is_open = 0 WHERE id = ?", (ask_id,))


def close_asks(book: Book, ids: Sequence[bytes]) -> None:
    """The asks kept under these ids are not sent any more; only inside `writing`."""
    if ids:
        book.connection.exec_driver_sql("UPDATE ask SET is_open = 0 WHERE id = ?", [(each,) for each in ids])


def is_any_open(book: Book, ids: Sequence[bytes]) -> bool:
    """Whether an ask that is kept under one of these ids waits for its answer."""
    with engine.translated():
        open_ids = book.connection.exec_driver_sql("SELECT id FROM ask WHERE is_open = 1").scalars().all()
    return not set(ids).isdisjoint(open_ids)


def _keep(book: Book, ask: Ask, under: bytes | None = None) -> None:
    with book.writing():
        keep_in_transaction(book, ask, under)


def keep_in_transaction(book: Book, ask: Ask, under: bytes | None = None) -> None:
    """The ask goes up with every sync until it is answered; only inside `writing`."""
    now_s = int(book.clock.now().timestamp())
    book.connection.exec_driver_sql(
        "INSERT INTO ask VALUES (?, ?, ?, 1, NULL, NULL)"
        " ON CONFLICT (id) DO UPDATE SET is_open = 1, content = excluded.content",
        (under or ask.id, cbor.encode(pack_ask(ask)), now_s),
    )
