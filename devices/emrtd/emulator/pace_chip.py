"""PACE as the chip runs it, one step a command.

Source: ICAO 9303-11 §4.4.
"""

from dataclasses import dataclass, field

from devices.emrtd import pace
from devices.emrtd.ciphers import Keys, derive_keys, encrypt, pad
from devices.emrtd.emulator.personalisation import AgreementKey
from devices.emrtd.key_agreement import Domain, Random
from devices.emrtd.keys import AccessKey
from devices.emrtd.points import Plane
from devices.emrtd.security_infos import PaceInfo, PaceMapping
from devices.emrtd.tlv import Objects, encode


class StepRefused(Exception):
    """The step doesn't fit."""


@dataclass(slots=True, repr=False)
class PaceChip:
    """One run.

    Attributes:
        info: The protocol.
        domain: Of its parameters.
        key: The password.
        random: Where nonces and private numbers come from.
        mapping_key: For chip authentication mapping.
        sends_key_back: What no honest chip does.
    """

    info: PaceInfo
    domain: Domain
    key: AccessKey
    random: Random
    mapping_key: AgreementKey | None = None
    sends_key_back: bool = False
    _nonce: bytes = b""
    _mapped: Domain | None = None
    _mapping_private: int = 0
    _ours: bytes = b""
    _theirs: bytes = b""
    _keys: Keys | None = field(default=None)

    def step(self, objects: Objects) -> bytes:
        """Return the answer's objects to a step before the last.

        Raises:
            StepRefused: It isn't the next one.
            PublicInvalid: The reader's key may not be used.
        """
        if not objects and not self._nonce:
            return self._encrypted_nonce()
        (one,) = objects if len(objects) == 1 else (None,)
        if one is not None and one.tag == pace.MAP_OUT and self._nonce and self._mapped is None:
            return self._map(one.value)
        if one is not None and one.tag == pace.KEY_OUT and self._mapped is not None and self._keys is None:
            return self._agree(self._mapped, one.value)
        raise StepRefused

    def _encrypted_nonce(self) -> bytes:
        suite = self.info.suite
        # As long as the key, in whole blocks (§4.4.3.1).
        self._nonce = self.random(32 if suite.key_bytes > 16 else 16)
        return encode(pace.NONCE, encrypt(suite, pace.password_key(self.key, suite), self._nonce))

    def _map(self, theirs: bytes) -> bytes:
        if self.info.mapping is PaceMapping.INTEGRATED:
            if len(theirs) != self.info.suite.key_bytes:
                raise StepRefused
            self._mapped = pace.map_domain(self.info.suite, self.domain, self._nonce, theirs)
            return encode(pace.MAP_IN)
        self._mapping_private = self.domain.draw_private(self.random)
        self._mapped = self.domain.map_generic(self._nonce, self._mapping_private, theirs)
        return encode(pace.MAP_IN, self.domain.public_of(self._mapping_private))

    def _agree(self, mapped: Domain, theirs: bytes) -> bytes:
        private = mapped.draw_private(self.random)
        self._theirs, self._ours = theirs, mapped.public_of(private)
        self._keys = derive_keys(mapped.agree(private, theirs), self.info.suite)
        return encode(pace.KEY_IN, theirs if self.sends_key_back else self._ours)

    def finish(self, objects: Objects) -> tuple[Keys, bytes] | None:
        """Return the session keys and the last answer's objects; None if the reader doesn't have the same keys."""
        told = objects.first(pace.TOKEN_OUT)
        if self._keys is None or told is None or told.value != pace.token(self._keys, self.info, self._ours):
            return None
        answer = encode(pace.TOKEN_IN, pace.token(self._keys, self.info, self._theirs))
        if self.info.mapping is PaceMapping.CHIP_AUTHENTICATION and self.mapping_key is not None:
            answer += encode(pace.CHIP_DATA, self._chip_data(self._keys, self.mapping_key))
        return self._keys, answer

    def _chip_data(self, keys: Keys, key: AgreementKey) -> bytes:
        """The mapping key divided by the chip's own key (§4.4.3.5.1)."""
        plane = getattr(key.domain, "plane", None)
        assert isinstance(plane, Plane)  # noqa: S101 - this mapping runs over curves only
        order = plane.numbers.n
        data = self._mapping_private * pow(key.private, -1, order) % order
        padded = pad(data.to_bytes(plane.order_bytes), keys.suite.block_bytes)
        return encrypt(keys.suite, keys.encryption, padded, pace.chip_data_vector(keys))
