"""A document on a reader: from the person's wish to the reading, and from what went wrong to what people are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from devices.emrtd.document import Reading
from devices.emrtd.faults import (
    AccessDenied,
    ChannelBroken,
    DowngradeRefused,
    KeyDoesNotFit,
    NotATravelDocument,
    ProtocolFailed,
)
from devices.emrtd.keys import AccessKey, KeyInvalid, key_of_can, key_of_data, key_of_mrz
from devices.emrtd.mrz import MrzInvalid, parse
from devices.emrtd.reading import OPTIONS, WORLD, ReadingOptions, World, read_document
from devices.smartcard import pcsc
from devices.smartcard.faults import (
    CardFault,
    CardInUse,
    CardMute,
    CardRemoved,
    LimitReached,
    NoCard,
    ReaderGone,
    ServiceAway,
    Stopped,
)
from devices.smartcard.pcsc import Reader
from pollbook.failures import Failure, UchastkaError, WorldFailed

_FAILURE_OF: Final[tuple[tuple[type[CardFault], Failure], ...]] = (
    (ServiceAway, Failure.READER_SERVICE_AWAY),
    (ReaderGone, Failure.READER_AWAY),
    (NoCard, Failure.DOCUMENT_NOT_THERE),
    (CardRemoved, Failure.DOCUMENT_REMOVED),
    (CardMute, Failure.DOCUMENT_MUTE),
    (CardInUse, Failure.READER_IN_USE),
    (AccessDenied, Failure.DOCUMENT_KEY_WRONG),
    (KeyDoesNotFit, Failure.DOCUMENT_KEY_UNFIT),
    (DowngradeRefused, Failure.DOCUMENT_DOWNGRADE),
    (NotATravelDocument, Failure.NOT_A_TRAVEL_DOCUMENT),
    (LimitReached, Failure.DOCUMENT_ENDLESS),
    (ProtocolFailed, Failure.DOCUMENT_BROKE_OFF),
    (ChannelBroken, Failure.DOCUMENT_BROKE_OFF),
)


def failure_of(fault: CardFault) -> Failure:
    """Return what people are told of a fault; a reading that was stopped by hand has nothing to tell."""
    for kind, failure in _FAILURE_OF:
        if isinstance(fault, kind):
            return failure
    return Failure.DOCUMENT_BROKE_OFF


def told(fault: CardFault) -> UchastkaError:
    """Return the fault as one of ours; its detail holds a protocol and a status word, never what a chip holds."""
    return WorldFailed(failure_of(fault), str(fault))


def key_of_zone(untrusted: str) -> AccessKey:
    """Return the key of machine-readable lines.

    Raises:
        WorldFailed: `DOCUMENT_KEY_INVALID`.
    """
    try:
        return key_of_mrz(parse("\n".join(untrusted.upper().split())))
    except MrzInvalid as error:
        raise WorldFailed(Failure.DOCUMENT_KEY_INVALID, error.reason) from error


def key_of_typed(document_number: str, birth_date: str, expiry_date: str) -> AccessKey:
    """Return the key of what is typed from a document; the dates are YYMMDD.

    Raises:
        WorldFailed: `DOCUMENT_KEY_INVALID`.
    """
    try:
        return key_of_data(document_number, birth_date, expiry_date)
    except KeyInvalid as error:
        raise WorldFailed(Failure.DOCUMENT_KEY_INVALID, str(error)) from error


def key_of_access_number(untrusted: str) -> AccessKey:
    """Return the key of the access number printed on a card.

    Raises:
        WorldFailed: `DOCUMENT_KEY_INVALID`.
    """
    try:
        return key_of_can(untrusted)
    except KeyInvalid as error:
        raise WorldFailed(Failure.DOCUMENT_KEY_INVALID, str(error)) from error


def readers() -> tuple[Reader, ...]:
    """Return the readers that are plugged in.

    Raises:
        WorldFailed: `READER_SERVICE_AWAY`.
    """
    try:
        return pcsc.list_readers()
    except CardFault as fault:
        raise told(fault) from fault


def choose_reader(found: Sequence[Reader]) -> str:
    """Return the one reader with a document on it.

    Raises:
        WorldFailed: `READER_AWAY`, `DOCUMENT_NOT_THERE`, or `SEVERAL_DOCUMENTS`: a person has to name one.
    """
    with_document = [reader.name for reader in found if reader.has_card]
    if len(with_document) > 1:
        raise WorldFailed(Failure.SEVERAL_DOCUMENTS, f"{len(with_document)} readers")
    if not with_document:
        raise WorldFailed(Failure.DOCUMENT_NOT_THERE if found else Failure.READER_AWAY)
    return with_document[0]


def read_on(reader: str, key: AccessKey, options: ReadingOptions = OPTIONS, world: World = WORLD) -> Reading:
    """Return what the document on a reader holds.

    Raises:
        WorldFailed: One of the failures of documents and readers.
        Stopped: The person wanted no more.
    """
    try:
        with pcsc.connect(reader) as link:
            return read_document(link, key, options, world)
    except Stopped:
        raise
    except CardFault as fault:
        raise told(fault) from fault
