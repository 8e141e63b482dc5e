"""The proof of a folder of recordings: every segment is there, unchanged and in order, and every gap has its reason.

Nothing of the index is believed. The ledger's signed entries say which segments there were; the files are hashed and
held against them. Whoever has the folder and knows the election's authority needs nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from devices.camera import folder
from devices.camera.recording import GAP_MS
from pollbook.camera_entries import CameraEntry, GapNoted, SegmentClosed
from pollbook.failures import Failure, InputInvalid
from station_app.cameras.identity import Vouching, ledger_path, read_vouchings

_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold; `number` is the segment's, 0 where it is none's."""

    failure: Failure
    camera: str
    number: int


@dataclass(frozen=True, slots=True)
class ProvenCamera:
    """What is proven of one camera; `open` are segments under way, which nothing vouches for yet."""

    segments: int
    frames: int
    size: int
    gaps: tuple[GapNoted, ...]
    open: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a folder's proof came to.

    Attributes:
        cameras: What is proven of each.
        problems: What is not.
        entries: Of all ledgers.
        authorities: Who certifies the devices that vouch, as SHA-256 of their certificates.
    """

    cameras: dict[str, ProvenCamera]
    problems: tuple[Problem, ...]
    entries: int
    authorities: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.problems


def check_folder(root: Path, trusted_pem: str | None = None) -> Report:
    """The proof of the folder; `trusted_pem` is the authority that the checking station knows, where there is one."""
    problems, entries, authorities = list[Problem](), list[CameraEntry](), list[str]()
    vouchings = read_vouchings(root)
    if not vouchings:
        problems.append(Problem(Failure.CAMERA_LEDGER_BROKEN, "", 0))
    for vouching in vouchings:
        found = _entries(root, vouching, trusted_pem)
        if found is None:
            problems.append(Problem(Failure.CAMERA_LEDGER_BROKEN, "", 0))
            continue
        is_whole, read = found
        entries += read
        authorities.append(vouching.authority_sha256)
        if not is_whole:
            problems.append(Problem(Failure.CAMERA_LEDGER_BROKEN, "", 0))
    names = {entry.fact.camera for entry in entries} | set(folder.cameras(root))
    cameras = {name: _check_camera(root, name, entries, problems) for name in sorted(names)}
    return Report(cameras, tuple(problems), len(entries), tuple(dict.fromkeys(authorities)))


def hash_file(path: Path) -> tuple[bytes, int]:
    """The SHA-256 of a file and its size; a file that can't be read has neither.

    Raises:
        OSError: It can't.
    """
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            sha256.update(chunk)
            size += len(chunk)
    return sha256.digest(), size


def _entries(root: Path, vouching: Vouching, trusted_pem: str | None) -> tuple[bool, tuple[CameraEntry, ...]] | None:
    """Whether the device's ledger is whole, and its entries; None where the device itself is not to be believed."""
    if trusted_pem is not None and vouching.authority_pem.strip() != trusted_pem.strip():
        return None
    try:
        content = ledger_path(root, vouching.book).read_bytes()
        read = vouching.read(content)
    except (InputInvalid, OSError):
        return None
    return read.broken_after is None and read.whole_bytes == len(content), read.entries


def _check_camera(root: Path, name: str, entries: Iterable[CameraEntry], problems: list[Problem]) -> ProvenCamera:
    facts = [entry.fact for entry in entries if entry.fact.camera == name]
    segments = {fact.number: fact for fact in facts if isinstance(fact, SegmentClosed)}
    gaps = [fact for fact in facts if isinstance(fact, GapNoted)]
    files = folder.segment_files(root, name)
    by_hash = {segment.sha256: number for number, segment in segments.items()}
    proven = list[SegmentClosed]()
    for number in range(1, max(segments, default=0) + 1):
        failure = _failure_of(segments.get(number), files.get(number, []), by_hash)
        if failure is None:
            proven.append(segments[number])
        else:
            problems.append(Problem(failure, name, number))
    unknown = sorted(set(files) - set(segments))
    # The one after the last may be under way: it is proven once it is closed.
    under_way = [number for number in unknown if number == max(segments, default=0) + 1]
    problems += [Problem(Failure.SEGMENT_UNKNOWN, name, number) for number in unknown if number not in under_way]
    problems += [Problem(Failure.GAP_UNEXPLAINED, name, number) for number in _unexplained(segments, gaps)]
    return ProvenCamera(
        len(proven),
        sum(segment.frames for segment in proven),
        sum(segment.size for segment in proven),
        tuple(gap for gap in gaps if gap.began_ms != gap.ended_ms),
        len(under_way),
    )


def _failure_of(segment: SegmentClosed | None, paths: list[Path], by_hash: dict[bytes, int]) -> Failure | None:
    if segment is None or not paths:
        return Failure.SEGMENT_MISSING
    if len(paths) > 1:
        return Failure.SEGMENT_SWAPPED
    with suppress(OSError):
        sha256, size = hash_file(paths[0])
        if (sha256, size) == (segment.sha256, segment.size):
            return None
        if sha256 in by_hash:
            return Failure.SEGMENT_SWAPPED
    return Failure.SEGMENT_CHANGED


def _unexplained(segments: dict[int, SegmentClosed], gaps: list[GapNoted]) -> Iterator[int]:
    """The numbers of the segments after which time is missing without a reason that fits."""
    for before, after in pairwise(sorted(segments)):
        ended, began = segments[before].ended_ms, segments[after].began_ms
        if after != before + 1 or abs(began - ended) <= GAP_MS:
            continue
        is_told = any(
            gap.after == before and abs(gap.began_ms - ended) <= GAP_MS and abs(gap.ended_ms - began) <= GAP_MS
            for gap in gaps
        )
        if not is_told:
            yield before
