"""`uchastka passport readers` and `read`: what is plugged in, and what the document on it says and proves."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from time import monotonic

from devices.emrtd.access import Access, AccessProtocol
from devices.emrtd.document import Reading
from devices.emrtd.face_images import read_dg2
from devices.emrtd.files import File
from devices.emrtd.keeping import KEPT_BYTES_MAX, read_reading, write_reading
from devices.emrtd.keys import AccessKey
from devices.emrtd.lds import read_dg1, read_dg11, read_dg12
from devices.emrtd.mrz import Mrz, personal_number
from devices.emrtd.progress import FileRead, Phase, Progress
from devices.emrtd.proofs import Proof
from devices.emrtd.reading import ReadingOptions, World
from devices.emrtd.tlv import ContentInvalid
from devices.emrtd.verification import Verification, verify
from pollbook.clock import SystemClock
from pollbook.commanding import Answer, Console, WrongUsage, read_given
from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from pollbook.store.home import StationHome
from station_app import document_reading
from station_app.document_trust import load_trust


def list_readers(_arguments: argparse.Namespace, _console: Console) -> Answer:
    """Tell which readers are plugged in."""
    found = document_reading.readers()
    data = [
        {
            "name": reader.name,
            "has_document": reader.has_card,
            "is_mute": reader.is_mute,
            "is_in_use": reader.is_in_use,
        }
        for reader in found
    ]
    lines = [f"{'*' if reader.has_card else ' '} {reader.name}" for reader in found]
    return Answer({"readers": data}, "\n".join(lines) if lines else "no reader is plugged in")


def _key(arguments: argparse.Namespace) -> AccessKey:
    """The key that the command line names; the lines are asked for where it names none."""
    typed = (arguments.document, arguments.birth, arguments.expiry)
    given = [arguments.mrz is not None, arguments.can is not None, any(part is not None for part in typed)]
    if sum(given) > 1:
        raise WrongUsage("one of --mrz, --can, or --document with --birth and --expiry")
    if arguments.mrz is not None:
        return document_reading.key_of_zone(arguments.mrz)
    if arguments.can is not None:
        return document_reading.key_of_access_number(arguments.can)
    if given[2]:
        if None in typed:
            raise WrongUsage("--document, --birth and --expiry belong together")
        return document_reading.key_of_typed(*typed)
    return document_reading.key_of_zone(arguments.terminal.ask("The machine-readable lines"))


def read_document(arguments: argparse.Namespace, console: Console) -> Answer:
    """Read the document on a reader, and tell what it proves."""
    key = _key(arguments)
    now = SystemClock().now()
    store = load_trust(StationHome(arguments.home))
    reader = arguments.reader or document_reading.choose_reader(document_reading.readers())
    options = ReadingOptions(may_downgrade=arguments.allow_downgrade)
    began_s = monotonic()
    reading = document_reading.read_on(reader, key, options, World(report=_Teller(console)))
    took_s = monotonic() - began_s
    if arguments.keep is not None:
        _keep(arguments.keep, reading)
    return _answer(reading, verify(reading, store, now), now.date(), {"reader": reader, "seconds": round(took_s, 3)})


def prove_kept(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Prove once more what was kept of a reading."""
    now = SystemClock().now()
    store = load_trust(StationHome(arguments.home))
    try:
        reading = read_reading(read_given(arguments.file, KEPT_BYTES_MAX))
    except ContentInvalid as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, error.reason, path=arguments.file) from error
    return _answer(reading, verify(reading, store, now), now.date(), {"file": str(arguments.file)})


def _keep(path: Path, reading: Reading) -> None:
    try:
        write_secret(path, write_reading(reading))
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=path) from error


def _answer(reading: Reading, verification: Verification, today: date, besides: Mapping[str, object]) -> Answer:
    data = {
        **besides,
        **_opened(reading),
        "document": _document(reading, today),
        "details": _details(reading),
        "photograph": _photograph(reading),
        "files": {file.label: len(content) for file, content in reading.files.items()},
        "unread": {file.label: why.name.lower() for file, why in reading.unread.items()},
        "proofs": [_proof(proof) for proof in verification.proofs],
        "copy": verification.copy.value,
        "is_training": verification.passive.is_for_training,
        "commands": reading.commands,
        "piece_bytes": reading.piece_bytes,
    }
    return Answer(data, _words(reading, verification))


