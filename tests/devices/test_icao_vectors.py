"""The worked examples of ICAO 9303-11: D (BAC and secure messaging), F (active authentication), G, H, I (PACE)."""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from devices.emrtd import active_authentication, bac, pace
from devices.emrtd.ciphers import (
    Keys,
    Purpose,
    Suite,
    decrypt,
    derive_key,
    derive_keys,
    encrypt,
    encrypt_block,
    mac,
    pad,
)
from devices.emrtd.key_agreement import (
    Domain,
    EllipticDomain,
    ModularDomain,
    domain_of_key,
    pseudo_random_bytes,
    standardized_domain,
)
from devices.emrtd.keys import AccessKey, PasswordKind
from devices.emrtd.public_keys import read_public_key
from devices.emrtd.secure_messaging import Channel, SecureTransport
from devices.emrtd.security_infos import Agreement, PaceInfo, PaceMapping, read_security_infos
from devices.emrtd.tlv import encode
from devices.smartcard.apdu import decode_command, decode_response, encode_command
from devices.smartcard.chaining import ChainingTransport
from devices.smartcard.replay import Recording, ReplayLink

sha1 = partial(hashlib.new, "sha1")
VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "access_control.json").read_text(encoding="utf-8")
)
D, F, G, H = (VECTORS[letter] for letter in "DFGH")
CAM = VECTORS["I"]
OIDS = {
    "GM": "0.4.0.127.0.7.2.2.4.2.2",
    "DH-GM": "0.4.0.127.0.7.2.2.4.1.2",
    "IM": "0.4.0.127.0.7.2.2.4.4.2",
    "DH-IM": "0.4.0.127.0.7.2.2.4.3.2",
    "CAM": "0.4.0.127.0.7.2.2.4.6.2",
}


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


def point(value: dict[str, str]) -> bytes:
    return b"\x04" + octets(value["x"]) + octets(value["y"])


def recorded(apdus: list[dict[str, str]]) -> ReplayLink:
    steps = tuple((octets(apdu["command"]), octets(apdu["response"])) for apdu in apdus)
    return ReplayLink(Recording(b"", steps))


def drawing(*values: bytes | int) -> Callable[[int], bytes]:
    """A source of random bytes that gives these, or those from which a private number is made."""
    left = list(values)

    def draw(count: int) -> bytes:
        value = left.pop(0)
        drawn = (value - 1).to_bytes(count) if isinstance(value, int) else value
        assert len(drawn) == count
        return drawn

    return draw


def number(text: str) -> int:
    return int(text, 16)


def domain(parameter_id: int) -> Domain:
    found = standardized_domain(parameter_id)
    assert found is not None
    return found


def info(kind: str, parameter_id: int) -> PaceInfo:
    agreement = Agreement.DH if kind.startswith("DH") else Agreement.ECDH
    return PaceInfo(OIDS[kind], agreement, PaceMapping(kind.removeprefix("DH-")), Suite.AES_128, parameter_id, b"")


# --- D


@pytest.mark.parametrize(("name", "purpose"), [("KEnc", Purpose.ENCRYPTION), ("KMAC", Purpose.MAC)])
def test_d1_keys_are_derived_from_the_seed(name: str, purpose: Purpose) -> None:
    step = D["D.1"][name]
    assert sha1(octets(step["D"])).hexdigest().upper() == step["H_SHA1(D)"]
    assert derive_key(octets(D["D.1"]["Kseed"]), purpose, Suite.TRIPLE_DES) == octets(step[name])
    assert octets(step["Ka"] + step["Kb"]) == octets(step[name])


