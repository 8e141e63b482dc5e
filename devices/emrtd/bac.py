"""Basic access control: session keys from the MRZ.

Source: ICAO 9303-11 §4.3.
"""

from typing import Final

from devices.emrtd.ciphers import MAC_BYTES, Keys, Suite, decrypt, derive_keys, encrypt, mac
from devices.emrtd.faults import AccessDenied, Protocol, ProtocolFailed
from devices.emrtd.key_agreement import Random
from devices.emrtd.keys import AccessKey
from devices.emrtd.secure_messaging import Channel
from devices.smartcard.apdu import Command
from devices.smartcard.transport import Transport

CHALLENGE_BYTES: Final = 8
KEY_BYTES: Final = 16
_SUITE: Final = Suite.TRIPLE_DES
_ANSWER_BYTES: Final = 2 * CHALLENGE_BYTES + KEY_BYTES + MAC_BYTES


def document_keys(key: AccessKey) -> Keys:
    """Return the keys that the MRZ gives (§4.3.2)."""
    return derive_keys(key.bac_seed, _SUITE)


def seal(keys: Keys, content: bytes) -> bytes:
    """Return what one side proves itself with: encrypted, then its MAC."""
    encrypted = encrypt(_SUITE, keys.encryption, content)
    return encrypted + mac(_SUITE, keys.mac, encrypted)


def unseal(keys: Keys, untrusted: bytes) -> bytes | None:
    """Return what the other side proves itself with; None if it has other keys."""
    encrypted, told = untrusted[:-MAC_BYTES], untrusted[-MAC_BYTES:]
    if len(untrusted) != _ANSWER_BYTES or mac(_SUITE, keys.mac, encrypted) != told:
        return None
    return decrypt(_SUITE, keys.encryption, encrypted)


def session(chip_challenge: bytes, reader_challenge: bytes, chip_key: bytes, reader_key: bytes) -> Channel:
    """Return the channel that both sides' parts give (§4.3.3)."""
    seed = bytes(one ^ other for one, other in zip(chip_key, reader_key, strict=True))
    return Channel(derive_keys(seed, _SUITE), int.from_bytes(chip_challenge[4:] + reader_challenge[4:]))


def authenticate(transport: Transport, key: AccessKey, random: Random) -> Channel:
    """Return the channel that basic access control opens; the application must be selected.

    Raises:
        AccessDenied: The chip didn't accept the key.
        ProtocolFailed: The chip doesn't know this protocol, or didn't prove that it has the key too.
        CardFault: As the transport.
    """
    keys = document_keys(key)
    challenge = transport.transmit(Command(0, 0x84, 0, 0, expected=CHALLENGE_BYTES))
    if not challenge.is_ok or len(challenge.data) != CHALLENGE_BYTES:
        raise ProtocolFailed(Protocol.BAC, "no challenge", challenge.status)
    ours, our_key = random(CHALLENGE_BYTES), random(KEY_BYTES)
    proof = seal(keys, ours + challenge.data + our_key)
    answer = transport.transmit(Command(0, 0x82, 0, 0, proof, expected=_ANSWER_BYTES))
    if not answer.is_ok or not answer.data:
        raise AccessDenied(Protocol.BAC, answer.status)
    content = unseal(keys, answer.data)
    if content is None or content[:8] != challenge.data or content[8:16] != ours:
        raise ProtocolFailed(Protocol.BAC, "the chip doesn't prove that it has the key")
    return session(challenge.data, ours, content[16:], our_key)
