"""Train the dictionary that messages are compressed with, on synthetic traffic from a seed.

    .venv/bin/python -m development.wire_dictionary

writes `resources/wire/N.dictionary` for the number N that `pollbook.compression` names as its newest. One that went
out with a release is never made again: whoever has it could no longer be read.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from pollbook import compression
from pollbook.asks import Ask, Claim, ClaimAnswer, IntakeAsk, KeepLine, WithdrawClaim
from pollbook.clock import COUNTER_BITS, HybridTime
from pollbook.commanding import software_name
from pollbook.effects import Anomaly
from pollbook.entries import DayOpened, Entry, Fact, KeyBound, Marked, MarkVoided, Outcome, encode_entry
from pollbook.feed_items import Adjudicated, Arrived, ClaimAnswered, FeedItem, FeedKind, Recalled, encode_content
from pollbook.ledger import Head, SignedHead
from pollbook.packing import SliceOrder
from pollbook.permission import Refusal
from pollbook.sync_answer import SyncAnswer, plain_sync_answer
from pollbook.sync_request import SyncRequest, plain_sync_request
from pollbook.two_officers import OfficerSignature
from pollbook.two_officers import TwoOfficers as Officers
from pollbook.types import BookName, Channel, DeviceId, EntryNumber, LineId, PersonNumber, PrecinctCode

SEED = 7
DICTIONARY_BYTES = 4096
CYCLES = 3000
_NOON_S = 1_797_742_800
_DAY_S = 8 * 3600
_REASONS = ("wrong row", "xato qator", "хато қатор", "не та строка", "ikkinchi marta", "voter left before the ballot")
_NOTICES = (
    "Majlis soat 18:00 da",
    "Мажлис соат 18:00 да",
    "Собрание комиссии в 18:00",
    "Ro‘yxatga o‘zgartirish kiritildi",
    "The list has changed; see the messages",
    "Saylov komissiyasining qarori",
)


def main() -> int:
    """Write the dictionary and say how much it takes off."""
    samples = traffic(random.Random(SEED))  # noqa: S311 - synthetic
    dictionary = compression.train(samples, DICTIONARY_BYTES)
    path = Path(__file__).parents[1] / "resources" / "wire" / f"{compression.NEWEST_DICTIONARY}.dictionary"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(dictionary)
    plain = sum(map(len, samples))
    packed = sum(len(compression.compress_message(sample)) for sample in samples)
    print(f"{path.name}: {len(dictionary)} bytes; {plain} bytes of traffic become {packed}")  # noqa: T201
    return 0


def traffic(rng: random.Random) -> list[bytes]:
    """The plain payloads of requests and answers, as stations and a register exchange them in a day."""
    samples = []
    for _ in range(CYCLES):
        request = _request(rng)
        samples += [plain_sync_request(request, _order(rng)), plain_sync_answer(_answer(rng, request), request)]
    return samples


def _request(rng: random.Random) -> SyncRequest:
    first = EntryNumber(rng.randint(1, 3000))
    sent_at_s = _NOON_S + rng.randint(-_DAY_S, _DAY_S)
    entries = tuple(_entries(rng, sent_at_s, rng.choice([0, 0, 1, 1, 2, 5])))
    head = Head(EntryNumber(first + len(entries) - 1), rng.randbytes(32))
    return SyncRequest(
        book=BookName(DeviceId(rng.randbytes(16)), 1),
        first=first,
        entries=entries,
        head=SignedHead(head, rng.randbytes(64)),
        digest=rng.randbytes(8) if rng.random() < 0.8 else None,
        feed_cursor=rng.randint(0, 30),
        sent_at_s=sent_at_s,
        pending=0 if rng.random() < 0.8 else rng.randint(1, 3000),
        software=software_name(),
        asks=tuple(_ask(rng) for _ in range(rng.choice([0, 0, 0, 0, 1, 2]))),
    )


def _ask(rng: random.Random) -> Ask:
    ask = rng.randbytes(8)
    match rng.randrange(4):
        case 0:
            return Claim(ask, "".join(rng.choices("0123456789", k=14)), "")
        case 1:
            return WithdrawClaim(ask)
        case 2:
            return IntakeAsk(ask, _precinct(rng))
        case _:
            return KeepLine(ask, _line(rng), rng.choice(list(Refusal)))


def _line(rng: random.Random) -> LineId:
    return LineId(rng.getrandbits(62) | 1)


def _precinct(rng: random.Random) -> PrecinctCode:
    return PrecinctCode(f"17{rng.randint(3, 35):02d}-{rng.randint(1, 400):04d}")


def _entries(rng: random.Random, now_s: int, count: int) -> list[bytes]:
    entries = []
    for number in range(count):
        at = HybridTime(now_s - 30 + 7 * number << COUNTER_BITS)
        entries.append(encode_entry(Entry(at, PersonNumber(rng.randint(0, 9)), _fact(rng))))
    return entries


def _fact(rng: random.Random) -> Fact:
    line = _line(rng)
    match rng.choices(("mark", "void", "key", "day"), (12, 2, 1, 1))[0]:
        case "mark":
            return Marked(line, rng.choice(list(Channel)))
        case "void":
            return MarkVoided(line, EntryNumber(rng.randint(1, 3000)), rng.choice(_REASONS), _officers(rng))
        case "key":
            officers = _officers(rng) if rng.random() < 0.5 else None
            return KeyBound(PersonNumber(rng.randint(1, 9)), rng.randbytes(32), officers)
        case _:
            return DayOpened(f"2026-12-{rng.randint(1, 31):02d}", _officers(rng))


def _officers(rng: random.Random) -> Officers:
    first, second = rng.sample(range(1, 6), 2)
    return (
        OfficerSignature(PersonNumber(first), rng.randbytes(64)),
        OfficerSignature(PersonNumber(second), rng.randbytes(64)),
    )


def _order(rng: random.Random) -> SliceOrder:
    return SliceOrder.of(_line(rng) for _ in range(20))


def _answer(rng: random.Random, request: SyncRequest) -> SyncAnswer:
    agrees = rng.random() < 0.9
    behind = Head(EntryNumber(max(request.first - 1, 0)), rng.randbytes(32))
    count = rng.choice([0, 0, 0, 1, 2, 6])
    return SyncAnswer(
        acknowledged=request.head.head if agrees else behind,
        feed=tuple(_item(rng, request.feed_cursor + 1 + number) for number in range(count)),
        digest=request.digest if agrees else rng.choice([None, rng.randbytes(8)]),
        register_at_s=request.sent_at_s + rng.randint(-3, 3),
        come_back_s=rng.choice([0, 30, 60]),
    )


def _item(rng: random.Random, number: int) -> FeedItem:
    claim, book = rng.randbytes(8), BookName(DeviceId(rng.randbytes(16)), 1)
    match rng.randrange(7):
        case 0:
            return FeedItem(number, FeedKind.ANOMALY, rng.choice(list(Anomaly)).value, rng.randint(0, 3000))
        case 1:
            return FeedItem(number, FeedKind.NOTICE, rng.choice(_NOTICES))
        case 2:
            return FeedItem(number, FeedKind.REVOKED, "lost")
        case 3:
            recalled = Recalled(_line(rng), book, claim)
            return FeedItem(number, FeedKind.RECALLED, "", rng.randint(1, 99), encode_content(recalled))
        case 4:
            said = ClaimAnswered(claim, rng.choice(list(ClaimAnswer)), _precinct(rng), "12-maktab", _NOON_S)
            return FeedItem(number, FeedKind.CLAIM_ANSWERED, "", 0, encode_content(said))
        case 5:
            adjudicated = Adjudicated(_line(rng), rng.choice(list(Outcome)), EntryNumber(rng.randint(1, 99)))
            return FeedItem(number, FeedKind.ADJUDICATED, "", 0, encode_content(adjudicated))
        case _:
            return FeedItem(number, FeedKind.ARRIVED, "", 0, encode_content(Arrived(claim)))


if __name__ == "__main__":
    sys.exit(main())
