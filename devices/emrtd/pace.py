"""PACE: session keys from the MRZ or the CAN that nobody who listened can guess later.

Generic, integrated and chip authentication mapping, over curves and groups, with 3DES and AES.

Source: ICAO 9303-11 §4.4, §9.4.
"""

from dataclasses import dataclass
from typing import Final

from devices.emrtd import der
from devices.emrtd.ciphers import (
    Keys,
    Purpose,
    Suite,
    decrypt,
    derive_key,
    derive_keys,
    encrypt_block,
    mac,
    unpad,
)
from devices.emrtd.faults import AccessDenied, Protocol, ProtocolFailed
from devices.emrtd.key_agreement import Domain, PublicInvalid, Random, pseudo_random_bytes
from devices.emrtd.keys import AccessKey
from devices.emrtd.secure_messaging import Channel
from devices.emrtd.security_infos import Agreement, PaceInfo, PaceMapping
from devices.emrtd.tlv import ContentInvalid, Objects, encode, read_file
from devices.smartcard.apdu import OK, SHORT_EXPECTED_MAX, Command
from devices.smartcard.transport import Transport

MSE_SET_AT: Final = (0x22, 0xC1, 0xA4)
GENERAL_AUTHENTICATE: Final = 0x86
COMMAND_CHAINED: Final = 0x10
DYNAMIC_DATA: Final = 0x7C
# What a step sends and what it gets (§4.4.4.2).
NONCE, MAP_OUT, MAP_IN, KEY_OUT, KEY_IN, TOKEN_OUT, TOKEN_IN, CHIP_DATA = 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x8A
_WRONG_PARAMETERS: Final = frozenset({0x6A80, 0x6A86, 0x6A87, 0x6A88, 0x6700})


@dataclass(frozen=True, slots=True)
class Offer:
    """One way of PACE that a chip offers and this program knows.

    Attributes:
        info: What it is made of.
        domain: Where keys are agreed.
        is_ambiguous: The chip offers the same protocol over other parameters too, so the number must be named.
    """

    info: PaceInfo
    domain: Domain
    is_ambiguous: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class ChipProof:
    """What chip authentication mapping leaves to be proven once the chip's own key is known.

    Attributes:
        parameter_id: The domain parameters of both.
        mapping_key: The chip's public key of the mapping step.
        data: Its encrypted data, opened.
    """

    parameter_id: int
    mapping_key: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What PACE leads to; `named_parameter` tells that the chip wanted the number of the domain parameters."""

    channel: Channel
    chip_proof: ChipProof | None
    named_parameter: bool


def oid_content(oid: str) -> bytes:
    """Return an object identifier as it stands in MSE:Set AT, without tag and length."""
    return der.write_object_identifier(oid)[2:]


def password_key(key: AccessKey, suite: Suite) -> bytes:
    """Return what the nonce is encrypted under (§9.7.3)."""
    return derive_key(key.pace_secret, Purpose.PASSWORD, suite)


def token(keys: Keys, info: PaceInfo, public: bytes) -> bytes:
    """Return what one side proves its session keys with: a MAC over the other side's public value (§4.4.3.4)."""
    tag = 0x86 if info.agreement is Agreement.ECDH else 0x84
    return mac(keys.suite, keys.mac, encode(0x7F49, der.write_object_identifier(info.oid), encode(tag, public)))


def map_domain(suite: Suite, domain: Domain, nonce: bytes, reader_nonce: bytes) -> Domain:
    """Return the domain that integrated mapping leads to.

    Raises:
        PublicInvalid: The nonces lead to none.
    """
    return domain.map_integrated(pseudo_random_bytes(suite, nonce, reader_nonce, domain))


def chip_data_vector(keys: Keys) -> bytes:
    """Return the vector under which the data of chip authentication mapping is encrypted (§4.4.3.5)."""
    return encrypt_block(keys.suite, keys.encryption, b"\xff" * keys.suite.block_bytes)


def authenticate(transport: Transport, offer: Offer, key: AccessKey, random: Random) -> Opened:
    """Return the channel that PACE opens; the master file must be the current one.

    Raises:
        AccessDenied: The chip ended the protocol at its last step: a wrong password, or a quirk.
        ProtocolFailed: It ended before, or the chip didn't prove itself.
        CardFault: As the transport.
    """
    run = _Run(transport, offer, key, random)
    try:
        return run.run()
    except PublicInvalid as error:
        raise ProtocolFailed(Protocol.PACE, "a public value that may not be used") from error
    except ContentInvalid as error:
        raise ProtocolFailed(Protocol.PACE, "an answer of another form") from error


