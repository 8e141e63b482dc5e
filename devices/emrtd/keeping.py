"""A reading as bytes, to be kept and proven again later: JSON with hexadecimal contents.

It holds everything that was read, the photograph too: who keeps it answers for it. What is read back is as untrusted
as what a chip says; it is proven by `verification.verify` like any other.
"""

import json
from collections.abc import Mapping
from typing import Final, TypeVar

from devices.emrtd.access import Access, AccessProtocol, Downgrade
from devices.emrtd.active_authentication import ActiveTranscript
from devices.emrtd.chip_authentication import ChipTranscript
from devices.emrtd.document import Attempt, Reading, Unread
from devices.emrtd.files import File
from devices.emrtd.keys import PasswordKind
from devices.emrtd.pace import ChipProof
from devices.emrtd.security_infos import PaceInfo, read_security_infos, write_security_infos
from devices.emrtd.tlv import ContentInvalid

FORMAT: Final = "passport-reading-1"
KEPT_BYTES_MAX: Final = 4 << 20
"""Twice what the limits of a reading come to as hexadecimal digits."""
_PRIVATE_BYTES_MAX: Final = 1024  # of a group of 8192 bits
_FILE_LABELLED: Final = {file.label: file for file in File}
_Kind = TypeVar("_Kind", AccessProtocol, Downgrade, Unread, Attempt, PasswordKind)


class KeptInvalid(ContentInvalid):
    """The bytes are no kept reading."""


def write_reading(reading: Reading) -> bytes:
    """Return a reading as bytes."""
    chip, active, mapping = reading.chip_transcript, reading.active_transcript, reading.mapping_proof
    content = {
        "format": FORMAT,
        "files": {file.label: raw.hex() for file, raw in reading.files.items()},
        "access": reading.access.protocol.name,
        "password": reading.access.password.name,
        "pace": reading.access.pace.raw.hex() if reading.access.pace else None,
        "downgrades": [downgrade.name for downgrade in reading.downgrades],
        "unread": {file.label: why.name for file, why in reading.unread.items()},
        "chip_attempt": reading.chip_attempt.name,
        "chip": chip
        and {
            "oid": chip.oid,
            "chip_key": chip.chip_key.hex(),
            "private": chip.private.to_bytes((chip.private.bit_length() + 7) // 8).hex(),
            "response": chip.response.hex(),
        },
        "active_attempt": reading.active_attempt.name,
        "active": active and {"challenge": active.challenge.hex(), "signature": active.signature.hex()},
        "mapping": mapping
        and {
            "parameter_id": mapping.parameter_id,
            "mapping_key": mapping.mapping_key.hex(),
            "data": mapping.data.hex(),
        },
        "commands": reading.commands,
        "piece_bytes": reading.piece_bytes,
    }
    return (json.dumps(content, indent=1) + "\n").encode("ascii")


def read_reading(untrusted: bytes) -> Reading:
    """Return the reading that was kept; nothing of it is proven by that.

    Raises:
        ContentInvalid: The bytes are none.
    """
    if len(untrusted) > KEPT_BYTES_MAX:
        raise KeptInvalid("longer than any reading")
    try:
        content = json.loads(untrusted)
        if content["format"] != FORMAT:
            raise KeptInvalid("another format")
        return _reading(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KeptInvalid("no kept reading") from error


def _reading(content: Mapping[str, object]) -> Reading:
    chip, active, mapping = (_group(content, name) for name in ("chip", "active", "mapping"))
    pace = content["pace"]
    return Reading(
        files={_FILE_LABELLED[label]: _octets(raw) for label, raw in _table(content["files"]).items()},
        access=Access(
            _member(AccessProtocol, content["access"]),
            _member(PasswordKind, content["password"]),
            None if pace is None else _pace_info(_octets(pace)),
        ),
        downgrades=tuple(_member(Downgrade, name) for name in _list(content["downgrades"])),
        unread={_FILE_LABELLED[label]: _member(Unread, why) for label, why in _table(content["unread"]).items()},
        chip_attempt=_member(Attempt, content["chip_attempt"]),
        chip_transcript=None if chip is None else _chip_transcript(chip),
        active_attempt=_member(Attempt, content["active_attempt"]),
        active_transcript=None
        if active is None
        else ActiveTranscript(_octets(active["challenge"]), _octets(active["signature"])),
        mapping_proof=None
        if mapping is None
        else ChipProof(_number(mapping["parameter_id"]), _octets(mapping["mapping_key"]), _octets(mapping["data"])),
        commands=_number(content["commands"]),
        piece_bytes=_number(content["piece_bytes"]),
    )


def _chip_transcript(chip: Mapping[str, object]) -> ChipTranscript:
    private = _octets(chip["private"])
    if len(private) > _PRIVATE_BYTES_MAX:
        raise KeptInvalid("a number longer than any key")
    return ChipTranscript(
        _text(chip["oid"]), _octets(chip["chip_key"]), int.from_bytes(private), _octets(chip["response"])
    )


def _pace_info(raw: bytes) -> PaceInfo:
    found = read_security_infos(write_security_infos(raw)).pace
    if len(found) != 1:
        raise KeptInvalid("no offer of PACE")
    return found[0]


def _member(kind: type[_Kind], name: object) -> _Kind:
    return kind[_text(name)]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise KeptInvalid("no text")
    return value


def _octets(value: object) -> bytes:
    return bytes.fromhex(_text(value))


def _number(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise KeptInvalid("no number")
    return value


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise KeptInvalid("no table")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise KeptInvalid("no list")
    return value


def _group(content: Mapping[str, object], name: str) -> dict[str, object] | None:
    return None if content[name] is None else _table(content[name])
