"""The parsers of what a chip sends, and of what States publish about documents.

The seeds are a synthetic document with its authority (`tests/vectors/document.json`), so that every kind of file is
reached. What proves a document or takes a file in answers and never raises.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from devices.emrtd import lds, mrz
from devices.emrtd.certificates import is_signed_by, read_certificate, read_crl
from devices.emrtd.face_images import pixel_size, read_dg2
from devices.emrtd.files import File
from devices.emrtd.passive_authentication import prove
from devices.emrtd.security_infos import offers_of, read_dg14, read_security_infos
from devices.emrtd.security_object import read_card_security, read_security_object
from devices.emrtd.tlv import ContentInvalid, Objects, read_objects, with_definite_lengths
from devices.emrtd.trust import EMPTY, read_trust, write_trust
from devices.emrtd.trust_import import NotTaken, take
from tests.fuzzing.target import Target

_VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "document.json").read_text("utf-8"))
_MADE = {
    name: bytes.fromhex(content) for name, content in _VECTORS.items() if isinstance(content, str) and name != "what"
}
FILES = {file: bytes.fromhex(_VECTORS["files"][file.label]) for file in File if file.label in _VECTORS["files"]}
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TODAY = date(2026, 11, 26)
AUTHORITY = read_certificate(_MADE["authority"])
STORE = EMPTY.with_certificates([AUTHORITY, read_certificate(_MADE["link"])]).with_crl(read_crl(_MADE["revocations"]))


def _tlv(untrusted: bytes) -> None:
    def walk(objects: Objects) -> None:
        for one in objects:
            if one.is_constructed:
                walk(one.children())

    if untrusted[1:2] == b"\x80":
        with_definite_lengths(untrusted)
    walk(read_objects(untrusted))


def _mrz(untrusted: bytes) -> None:
    text = untrusted.decode("latin-1")
    mrz.looks_like_mrz(text)
    read = mrz.parse(text)
    mrz.personal_number(read)
    mrz.mrz_information(read)
    read.birth_day(TODAY)
    read.expiry_day(TODAY)


_FILE_READERS: tuple[tuple[File, Callable[[bytes], object]], ...] = (
    (File.ATR_INFO, lds.read_atr_info),
    (File.DIR, lds.read_dir),
    (File.COM, lds.read_com),
    (File.DG1, lds.read_dg1),
    (File.DG11, lds.read_dg11),
    (File.DG12, lds.read_dg12),
    (File.DG15, lds.read_dg15),
    (File.CARD_ACCESS, read_security_infos),
)


def _lds(untrusted: bytes) -> None:
    if untrusted:
        _FILE_READERS[untrusted[0] % len(_FILE_READERS)][1](untrusted[1:])


def _dg14(untrusted: bytes) -> None:
    offers_of(read_dg14(untrusted))


def _dg2(untrusted: bytes) -> None:
    for image in read_dg2(untrusted).images:
        pixel_size(image)


def _certificate(untrusted: bytes) -> None:
    is_signed_by(read_certificate(untrusted), AUTHORITY)


def _crl(untrusted: bytes) -> None:
    is_signed_by(read_crl(untrusted), AUTHORITY)


def _passive(untrusted: bytes) -> None:
    found = prove({**FILES, File.SOD: untrusted}, STORE, NOW)
    assert found.proofs


def _card_security(untrusted: bytes) -> None:
    read_card_security(untrusted)
    prove({**FILES, File.CARD_SECURITY: untrusted}, STORE, NOW)


def _import(untrusted: bytes) -> None:
    answer = take(STORE, untrusted, NOW)
    assert isinstance(answer, NotTaken) or answer[0].count >= STORE.count


_SMALL = tuple(bytes([number]) + FILES[file] for number, (file, _) in enumerate(_FILE_READERS))
_SODS = (FILES[File.SOD], _MADE["security_object_rsa_pss"])
_LINES = FILES[File.DG1][-88:].decode("ascii")
_TD1 = b"I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
OWN = (ContentInvalid,)
DOCUMENT_TARGETS = {
    "tlv": Target(_tlv, (FILES[File.SOD], FILES[File.DG14], FILES[File.COM]), OWN, 2048),
    "mrz": Target(_mrz, (_LINES.encode(), f"{_LINES[:44]}\r\n{_LINES[44:]}".encode(), _TD1), OWN, 160),
    "lds": Target(_lds, _SMALL, OWN),
    "dg14": Target(_dg14, (FILES[File.DG14],), OWN, 2048),
    "dg2": Target(_dg2, (FILES[File.DG2], _MADE["face_images_39794"]), OWN, 2048),
    "sod": Target(read_security_object, _SODS, OWN, 4096),
    "passive": Target(_passive, _SODS, (), 4096),
    "card_security": Target(_card_security, (FILES[File.CARD_SECURITY],), OWN, 4096),
    "certificates": Target(_certificate, (_MADE["authority"], _MADE["link"], _MADE["signer"]), OWN, 2048),
    "revocations": Target(_crl, (_MADE["revocations"],), OWN, 2048),
    "trust_import": Target(
        _import, (_MADE["master_list"], _MADE["link"], _MADE["authority"], _MADE["revocations"]), (), 4096
    ),
    "trust": Target(read_trust, (write_trust(STORE),), OWN, 4096),
}
"""By the name that `dev.py fuzz NAME` takes; all seeds are taken."""
