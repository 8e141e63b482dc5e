"""How much one book, and one address, may ask of the register in a time: whoever asks too much is sent away at once.

1. A book that has proven itself from an address has an allowance of its own there. It is known by both, so that nobody
   can use up another's who is elsewhere and has not its key.
2. Everybody else of an address shares one allowance: books that have not proven anything yet, and codes.
3. An allowance is so many requests at once, and so many a second after that; and so many under way at a time, so that
   no one fills the queues before the threads.
4. What is remembered is bounded: the least recently seen is forgotten first, and who is forgotten is a stranger again.

A station behind the address of a hostile one is served as long as it is remembered; one that is not shares with it.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` requests at once, `per_s` a second after that, `under_way` at a time."""

    burst: int
    per_s: float
    under_way: int


OF_BOOK = Limit(60, 10.0, 8)
"""A station has one request under way, every few seconds. A go of parcels is 50 pieces (`sync.parcels`)."""
OF_STRANGERS = Limit(400, 100.0, 32)
"""Of one address, which may be a whole region's by satellite; to prove one takes about a millisecond."""
REMEMBERED_MAX = 32_768
"""Three times the stations of the country; some 10 MB."""

Book = str
_Key = tuple[str, Book]
_STRANGERS: Book = ""


@dataclass(slots=True)
class _Spent:
    """`free_at_s` is when the whole allowance is there again (generic cell rate algorithm)."""

    free_at_s: float = 0.0
    under_way: int = 0


@dataclass(slots=True)
class Allowances:
    """What was spent of them; `now_s` is any clock that never goes back."""

    _known: OrderedDict[_Key, _Spent] = field(default_factory=OrderedDict)
    _strangers: OrderedDict[_Key, _Spent] = field(default_factory=OrderedDict)

    def begin(self, address: str, book: Book, now_s: float) -> Visit | None:
        """A request of one who calls himself this book ('' where he names none), or None: it is one too many.

        Nothing of a request needs to have been read or proven. What is refused costs its sender nothing more.
        """
        network = network_of(address)
        key, limit, spent = (network, book), OF_BOOK, self._known.get((network, book))
        if spent is None:
            key, limit = (network, _STRANGERS), OF_STRANGERS
            spent = _remember(self._strangers, key)
        else:
            self._known.move_to_end(key)
        if spent.under_way >= limit.under_way:
            return None
        free_at_s = max(spent.free_at_s, now_s) + 1 / limit.per_s
        if free_at_s - now_s > limit.burst / limit.per_s:
            return None
        spent.free_at_s = free_at_s
        spent.under_way += 1
        return Visit(self, network, book, spent)

    def is_known(self, address: str, book: Book) -> bool:
        """Whether the book has an allowance of its own at this address."""
        return (network_of(address), book) in self._known

    def remembered(self) -> int:
        """How many are remembered."""
        return len(self._known) + len(self._strangers)

    def know(self, network: str, book: Book) -> None:
        """This book has proven itself from there."""
        _remember(self._known, (network, book))


@dataclass(slots=True)
class Visit:
    """One request that was let in, until `end`."""

    _allowances: Allowances
    _network: str
    _book: Book
    _spent: _Spent

    def note_proven(self) -> None:
        """It was this book's own: the next one is not a stranger's."""
        if self._book:
            self._allowances.know(self._network, self._book)

    def end(self) -> None:
        """It was answered, or its connection is gone."""
        self._spent.under_way -= 1


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the 64-bit network of an IPv6 one, which is one customer's.

    Source: RFC 6177, BCP 157.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))
    return str(found)


def _remember(those: OrderedDict[_Key, _Spent], key: _Key) -> _Spent:
    spent = those.get(key)
    if spent is None:
        spent = those[key] = _Spent()
        if len(those) > REMEMBERED_MAX:
            those.popitem(last=False)
    else:
        those.move_to_end(key)
    return spent