def test_d3_basic_access_control_step_by_step() -> None:
    keys = Keys(Suite.TRIPLE_DES, octets(D["D.3"]["KEnc"]), octets(D["D.3"]["KMAC"]))
    sent, got = D["D.3"]["EXTERNAL AUTHENTICATE command"], D["D.3"]["EXTERNAL AUTHENTICATE response"]
    assert octets(sent["S"]) == octets(sent["RND.IFD"] + D["D.3"]["GET CHALLENGE"]["RND.IC"] + sent["KIFD"])
    assert encrypt(keys.suite, keys.encryption, octets(sent["S"])) == octets(sent["EIFD"])
    assert mac(keys.suite, keys.mac, octets(sent["EIFD"])) == octets(sent["MIFD"])
    assert bac.seal(keys, octets(sent["S"])) == octets(sent["cmd_data"])
    assert bac.seal(keys, octets(got["R"])) == octets(got["resp_data"]) == octets(got["EIC"] + got["MIC"])
    assert bac.unseal(keys, octets(got["resp_data"])) == octets(got["R"])
    session = D["D.3"]["session keys"]
    channel = bac.session(
        octets(D["D.3"]["GET CHALLENGE"]["RND.IC"]), octets(sent["RND.IFD"]), octets(got["KIC"]), octets(sent["KIFD"])
    )
    assert derive_keys(octets(session["Kseed"]), Suite.TRIPLE_DES) == channel.keys
    assert (channel.keys.encryption, channel.keys.mac) == (octets(session["KSEnc"]), octets(session["KSMAC"]))
    assert channel.counter == number(session["SSC"])


def test_d3_the_protocol_sends_the_printed_commands() -> None:
    link = recorded(D["D.3"]["apdus"])
    sent = D["D.3"]["EXTERNAL AUTHENTICATE command"]
    key = AccessKey(PasswordKind.MRZ, "L898902C<369080619406236")
    random = drawing(octets(sent["RND.IFD"]), octets(sent["KIFD"]))
    channel = bac.authenticate(ChainingTransport(link), key, random)
    assert channel.counter == number(D["D.3"]["session keys"]["SSC"])
    assert link.is_over


def test_d4_secure_messaging_sends_and_opens_the_printed_commands() -> None:
    given = D["D.4"]
    link = recorded(given["apdus"])
    keys = Keys(Suite.TRIPLE_DES, octets(given["KSEnc"]), octets(given["KSMAC"]))
    transport = SecureTransport(ChainingTransport(link), Channel(keys, number(given["SSC"])))
    read = b""
    for step in given["steps"]:
        response = transport.transmit(decode_command(octets(step["unprotected_command"])))
        assert response.is_ok
        assert response.data == octets(step.get("DecryptedData", ""))
        read += response.data
    assert read == octets(given["EF.COM data"])
    assert link.is_over


@pytest.mark.parametrize("at", range(3))
def test_d4_each_step_of_a_protected_command(at: int) -> None:
    given, step = D["D.4"], D["D.4"]["steps"][at]
    keys = Keys(Suite.TRIPLE_DES, octets(given["KSEnc"]), octets(given["KSMAC"]))
    if "Data" in step:
        assert pad(decode_command(octets(step["unprotected_command"])).data, 8) == octets(step["Data"])
        assert encrypt(keys.suite, keys.encryption, octets(step["Data"])) == octets(step["EncryptedData"])
        assert encode(0x87, b"\x01", octets(step["EncryptedData"])) == octets(step["DO87"])
    assert octets(step["M"]) == octets(step["CmdHeader"] + step.get("DO87", "") + step.get("DO97", ""))
    assert pad(octets(step["SSC_command"] + step["M"]), 8) == octets(step["N"])
    assert mac(keys.suite, keys.mac, octets(step["SSC_command"] + step["M"])) == octets(step["CC"])
    assert encode(0x8E, octets(step["CC"])) == octets(step["DO8E"])
    protected = octets(step.get("K_padded", step["K"]))
    assert mac(keys.suite, keys.mac, protected.rstrip(b"\x00").removesuffix(b"\x80")) == octets(step["CC'"])
    chip = Channel(keys, number(step["SSC_command"]) - 1)
    opened = chip.open_command(decode_command(octets(step["ProtectedAPDU"])))
    assert encode_command(opened) == octets(step["unprotected_command"])
    answer = chip.protect_response(decode_response(octets(step.get("DecryptedData", "") + "9000")))
    assert answer.data + b"\x90\x00" == octets(step["RAPDU"])


