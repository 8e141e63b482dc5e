"""What a desk proves itself with to its neighbours, and how a neighbour's certificate is judged."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from pollbook.clock import Clock
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.signing import SigningKey, certified_key, device_id
from pollbook.types import DeviceId, ElectionId, PrecinctCode


@dataclass(frozen=True, slots=True)
class Credentials:
    """One desk's place and keys: its election, precinct, device key with certificate, and the only authority it trusts.

    `certificate` is DER, `authority` the election authority's certificate as the enrolment file brought it.
    """

    election: ElectionId
    precinct: PrecinctCode
    key: SigningKey
    certificate: bytes
    authority: x509.Certificate

    @property
    def device(self) -> DeviceId:
        """The name of this device."""
        return device_id(self.key.public)


def proven_key(credentials: Credentials, device: DeviceId, untrusted_certificate: bytes, clock: Clock) -> bytes:
    """The raw public key of another device of this election, which its certificate is good for today.

    Raises:
        WorldFailed: `NEIGHBOUR_NOT_TRUSTED`: another authority, another device, out of its days, or our own device.
    """
    if device == credentials.device:
        raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "our own device")
    try:
        key = certified_key(untrusted_certificate, credentials.authority, device.hex(), clock.now())
    except InputInvalid as error:
        raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, str(error)) from error
    if device_id(key) != device:
        raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "a certificate for another key")
    return key
