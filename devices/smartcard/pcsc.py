"""Readers of the system's smart card service (PC/SC): the one home of pyscard.

A card is taken exclusively and within a transaction, so no other program comes between. Whatever the service answers
becomes one of `faults` here; where its code says little, what it says about the reader's state decides.

Source: PC/SC Workgroup part 5 (service), part 10 (reader features, §2.6.14 TLV properties).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from smartcard import scard

from devices.smartcard.faults import (
    CardFault,
    CardInUse,
    CardMute,
    CardRemoved,
    NoCard,
    ReaderGone,
    ServiceAway,
)

_ANY_PROTOCOL: Final = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
# pcsc-lite's and Windows' own name for "the set of readers".
_PLUG_AND_PLAY: Final = r"\\?PnP?\Notification"
_GET_FEATURES: Final = scard.SCARD_CTL_CODE(3400)
_TLV_PROPERTIES, _MAX_DATA_PROPERTY = 0x12, 0x0A
_SHORT_DATA_BYTES: Final = 255
_STATUS_BYTES: Final = 2
# pcsc-lite looks every 400 ms at a reader that can't tell by itself.
_NOTICED_MS: Final = 1_000

_FAULT_OF: Final[dict[int, tuple[type[CardFault], str]]] = {
    scard.SCARD_E_NO_SERVICE: (ServiceAway, "the smart card service isn't running"),
    scard.SCARD_E_SERVICE_STOPPED: (ServiceAway, "the smart card service was stopped"),
    scard.SCARD_E_INVALID_HANDLE: (ServiceAway, "the smart card service was started anew"),
    scard.SCARD_E_SYSTEM_CANCELLED: (ServiceAway, "the smart card service was stopped"),
    scard.SCARD_F_INTERNAL_ERROR: (ServiceAway, "the smart card service broke off"),
    scard.SCARD_E_NO_READERS_AVAILABLE: (ReaderGone, "no reader is plugged in"),
    scard.SCARD_E_UNKNOWN_READER: (ReaderGone, "no reader of this name"),
    scard.SCARD_E_READER_UNAVAILABLE: (ReaderGone, "the reader was unplugged"),
    scard.SCARD_E_NO_SMARTCARD: (NoCard, "no card on the reader"),
    scard.SCARD_W_REMOVED_CARD: (CardRemoved, "the card left the reader"),
    scard.SCARD_W_RESET_CARD: (CardRemoved, "somebody reset the card"),
    scard.SCARD_W_UNPOWERED_CARD: (CardMute, "the card doesn't take power"),
    scard.SCARD_W_UNRESPONSIVE_CARD: (CardMute, "the card doesn't answer"),
    scard.SCARD_W_UNSUPPORTED_CARD: (CardMute, "the reader doesn't know this kind of card"),
    scard.SCARD_E_PROTO_MISMATCH: (CardMute, "the reader doesn't know this kind of card"),
    scard.SCARD_E_SHARING_VIOLATION: (CardInUse, "another program uses the card"),
}

_LOOKED: Final = frozenset({scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT, scard.SCARD_E_UNKNOWN_READER})


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader as it stands now.

    Attributes:
        name: As the service names it.
        has_card: A card lies on it.
        is_mute: The card doesn't answer.
        is_in_use: Another program has it for itself.
    """

    name: str
    has_card: bool
    is_mute: bool
    is_in_use: bool


def _state_of(name: str, state: int) -> Reader:
    return Reader(
        name,
        has_card=bool(state & scard.SCARD_STATE_PRESENT),
        is_mute=bool(state & scard.SCARD_STATE_MUTE),
        is_in_use=bool(state & scard.SCARD_STATE_EXCLUSIVE),
    )


@contextmanager
def _service() -> Iterator[int]:
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if result != scard.SCARD_S_SUCCESS:
        raise ServiceAway("the smart card service isn't running")
    try:
        yield context
    finally:
        scard.SCardReleaseContext(context)


def _fault(result: int) -> CardFault:
    kind, text = _FAULT_OF.get(result, (CardMute, f"the reader failed: {result & 0xFFFFFFFF:08X}"))
    return kind(text)


def _names(context: int) -> list[str]:
    result, names = scard.SCardListReaders(context, [])
    if result == scard.SCARD_E_NO_READERS_AVAILABLE:
        return []
    if result != scard.SCARD_S_SUCCESS:
        raise _fault(result)
    return names


def list_readers() -> tuple[Reader, ...]:
    """Return the readers that are plugged in, with what lies on them.

    Raises:
        ServiceAway: There is no smart card service.
    """
    with _service() as context:
        return tuple(_state_of(name, state) for name, state in _states(context))


def _states(context: int) -> list[tuple[str, int]]:
    names = _names(context)
    if not names:
        return []
    asked = [(name, scard.SCARD_STATE_UNAWARE) for name in names]
    result, states = scard.SCardGetStatusChange(context, 0, asked)
    if result not in _LOOKED:
        raise _fault(result)
    return [(name, state) for name, state, _ in states if not state & scard.SCARD_STATE_UNKNOWN]


def watch_readers(interval_ms: int = 500) -> Iterator[tuple[Reader, ...]]:
    """Yield the readers now and at each change, and the same again after `interval_ms` without one.

    Whoever watches looks at its own reasons to stop between two; plugging, unplugging and cards are told at once.

    Raises:
        ServiceAway: The smart card service isn't there, or stopped; watch anew to wait for it.
    """
    with _service() as context:
        while True:
            states = _states(context)
            yield tuple(_state_of(name, state) for name, state in states)
            asked = [(_PLUG_AND_PLAY, len(states) << 16)]
            asked += [(name, state & ~scard.SCARD_STATE_CHANGED) for name, state in states]
            result, _ = scard.SCardGetStatusChange(context, interval_ms, asked)
            if result not in _LOOKED:
                raise _fault(result)