# --- F


def test_f_the_signed_representative_is_recognised() -> None:
    representative, signed = octets(F["9"]["F"]), F["3-8"]
    assert octets(signed["M"]) == octets(signed["M1"] + signed["M2"])
    assert sha1(octets(signed["M"])).digest() == octets(signed["H"])
    assert representative == b"\x6a" + octets(signed["M1"] + signed["H"] + signed["T"])
    assert octets(F["12-15"]["F"]) == representative
    assert octets(F["16-18"]["M*"]) == octets(F["12-15"]["M1"] + F["1-2"]["RND.IFD"])
    assert sha1(octets(F["16-18"]["M*"])).digest() == octets(F["16-18"]["D*"]) == octets(F["12-15"]["D"])
    assert active_authentication._is_representative(representative, octets(F["1-2"]["RND.IFD"]))
    assert not active_authentication._is_representative(representative, bytes(8))


# --- G, H, I


@pytest.mark.parametrize(("given", "secret"), [(G["password"], "G"), (CAM["password"], "I")], ids=["G", "I"])
def test_the_password_key_of_pace(given: dict[str, str], secret: str) -> None:
    assert secret
    key = AccessKey(PasswordKind.MRZ, given["MRZ_information"])
    assert key.pace_secret == octets(given["K"])
    assert pace.password_key(key, Suite.AES_128) == octets(given["K_pi"])


def session_of(given: dict[str, Any]) -> Keys:
    return Keys(Suite.AES_128, octets(given["session keys"]["KS_Enc"]), octets(given["session keys"]["KS_MAC"]))


def tokens_hold(given: dict[str, Any], kind: str, reader: bytes, chip: bytes) -> None:
    keys, shown = session_of(given), given["Mutual Authentication"]
    offered = info(kind, 0)
    assert pace.token(keys, offered, chip) == octets(shown["T_IFD"])
    assert pace.token(keys, offered, reader) == octets(shown["T_IC"])


@pytest.mark.parametrize(("example", "password"), [(G["G.1"], G), (CAM["I.1"], CAM)], ids=["G.1", "I.1"])
def test_generic_mapping_over_a_curve_step_by_step(example: dict[str, Any], password: dict[str, Any]) -> None:
    curve, mapping, agreed = domain(13), example["Map Nonce"], example["Perform Key Agreement"]
    assert isinstance(curve, EllipticDomain)
    nonce = octets(example["Encrypted Nonce"]["s"])
    k_pi = octets(password["password"]["K_pi"])
    assert decrypt(Suite.AES_128, k_pi, octets(example["Encrypted Nonce"]["z"])) == nonce
    for side, other in (("IFD", "IC"), ("IC", "IFD")):
        private = number(mapping[f"SK_Map_{side}"])
        assert curve.public_of(private) == point(mapping[f"PK_Map_{side}"])
        assert curve.agree(private, point(mapping[f"PK_Map_{other}"])) == octets(mapping["H"]["x"])
        moved = curve.map_generic(nonce, private, point(mapping[f"PK_Map_{other}"]))
        assert moved.plane.encode(moved.generator) == point(mapping["Mapped generator"])
        assert moved.public_of(number(agreed[f"SK_DH_{side}"])) == point(agreed[f"PK_DH_{side}"])
        assert moved.agree(number(agreed[f"SK_DH_{side}"]), point(agreed[f"PK_DH_{other}"])) == octets(agreed["K"])
    assert derive_keys(octets(agreed["K"]), Suite.AES_128) == session_of(example)
    kind = "CAM" if password is CAM else "GM"
    tokens_hold(example, kind, point(agreed["PK_DH_IFD"]), point(agreed["PK_DH_IC"]))
    offers = read_security_infos(
        encode(0x31, octets(example["PACEInfo"]["value"] if "value" in example["PACEInfo"] else example["PACEInfo"]))
    )
    assert [(offer.oid, offer.parameter_id) for offer in offers.pace] == [(OIDS[kind], 13)]