class _Teller:
    """Says on stderr how far a long file is, in quarters."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.said: tuple[File | None, int] = (None, 0)

    def __call__(self, told: Progress | FileRead) -> None:
        """A step forward is told, if it is a step that people wait for."""
        if self.console.as_json or not isinstance(told, Progress) or told.phase is not Phase.FILE:
            return
        if told.file is File.DG2 and told.bytes_total:
            quarter = 4 * told.bytes_done // told.bytes_total
            if self.said != (told.file, quarter):
                self.said = told.file, quarter
                self.console.tell(f"{told.file.label}: {told.bytes_done} / {told.bytes_total}")


def _opened(reading: Reading) -> dict[str, object]:
    return {
        "access": {"protocol": reading.access.protocol.value, **_pace(reading.access)},
        "downgrades": [downgrade.name.lower() for downgrade in reading.downgrades],
    }


def _pace(access: Access) -> dict[str, object]:
    told: dict[str, object] = {}
    if access.protocol is not AccessProtocol.NONE:
        told["password"] = access.password.name
    if access.pace is not None:
        info = access.pace
        told |= {
            "agreement": info.agreement.value,
            "mapping": info.mapping.value,
            "cipher": info.suite.value,
            "parameters": info.parameter_id,
        }
    return told


def _zone(reading: Reading) -> Mrz | None:
    try:
        return read_dg1(reading.files[File.DG1])
    except (KeyError, ContentInvalid):
        return None


def _document(reading: Reading, today: date) -> dict[str, object] | None:
    zone = _zone(reading)
    if zone is None:
        return None
    expires = zone.expiry_day(today)
    return {
        "type": zone.document_type,
        "issuer": zone.issuer,
        "number": zone.document_number,
        "nationality": zone.nationality,
        "surname": zone.surname,
        "given_names": zone.given_names,
        "birth_date": zone.birth_date,
        "sex": zone.sex,
        "expiry_date": zone.expiry_date,
        "pinfl": personal_number(zone),
        "is_expired": None if expires is None else expires < today,
        "wrong": [f"{failure.element.value}: {failure.fault.value}" for failure in zone.failures],
    }


def _details(reading: Reading) -> dict[str, object]:
    told: dict[str, object] = {}
    try:
        if File.DG11 in reading.files:
            person = read_dg11(reading.files[File.DG11])
            told |= {
                "surname": person.surname,
                "given_names": person.given_names,
                "personal_number": person.personal_number,
                "birth_date": None if person.birth_date is None else person.birth_date.isoformat(),
            }
    except ContentInvalid:
        told["unreadable"] = [File.DG11.label]
    try:
        if File.DG12 in reading.files:
            issued = read_dg12(reading.files[File.DG12])
            told["authority"] = issued.authority
            told["issued"] = None if issued.issued is None else issued.issued.isoformat()
    except ContentInvalid:
        told["unreadable"] = [*([File.DG11.label] if "unreadable" in told else []), File.DG12.label]
    return told


def _photograph(reading: Reading) -> dict[str, object] | None:
    if File.DG2 not in reading.files:
        return None
    try:
        faces = read_dg2(reading.files[File.DG2])
    except ContentInvalid:
        return {"images": 0}
    first = faces.images[0]
    return {
        "standard": faces.standard.value,
        "images": len(faces.images),
        "format": first.format.name,
        "bytes": len(first.image),
    }


def _proof(proof: Proof) -> dict[str, object]:
    return {
        "claim": proof.claim.value,
        "standing": proof.standing.value,
        "reason": None if proof.reason is None else proof.reason.value,
        "file": None if proof.file is None else proof.file.label,
    }


def _words(reading: Reading, verification: Verification) -> str:
    zone = _zone(reading)
    words = []
    if zone is not None:
        words.append(f"{zone.surname} {zone.given_names}  {zone.issuer} {zone.document_number}  {zone.birth_date}")
    words.append(f"opened by {reading.access.protocol.value}; a copy is {verification.copy.value.replace('_', ' ')}")
    words += [f"! {downgrade.value}" for downgrade in reading.downgrades]
    for proof in verification.proofs:
        about = f" {proof.file.label}" if proof.file is not None else ""
        why = f" ({proof.reason.value.replace('_', ' ')})" if proof.reason is not None else ""
        words.append(f"{proof.standing.value.replace('_', ' '):>12}  {proof.claim.value.replace('_', ' ')}{about}{why}")
    return "\n".join(words)
