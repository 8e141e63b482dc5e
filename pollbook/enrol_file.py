"""The enrol file: what a laptop needs to become a station or a spare, carried to it by hand.

It holds no key: the address of the register, the authority whose certificates are believed from here on, where the
station will stand (a spare stands nowhere yet), and a code that works once. The file is JSON, so that a person can read
where it leads to.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from pollbook.enrolment_messages import CODE_CHARACTERS_MAX
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.types import ElectionId, PrecinctCode, is_precinct_code

ENROL_FILE_BYTES_MAX = 32 * 1024
DESK_MAX = 99
_FORMAT = "uchastka enrol 1"
_SPARE_FORMAT = "uchastka spare 1"
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


@dataclass(frozen=True, slots=True)
class SpareFile:
    """The same for a spare, which is of no precinct until it takes over a book."""

    url: str
    authority_pem: bytes
    election: ElectionId
    code: str


def write_spare_file(spare_file: SpareFile) -> str:
    """The text of a spare's file, to be written as UTF-8."""
    fields = {"format": _SPARE_FORMAT, **asdict(spare_file), "authority_pem": spare_file.authority_pem.decode("ascii")}
    return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"


def write_enrol_file(enrol_file: EnrolFile) -> str:
    """The text of the file, to be written as UTF-8."""
    fields = {"format": _FORMAT, **asdict(enrol_file), "authority_pem": enrol_file.authority_pem.decode("ascii")}
    return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"


def is_spare_file(untrusted: bytes) -> bool:
    """Whether this is a genuine spare's file; anything else is for `read_enrol_file` to refuse."""
    try:
        return isinstance(read_any_file(untrusted), SpareFile)
    except WorldFailed:
        return False


def read_enrol_file(untrusted: bytes) -> EnrolFile:
    """The enrol file that `write_enrol_file` made this text of.

    Raises:
        WorldFailed: `ENROL_FILE_INVALID`; nothing of it may be used.
    """
    read = read_any_file(untrusted)
    if isinstance(read, SpareFile):
        raise WorldFailed(Failure.ENROL_FILE_INVALID, "a spare's")
    return read


def read_any_file(untrusted: bytes) -> EnrolFile | SpareFile:
    """The file of a station or of a spare.

    Raises:
        WorldFailed: `ENROL_FILE_INVALID`; nothing of it may be used.
    """
    try:
        return _checked(untrusted)
    except (ValueError, RecursionError) as error:
        raise WorldFailed(Failure.ENROL_FILE_INVALID, str(error)) from error


def _checked(untrusted: bytes) -> EnrolFile | SpareFile:
    if len(untrusted) > ENROL_FILE_BYTES_MAX:
        raise InputInvalid("longer than an enrol file can be")
    fields: Any = json.loads(untrusted.decode("utf-8-sig"))
    form = fields.pop("format", None) if isinstance(fields, dict) else None
    if form not in (_FORMAT, _SPARE_FORMAT):
        raise InputInvalid("not an enrol file of this version")
    texts = {"url", "authority_pem", "election", "code"} | ({"precinct"} if form == _FORMAT else set())
    numbers = {"desk"} if form == _FORMAT else set()
    if set(fields) != texts | numbers or not all(isinstance(fields[name], str) for name in texts):
        raise InputInvalid("a field is missing, unknown or not a text")
    faults = {
        "url": not _is_address(fields["url"]),
        "election": not 0 < len(fields["election"]) <= _ID_CHARACTERS_MAX,
        "code": not 0 < len(fields["code"]) <= CODE_CHARACTERS_MAX,
    }
    if form == _FORMAT:
        desk = fields["desk"]
        faults |= {
            "precinct": not is_precinct_code(fields["precinct"]),
            "desk": type(desk) is not int or not 1 <= desk <= DESK_MAX,
        }
    for name, wrong in faults.items():
        if wrong:
            raise InputInvalid(f"the field {name!r} is out of its bounds")
    authority_pem = fields["authority_pem"].encode("ascii")
    x509.load_pem_x509_certificate(authority_pem)
    url, election, code = fields["url"].rstrip("/"), ElectionId(fields["election"]), fields["code"]
    if form == _SPARE_FORMAT:
        return SpareFile(url, authority_pem, election, code)
    return EnrolFile(url, authority_pem, election, PrecinctCode(fields["precinct"]), fields["desk"], code)


def _is_address(text: str) -> bool:
    address = urlsplit(text)
    extras = address.query or address.fragment or address.username or address.password
    return (
        address.scheme == "https"
        and bool(address.hostname)
        and address.path.strip("/") == ""
        and not extras
        and address.port != 0
        and len(text) <= _URL_CHARACTERS_MAX
    )