def test_g1_the_protocol_sends_the_printed_commands() -> None:
    example = G["G.1"]
    random = drawing(number(example["Map Nonce"]["SK_Map_IFD"]), number(example["Perform Key Agreement"]["SK_DH_IFD"]))
    link = recorded(example["apdus"])
    key = AccessKey(PasswordKind.MRZ, G["password"]["MRZ_information"])
    opened = pace.authenticate(ChainingTransport(link), pace.Offer(info("GM", 13), domain(13)), key, random)
    assert (opened.channel.keys, opened.channel.counter) == (session_of(example), 0)
    assert link.is_over


def test_g2_generic_mapping_over_a_group() -> None:
    example, group = G["G.2"], domain(0)
    assert isinstance(group, ModularDomain)
    mapping, agreed = example["Map Nonce"], example["Perform Key Agreement"]
    nonce = octets(example["Encrypted Nonce"]["s"])
    for side, other in (("IFD", "IC"), ("IC", "IFD")):
        private = number(mapping[f"SK_Map_{side}"])
        assert group.public_of(private) == octets(mapping[f"PK_Map_{side}"])
        assert group.agree(private, octets(mapping[f"PK_Map_{other}"])) == octets(mapping["h"])
        moved = group.map_generic(nonce, private, octets(mapping[f"PK_Map_{other}"]))
        assert moved.generator == number(mapping["Mapped generator"])
        assert moved.public_of(number(agreed[f"SK_DH_{side}"])) == octets(agreed[f"PK_DH_{side}"])
        assert moved.agree(number(agreed[f"SK_DH_{side}"]), octets(agreed[f"PK_DH_{other}"])) == octets(agreed["K"])
    assert derive_keys(octets(agreed["K"]), Suite.AES_128) == session_of(example)
    tokens_hold(example, "DH-GM", octets(agreed["PK_DH_IFD"]), octets(agreed["PK_DH_IC"]))
    link = recorded(example["apdus"])
    random = drawing(number(mapping["SK_Map_IFD"]), number(agreed["SK_DH_IFD"]))
    key = AccessKey(PasswordKind.MRZ, G["password"]["MRZ_information"])
    opened = pace.authenticate(ChainingTransport(link), pace.Offer(info("DH-GM", 0), group), key, random)
    assert opened.channel.keys == session_of(example)
    assert link.is_over


def test_h1_integrated_mapping_over_a_curve() -> None:
    example, curve = H["H.1"], domain(13)
    assert isinstance(curve, EllipticDomain)
    mapping, agreed = example["Map Nonce"], example["Perform Key Agreement"]
    nonce = octets(example["Encrypted Nonce"]["s"])
    assert decrypt(Suite.AES_128, octets(example["K_pi"]), octets(example["Encrypted Nonce"]["z"])) == nonce
    made = pseudo_random_bytes(Suite.AES_128, nonce, octets(mapping["t"]), curve)
    assert made == octets(mapping["R(s,t)"])
    assert int.from_bytes(made) % curve.plane.numbers.p == number(mapping["Rp(s,t)"])
    moved = pace.map_domain(Suite.AES_128, curve, nonce, octets(mapping["t"]))
    assert isinstance(moved, EllipticDomain)
    assert moved.plane.encode(moved.generator) == point(mapping["Mapped generator"])
    for side, other in (("IFD", "IC"), ("IC", "IFD")):
        assert moved.public_of(number(agreed[f"SK_DH_{side}"])) == point(agreed[f"PK_DH_{side}"])
        assert moved.agree(number(agreed[f"SK_DH_{side}"]), point(agreed[f"PK_DH_{other}"])) == octets(agreed["K"])
    assert derive_keys(octets(agreed["K"]), Suite.AES_128) == session_of(example)
    tokens_hold(example, "IM", point(agreed["PK_DH_IFD"]), point(agreed["PK_DH_IC"]))