class PcscLink:
    """The card on a reader, ours alone until `connect` ends."""

    def __init__(self, context: int, name: str, card: int, protocol: int) -> None:
        self.name = name
        self._context = context
        self._card = card
        self._protocol = protocol
        self._atr = self._told_atr()
        self._data_bytes_max = self._largest_data()

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def data_bytes_max(self) -> int | None:
        return self._data_bytes_max

    def exchange(self, command: bytes) -> bytes:
        """Send a command and return the answer.

        Raises:
            CardRemoved: The card is gone.
            ReaderGone: The reader is.
            ServiceAway: The service is.
            CardMute: The card is there and doesn't answer.
        """
        pci = scard.SCARD_PCI_T1 if self._protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        result, answer = scard.SCardTransmit(self._card, pci, list(command))
        # A card that was pulled at that moment leaves success without a status word.
        if result != scard.SCARD_S_SUCCESS or len(answer) < _STATUS_BYTES:
            raise self._diagnosed(result)
        return bytes(answer)

    def reset(self) -> None:
        """Take the card's power and give it again.

        Raises:
            CardFault: As `exchange`.
        """
        # A transaction ends with the reset on Windows, and goes on here: it is begun anew either way.
        scard.SCardEndTransaction(self._card, scard.SCARD_LEAVE_CARD)
        result, protocol = scard.SCardReconnect(
            self._card, scard.SCARD_SHARE_EXCLUSIVE, _ANY_PROTOCOL, scard.SCARD_UNPOWER_CARD
        )
        if result != scard.SCARD_S_SUCCESS:
            raise self._diagnosed(result)
        self._protocol = protocol
        self.begin()

    def begin(self) -> None:
        """The transaction is begun.

        Raises:
            CardFault: As `exchange`.
        """
        result = scard.SCardBeginTransaction(self._card)
        if result != scard.SCARD_S_SUCCESS:
            raise self._diagnosed(result)

    def _diagnosed(self, result: int) -> CardFault:
        """What really happened: services name a pulled card and a lost reader in many ways, and notice it late."""
        looked, state = self._state(0, scard.SCARD_STATE_UNAWARE)
        if looked == scard.SCARD_S_SUCCESS and state & scard.SCARD_STATE_PRESENT:
            looked, state = self._state(_NOTICED_MS, state & ~scard.SCARD_STATE_CHANGED)
        if looked not in {scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT}:
            return _fault(looked)
        if state & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            return ReaderGone("the reader was unplugged")
        if state & scard.SCARD_STATE_EMPTY:
            return CardRemoved("the card left the reader")
        return CardMute("no answer") if result == scard.SCARD_S_SUCCESS else _fault(result)

    def _state(self, timeout_ms: int, known: int) -> tuple[int, int]:
        result, states = scard.SCardGetStatusChange(self._context, timeout_ms, [(self.name, known)])
        return result, states[0][1] if states else known

    def _told_atr(self) -> bytes:
        result, states = scard.SCardGetStatusChange(self._context, 0, [(self.name, scard.SCARD_STATE_UNAWARE)])
        return bytes(states[0][2]) if result == scard.SCARD_S_SUCCESS and states else b""

    def _largest_data(self) -> int | None:
        """What the reader's driver says in its properties (part 10 §2.6.14); most say nothing."""
        result, features = scard.SCardControl(self._card, _GET_FEATURES, [])
        code = _feature(bytes(features), _TLV_PROPERTIES) if result == scard.SCARD_S_SUCCESS else None
        if code is None:
            return None
        result, properties = scard.SCardControl(self._card, int.from_bytes(code), [])
        told = _feature(bytes(properties), _MAX_DATA_PROPERTY) if result == scard.SCARD_S_SUCCESS else None
        if told is None:
            return None
        # Properties are little-endian; zero and small numbers mean that only short commands pass.
        return max(int.from_bytes(told, "little"), _SHORT_DATA_BYTES)


def _feature(untrusted: bytes, wanted: int) -> bytes | None:
    """The value of a tag in a run of tags of one byte and lengths of one byte."""
    at = 0
    while at + 2 <= len(untrusted):
        tag, size = untrusted[at], untrusted[at + 1]
        if tag == wanted:
            return untrusted[at + 2 : at + 2 + size]
        at += 2 + size
    return None


@contextmanager
def connect(reader: str) -> Iterator[PcscLink]:
    """The card on a reader, taken exclusively and freshly powered; given back at the end, without power.

    Raises:
        ServiceAway: There is no smart card service.
        ReaderGone: There is no such reader.
        NoCard: Nothing lies on it.
        CardInUse: Another program has it.
        CardFault: The card can't be used.
    """
    with _service() as context:
        result, card, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, _ANY_PROTOCOL)
        if result != scard.SCARD_S_SUCCESS:
            # Without a card the service says that it was removed.
            fault = _fault(result)
            raise NoCard("no card on the reader") if isinstance(fault, CardRemoved) else fault
        try:
            link = PcscLink(context, reader, card, protocol)
            link.begin()
            yield link
        finally:
            scard.SCardEndTransaction(card, scard.SCARD_LEAVE_CARD)
            scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)
