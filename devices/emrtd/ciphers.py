"""The ciphers of access control and secure messaging, and the keys derived for them.

Source: ICAO 9303-11 §9.7 (key derivation), §9.8 (secure messaging), ISO/IEC 9797-1 (MAC algorithm 3, padding 2).
"""

import hashlib
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

MAC_BYTES: Final = 8


class Purpose(IntEnum):
    """What a derived key is for: the counter of the key derivation function (Part 11 §9.7.1)."""

    ENCRYPTION = 1
    MAC = 2
    PASSWORD = 3


class Suite(Enum):
    """A block cipher with its MAC; the value names it in results."""

    TRIPLE_DES = "3DES"
    AES_128 = "AES-128"
    AES_192 = "AES-192"
    AES_256 = "AES-256"

    @property
    def block_bytes(self) -> int:
        return 8 if self is Suite.TRIPLE_DES else 16

    @property
    def key_bytes(self) -> int:
        return {Suite.AES_192: 24, Suite.AES_256: 32}.get(self, 16)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """A pair of keys of one suite; never printed."""

    suite: Suite
    encryption: bytes
    mac: bytes

    def __repr__(self) -> str:
        return f"Keys({self.suite.value})"


def derive_key(secret: bytes, purpose: Purpose, suite: Suite) -> bytes:
    """Return the key that `secret` gives for a purpose.

    Source: Part 11 §9.7.1; 3DES keys with adjusted parity bits as its Appendix D.1 prints them.
    """
    # S303: the standard's own hash for keys of up to 128 bits.
    hashed = hashlib.sha256 if suite.key_bytes > 16 else hashlib.sha1
    key = hashed(secret + int(purpose).to_bytes(4)).digest()[: suite.key_bytes]
    return _with_parity(key) if suite is Suite.TRIPLE_DES else key


def derive_keys(secret: bytes, suite: Suite) -> Keys:
    """Return the session keys that `secret` gives."""
    return Keys(suite, derive_key(secret, Purpose.ENCRYPTION, suite), derive_key(secret, Purpose.MAC, suite))


def _with_parity(key: bytes) -> bytes:
    return bytes(byte & 0xFE | (byte >> 1).bit_count() % 2 ^ 1 for byte in key)


def pad(data: bytes, block_bytes: int) -> bytes:
    """Return `data` with the byte 80 and as few 00 as fill the last block."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block_bytes)


def unpad(padded: bytes) -> bytes:
    """Return what was padded.

    Raises:
        ValueError: There is no padding.
    """
    data = padded.rstrip(b"\x00")
    if not data.endswith(b"\x80"):
        raise ValueError("no padding")
    return data[:-1]


def _block_cipher(suite: Suite, key: bytes) -> TripleDES | algorithms.AES:
    if suite is Suite.TRIPLE_DES:
        return TripleDES(key + key[:8])  # two keys, given as three
    return algorithms.AES(key)


def encrypt(suite: Suite, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
    """Return whole blocks encrypted in CBC mode; without `iv` it is zero."""
    encryptor = Cipher(_block_cipher(suite, key), modes.CBC(iv or bytes(suite.block_bytes))).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def decrypt(suite: Suite, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
    """Return whole blocks decrypted in CBC mode; without `iv` it is zero.

    Raises:
        ValueError: `data` isn't a number of whole blocks.
    """
    decryptor = Cipher(_block_cipher(suite, key), modes.CBC(iv or bytes(suite.block_bytes))).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def encrypt_block(suite: Suite, key: bytes, block: bytes) -> bytes:
    """Return one block encrypted by itself."""
    return encrypt(suite, key, block)  # CBC of one block under a zero vector is the block by itself


def mac_of_padded(suite: Suite, key: bytes, padded: bytes) -> bytes:
    """Return the MAC of whole blocks, 8 bytes: CMAC for AES, the retail MAC for 3DES."""
    if suite is not Suite.TRIPLE_DES:
        cmac = CMAC(algorithms.AES(key))
        cmac.update(padded)
        return cmac.finalize()[:MAC_BYTES]
    first, second = key[:8], key[8:16]
    last = encrypt(suite, first * 2, padded)[-MAC_BYTES:]
    return encrypt(suite, first * 2, decrypt(suite, second * 2, last))


def mac(suite: Suite, key: bytes, data: bytes) -> bytes:
    """Return the MAC of `data`, which the retail MAC needs padded and CMAC pads itself (Part 11 §4.4.3.4)."""
    return mac_of_padded(suite, key, pad(data, 8) if suite is Suite.TRIPLE_DES else data)


class CipherMachine:
    """The ciphers of a session's keys, set up once: setting up costs more than a command's few blocks.

    It does what the functions here do, under the vectors that secure messaging has (Part 11 §9.8.6).
    """

    def __init__(self, keys: Keys) -> None:
        self.suite = keys.suite
        self._block_bytes = keys.suite.block_bytes
        self._is_aes = keys.suite is not Suite.TRIPLE_DES
        algorithm = _block_cipher(keys.suite, keys.encryption)
        self._algorithm = algorithm
        if self._is_aes:
            self._single = Cipher(algorithm, modes.ECB()).encryptor()  # noqa: S305 - one block: the counter
            self._cmac = CMAC(algorithms.AES(keys.mac))
        else:
            zero = modes.CBC(bytes(MAC_BYTES))
            self._chained = Cipher(algorithm, zero)
            self._mac_first = Cipher(TripleDES(keys.mac[:8] * 3), zero)
            last = Cipher(_block_cipher(keys.suite, keys.mac), modes.ECB())  # noqa: S305 - one block: the last
            self._mac_last = last.encryptor()

    def __repr__(self) -> str:
        return f"CipherMachine({self.suite.value})"

    def _cipher(self, counter: int) -> Cipher[modes.CBC]:
        if not self._is_aes:
            return self._chained
        vector = self._single.update(counter.to_bytes(self._block_bytes))
        return Cipher(self._algorithm, modes.CBC(vector))

    def encrypt(self, padded: bytes, counter: int) -> bytes:
        """Return whole blocks, one or more, encrypted under the counter's vector."""
        return self._cipher(counter).encryptor().update(padded)

    def decrypt(self, untrusted: bytes, counter: int) -> bytes:
        """Return whole blocks decrypted under the counter's vector.

        Raises:
            ValueError: It isn't a number of whole blocks, or none.
        """
        if not untrusted or len(untrusted) % self._block_bytes:
            raise ValueError("no whole blocks")
        return self._cipher(counter).decryptor().update(untrusted)

    def mac_of_padded(self, padded: bytes) -> bytes:
        """Return the MAC of whole blocks, two or more."""
        if self._is_aes:
            cmac = self._cmac.copy()
            cmac.update(padded)
            return cmac.finalize()[:MAC_BYTES]
        # All blocks but the last under the first half, the last under both: the retail MAC in two steps.
        chained = self._mac_first.encryptor().update(padded[:-MAC_BYTES])[-MAC_BYTES:]
        last = int.from_bytes(padded[-MAC_BYTES:]) ^ int.from_bytes(chained)
        return self._mac_last.update(last.to_bytes(MAC_BYTES))