def test_h2_integrated_mapping_over_a_group() -> None:
    example, group = H["H.2"], domain(0)
    mapping, agreed = example["Map Nonce"], example["Perform Key Agreement"]
    nonce = octets(example["Encrypted Nonce"]["s"])
    assert decrypt(Suite.AES_128, octets(example["K_pi"]), octets(example["Encrypted Nonce"]["z"])) == nonce
    made = pseudo_random_bytes(Suite.AES_128, nonce, octets(mapping["t"]), group)
    assert made == octets(mapping["R(s,t)"])
    moved = pace.map_domain(Suite.AES_128, group, nonce, octets(mapping["t"]))
    assert isinstance(moved, ModularDomain)
    assert int.from_bytes(made) % moved.group.p == number(mapping["Rp(s,t)"])
    assert moved.generator == number(mapping["Mapped generator"])
    for side, other in (("IFD", "IC"), ("IC", "IFD")):
        assert moved.public_of(number(agreed[f"SK_DH_{side}"])) == octets(agreed[f"PK_DH_{side}"])
        assert moved.agree(number(agreed[f"SK_DH_{side}"]), octets(agreed[f"PK_DH_{other}"])) == octets(agreed["K"])
    assert derive_keys(octets(agreed["K"]), Suite.AES_128) == session_of(example)
    tokens_hold(example, "DH-IM", octets(agreed["PK_DH_IFD"]), octets(agreed["PK_DH_IC"]))


def test_i1_chip_authentication_mapping_proves_the_chip() -> None:
    example, curve = CAM["I.1"], domain(13)
    chip = example["Chip Authentication"]
    mapping, agreed = example["Map Nonce"], example["Perform Key Agreement"]
    link = recorded(example["apdus"])
    random = drawing(number(mapping["SK_Map_IFD"]), number(agreed["SK_DH_IFD"]))
    key = AccessKey(PasswordKind.MRZ, CAM["password"]["MRZ_information"])
    opened = pace.authenticate(ChainingTransport(link), pace.Offer(info("CAM", 13), curve), key, random)
    assert link.is_over
    assert opened.channel.keys == session_of(example)
    proof = opened.chip_proof
    assert proof is not None
    assert pace.chip_data_vector(opened.channel.keys) == octets(chip["IV"])
    assert proof.data == octets(chip["CA_IC"])
    assert proof.mapping_key == point(chip["PK_Map_IC"]) == point(mapping["PK_Map_IC"])
    keys = read_security_infos(encode(0x31, octets(chip["ChipAuthenticationPublicKeyInfo"]))).chip_authentication_keys
    public = read_public_key(keys[0].spki)
    assert domain_of_key(public)[1] == point(chip["PK_IC"])  # type: ignore[arg-type]  # it is no RSA key
    assert curve.public_of(number(chip["derived"]["SK_IC"])) == point(chip["PK_IC"])
    assert pace.is_proven(proof, curve, point(chip["PK_IC"]))
    assert not pace.is_proven(proof, curve, point(mapping["PK_Map_IC"]))
    private = number(chip["derived"]["SK_IC"]) * int.from_bytes(proof.data) % curve.plane.numbers.n  # type: ignore[attr-defined]
    assert private == number(mapping["SK_Map_IC"])


def test_a_single_block_encrypted_alone_is_the_cipher_itself() -> None:
    # FIPS 197, Appendix C.1.
    key, block = octets("000102030405060708090a0b0c0d0e0f"), octets("00112233445566778899aabbccddeeff")
    assert encrypt_block(Suite.AES_128, key, block) == octets("69c4e0d86a7b0430d8cdb78070b4c55a")