@dataclass(frozen=True, slots=True, repr=False)
class _Run:
    transport: Transport
    offer: Offer
    key: AccessKey
    random: Random

    def run(self) -> Opened:
        named = self._choose()
        info = self.offer.info
        nonce = self._nonce()
        mapped, mapping_key = self._map(nonce)
        private = mapped.draw_private(self.random)
        ours = mapped.public_of(private)
        theirs = self._step(KEY_OUT, ours, KEY_IN)
        if theirs == ours:
            raise ProtocolFailed(Protocol.PACE, "the chip sends our own key back")
        keys = derive_keys(mapped.agree(private, theirs), info.suite)
        answer = self._general(TOKEN_OUT, token(keys, info, theirs), is_last=True)
        if answer.only(TOKEN_IN).value != token(keys, info, ours):
            raise ProtocolFailed(Protocol.PACE, "the chip doesn't prove that it has the keys")
        proof = self._chip_proof(keys, mapping_key, answer) if info.mapping is PaceMapping.CHIP_AUTHENTICATION else None
        return Opened(Channel(keys), proof, named)

    def _choose(self) -> bool:
        """Name the variant and the password; tells whether the parameters had to be named too."""
        info = self.offer.info
        plain = encode(0x80, oid_content(info.oid)) + encode(0x83, bytes([self.key.kind]))
        with_parameters = plain + encode(0x84, bytes([info.parameter_id or 0]))
        status = 0
        for data in [with_parameters] if self.offer.is_ambiguous else [plain, with_parameters]:
            ins, p1, p2 = MSE_SET_AT
            status = self.transport.transmit(Command(0, ins, p1, p2, data)).status
            if status == OK or status & 0xFFF0 == 0x63C0:  # tries are left: the chip goes on
                return data is with_parameters
            if status not in _WRONG_PARAMETERS:
                break
        raise ProtocolFailed(Protocol.PACE, "refused", status)

    def _nonce(self) -> bytes:
        encrypted = self._general(None, b"").only(NONCE).value
        suite = self.offer.info.suite
        if len(encrypted) not in {16, 24, 32}:
            raise ProtocolFailed(Protocol.PACE, "a nonce of another length")
        try:
            return decrypt(suite, password_key(self.key, suite), encrypted)
        except ValueError as error:
            raise ProtocolFailed(Protocol.PACE, "a nonce of another length") from error

    def _map(self, nonce: bytes) -> tuple[Domain, bytes]:
        """The domain under the new generator, and the chip's key of this step (empty for integrated mapping)."""
        domain, info = self.offer.domain, self.offer.info
        if info.mapping is PaceMapping.INTEGRATED:
            ours = self.random(info.suite.key_bytes)
            self._general(MAP_OUT, ours)
            return map_domain(info.suite, domain, nonce, ours), b""
        private = domain.draw_private(self.random)
        theirs = self._step(MAP_OUT, domain.public_of(private), MAP_IN)
        return domain.map_generic(nonce, private, theirs), theirs

    def _chip_proof(self, keys: Keys, mapping_key: bytes, answer: Objects) -> ChipProof:
        encrypted = answer.only(CHIP_DATA).value
        try:
            data = unpad(decrypt(keys.suite, keys.encryption, encrypted, chip_data_vector(keys)))
        except ValueError as error:
            raise ProtocolFailed(Protocol.PACE, "chip authentication data of another form") from error
        return ChipProof(self.offer.info.parameter_id or 0, mapping_key, data)

    def _step(self, sent: int, value: bytes, wanted: int) -> bytes:
        return self._general(sent, value).only(wanted).value

    def _general(self, sent: int | None, value: bytes, *, is_last: bool = False) -> Objects:
        content = b"" if sent is None else encode(sent, value)
        cla = 0 if is_last else COMMAND_CHAINED
        # The chip's answer is as long as what we send, and some bytes longer where it proves itself.
        expected = SHORT_EXPECTED_MAX if len(content) < 200 else 4096
        data = encode(DYNAMIC_DATA, content)
        command = Command(cla, GENERAL_AUTHENTICATE, 0, 0, data, expected, may_extend=True)
        response = self.transport.transmit(command)
        if not response.is_ok:
            if is_last:
                raise AccessDenied(Protocol.PACE, response.status)
            raise ProtocolFailed(Protocol.PACE, "ended by the chip", response.status)
        return read_file(response.data, DYNAMIC_DATA).children()


def is_proven(proof: ChipProof, domain: Domain, chip_key: bytes) -> bool:
    """Tell whether the chip that ran PACE has the private key of `chip_key`.

    Args:
        proof: What PACE left.
        domain: Its standardized domain parameters, not mapped.
        chip_key: The public key of EF.CardSecurity for these parameters.

    Source: ICAO 9303-11 §4.4.3.5.2.
    """
    number = int.from_bytes(proof.data)
    try:
        return number > 0 and domain.agree(number, chip_key) == domain.agree(1, proof.mapping_key)
    except PublicInvalid:
        return False
