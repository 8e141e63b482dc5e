"""The enrol file: what a laptop needs to become a station, carried to it by hand.

It holds no key: the address of the register, the authority whose certificates are believed from here on, where the
station will stand, and a code that works once. The file is JSON, so that a person can read where it leads to.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.messages import CODE_CHARACTERS_MAX
from pollbook.types import ElectionId, PrecinctCode, is_precinct_code

ENROL_FILE_BYTES_MAX = 32 * 1024
DESK_MAX = 99
_FORMAT = "uchastka enrol 1"
_URL_CHARACTERS_MAX = 300
_ID_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class EnrolFile:
    """The register's address (`https://host:port`), the authority's certificate in PEM, the place, and the code."""

    url: str
    authority_pem: bytes
    election: ElectionId
    precinct: PrecinctCode
    desk: int
    code: str


def write_enrol_file(enrol_file: EnrolFile) -> str:
    """The text of the file, to be written as UTF-8."""
    fields = {"format": _FORMAT, **asdict(enrol_file), "authority_pem": enrol_file.authority_pem.decode("ascii")}
    return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"


def read_enrol_file(untrusted: bytes) -> EnrolFile:
    """The enrol file that `write_enrol_file` made this text of.

    Raises:
        WorldFailed: `ENROL_FILE_INVALID`; nothing of it may be used.
    """
    try:
        return _checked(untrusted)
    except (ValueError, RecursionError) as error:
        raise WorldFailed(Failure.ENROL_FILE_INVALID, str(error)) from error


def _checked(untrusted: bytes) -> EnrolFile:
    if len(untrusted) > ENROL_FILE_BYTES_MAX:
        raise InputInvalid("longer than an enrol file can be")
    fields: Any = json.loads(untrusted.decode("utf-8-sig"))
    if not isinstance(fields, dict) or fields.pop("format", None) != _FORMAT:
        raise InputInvalid("not an enrol file of this version")
    texts = {"url", "authority_pem", "election", "precinct", "code"}
    if set(fields) != texts | {"desk"} or not all(isinstance(fields[name], str) for name in texts):
        raise InputInvalid("a field is missing, unknown or not a text")
    desk = fields["desk"]
    address = urlsplit(fields["url"])
    faults = {
        "url": address.scheme != "https"
        or not address.hostname
        or address.path.strip("/") != ""
        or bool(address.query or address.fragment or address.username or address.password)
        or address.port == 0
        or len(fields["url"]) > _URL_CHARACTERS_MAX,
        "election": not 0 < len(fields["election"]) <= _ID_CHARACTERS_MAX,
        "precinct": not is_precinct_code(fields["precinct"]),
        "desk": type(desk) is not int or not 1 <= desk <= DESK_MAX,
        "code": not 0 < len(fields["code"]) <= CODE_CHARACTERS_MAX,
    }
    for name, wrong in faults.items():
        if wrong:
            raise InputInvalid(f"the field {name!r} is out of its bounds")
    authority_pem = fields["authority_pem"].encode("ascii")
    x509.load_pem_x509_certificate(authority_pem)
    return EnrolFile(
        url=fields["url"].rstrip("/"),
        authority_pem=authority_pem,
        election=ElectionId(fields["election"]),
        precinct=PrecinctCode(fields["precinct"]),
        desk=desk,
        code=fields["code"],
    )
