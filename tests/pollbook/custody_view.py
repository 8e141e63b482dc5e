"""A book in memory for tests of the rules: its officers sign, and entries get their numbers and times."""

from __future__ import annotations

from pollbook import acts, effects
from pollbook.acts import Signer
from pollbook.book_view import Identity
from pollbook.clock import HybridTime
from pollbook.effects import Anomaly
from pollbook.entries import Entry, Fact, MarkVoided
from pollbook.ledger import origin
from pollbook.line_state import UNMARKED, LineState
from pollbook.releases import MovedLine, Release, sign_release
from pollbook.replay import Replay
from pollbook.signing import SigningKey, device_id
from pollbook.two_officers import TwoOfficers
from pollbook.types import BookName, ElectionId, EntryNumber, LineId, PersonNumber
from tests.making import CHAIR, DEPUTY, OPERATOR, PEOPLE, SECRETARY

ELECTION = ElectionId("test")
LINE, OTHER = LineId(11), LineId(12)
REGISTER_KEY = SigningKey.from_seed(bytes(range(1, 33)))
SLICE = bytes(32)


def name_of(key: SigningKey, epoch: int = 1) -> BookName:
    """The book of the device with this key."""
    return BookName(device_id(key.public), epoch)


class View(Replay):
    """A book in memory, its first entry made and, by default, its day open."""

    def __init__(
        self,
        key: SigningKey | None = None,
        lines: tuple[LineId, ...] = (LINE, OTHER),
        unmoved: LineState = UNMARKED,
        days: tuple[str, ...] = ("2026-12-20",),
    ) -> None:
        self.key = key or SigningKey.from_seed(bytes(range(32)))
        name = name_of(self.key)
        identity = Identity(ELECTION, name, self.key.public, REGISTER_KEY.public, SLICE)
        people = {person.number: person for person in PEOPLE}
        states = dict.fromkeys(lines, unmoved)
        super().__init__(identity, origin(ELECTION, name, SLICE), people, states, days=set(days))
        self.officers = {number: SigningKey.generate() for number in (CHAIR, DEPUTY, SECRETARY)}
        self.bound = {number: key.public for number, key in self.officers.items()}
        self.number = self.start.number + 1

    def enter(self, fact: Fact, actor: PersonNumber = OPERATOR) -> effects.Effect | Anomaly:
        """The fact as the next entry, by `actor`."""
        effect = self.take(EntryNumber(self.number + 1), Entry(HybridTime(self.last_at + 1), actor, fact))
        if not isinstance(effect, Anomaly):
            self.number += 1
        return effect

    def signers(self, first: PersonNumber = CHAIR, second: PersonNumber = DEPUTY) -> tuple[Signer, Signer]:
        """Two officers who have proven their PINs."""
        return (first, self.officers[first].sign), (second, self.officers[second].sign)

    def act(self, message: bytes) -> TwoOfficers:
        """The chair's and the deputy's signatures."""
        return acts.sign_act(message, *self.signers())

    def void(self, line: LineId, mark: int, first: PersonNumber = CHAIR, second: PersonNumber = DEPUTY) -> MarkVoided:
        """The void of a mark by two officers."""
        message = acts.void_bytes(self.start, line, EntryNumber(mark), "adashib")
        return MarkVoided(line, EntryNumber(mark), "adashib", acts.sign_act(message, *self.signers(first, second)))

    def release_to(self, receiver: BookName, *moved: tuple[LineId, int]) -> Release:
        """A release that this book signs, whether it may or not."""
        lines = tuple(MovedLine(line, custody_number) for line, custody_number in moved)
        return sign_release(ELECTION, self.identity.name, receiver, lines, self.key)
