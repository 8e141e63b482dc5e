"""Chip authentication: the chip proves its private key by the session keys that only its owner can derive.

What is left over can be looked at again: `ChipTranscript` holds our ephemeral key and the first answer under the new
keys. It convinces whoever kept it himself; to anybody else it proves nothing, since our own key makes such answers.

Source: ICAO 9303-11 §6.2; BSI TR-03110-3 B.2.
"""

from dataclasses import dataclass
from typing import Final

from devices.emrtd.ciphers import Suite, derive_keys
from devices.emrtd.faults import ChannelBroken, Protocol, ProtocolFailed
from devices.emrtd.key_agreement import Domain, PublicInvalid, Random
from devices.emrtd.pace import DYNAMIC_DATA, GENERAL_AUTHENTICATE, oid_content
from devices.emrtd.secure_messaging import Channel
from devices.emrtd.tlv import encode
from devices.smartcard.apdu import Command, Response
from devices.smartcard.transport import Transport

MSE_SET_KAT: Final = (0x22, 0x41, 0xA6)
MSE_SET_AT: Final = (0x22, 0x41, 0xA4)


@dataclass(frozen=True, slots=True)
class ChipKey:
    """A chip's public key of DG14 with how it is used.

    Attributes:
        oid: The protocol.
        suite: The cipher of the session that it opens.
        domain: Where the key lies.
        public: The key as it would be sent.
        key_id: Its number, None if it has none.
    """

    oid: str
    suite: Suite
    domain: Domain
    public: bytes
    key_id: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ChipTranscript:
    """What one run leaves.

    Attributes:
        oid: The protocol.
        chip_key: The key that was proven, as sent.
        private: Our ephemeral key; it opens this session and nothing else.
        response: The first answer under the new keys, as it came over the air.
    """

    oid: str
    chip_key: bytes
    private: int
    response: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Agreed:
    """New session keys that the chip has not shown to have yet."""

    channel: Channel
    private: int


def agree(transport: Transport, key: ChipKey, random: Random) -> Agreed:
    """Return the channel under new keys; its first answer is the chip's proof.

    Raises:
        ProtocolFailed: The chip ended it, or its key may not be used.
        CardFault: As the transport.
    """
    private = key.domain.draw_private(random)
    public = key.domain.public_of(private)
    key_id = b"" if key.key_id is None else encode(0x84, _shortest(key.key_id))
    if key.suite is Suite.TRIPLE_DES:
        _done(transport.transmit(Command(0, *MSE_SET_KAT, encode(0x91, public) + key_id, may_extend=True)))
    else:
        _done(transport.transmit(Command(0, *MSE_SET_AT, encode(0x80, oid_content(key.oid)) + key_id)))
        data = encode(DYNAMIC_DATA, encode(0x80, public))
        _done(transport.transmit(Command(0, GENERAL_AUTHENTICATE, 0, 0, data, 256, may_extend=True)))
    try:
        secret = key.domain.agree(private, key.public)
    except PublicInvalid as error:
        raise ProtocolFailed(Protocol.CHIP_AUTHENTICATION, "a key that may not be used") from error
    return Agreed(Channel(derive_keys(secret, key.suite)), private)


def _done(response: Response) -> None:
    if not response.is_ok:
        raise ProtocolFailed(Protocol.CHIP_AUTHENTICATION, "refused", response.status)


def _shortest(number: int) -> bytes:
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8))


def is_proven(transcript: ChipTranscript, key: ChipKey) -> bool:
    """Tell whether the first answer was made with the private key of `key`; it must be the one that was used."""
    if (transcript.oid, transcript.chip_key) != (key.oid, key.public):
        return False
    try:
        secret = key.domain.agree(transcript.private, key.public)
        # The first command counts one, its answer two.
        Channel(derive_keys(secret, key.suite), 1).open_response(Response(transcript.response, 0))
    except (PublicInvalid, ChannelBroken):
        return False
    return True
