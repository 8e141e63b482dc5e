"""What is handed out for a complaint: segments, their index, the ledger's part, and a page that plays and proves them.

OUT/segments/hall-00000017.ts    the originals, whole, as they were hashed
OUT/play/hall-00000017.mp4       the same pictures, copied, for a browser (`.js` where they are JPEG)
OUT/index.json  ledger.cbor  SHA256SUMS  index.html
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from devices.camera import folder
from devices.camera.folder import GapReason
from devices.camera.mp4 import to_mp4
from devices.camera.recovery import codec_of, unwrapped
from devices.camera.values import CameraFailed, Codec
from pollbook.bundle import resource_path
from pollbook.camera_entries import Extract, GapNoted, SegmentClosed, encode_extract
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.store.camera_ledger import LedgerRead
from pollbook.texts import PaperTexts
from station_app.cameras.identity import Vouching, ledger_path, read_vouchings

_PAGE_TEXTS: Final = ("title", "what", "segments", "number", "time", "frames", "proof", "how", "by_hand")
_SCRIPT_TEXTS: Final = (
    "gap", "not_yet", "chain", "signature", "no_ed25519", "missing", "holds", "changed", "segments",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """Which camera's recording of which time is exported, and in whose words and hours the page speaks."""

    camera: str
    begins: datetime
    ends: datetime
    texts: PaperTexts
    zone: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    page: Path
    segments: int
    gaps: int
    size: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A segment with the number of its entry."""

    entry: int
    segment: SegmentClosed
    path: Path


def export_span(root: Path, wish: Wish, out: Path) -> Exported:
    """`out` holds the recording of this time with its proof, for whoever has no program of ours.

    Raises:
        WorldFailed: `OUT_EXISTS`, `NOTHING_RECORDED`, `SEGMENT_MISSING`, `CAMERA_LEDGER_BROKEN`, `FILE_UNREADABLE`.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise WorldFailed(Failure.OUT_EXISTS, path=out)
    vouching, read = _ledger_with(root, wish)
    chosen, gaps = _chosen(root, wish, read)
    extract, first = _extract(read, [found.entry for found in chosen])
    try:
        for name in ("segments", "play"):
            (out / name).mkdir(parents=True, exist_ok=True)
        rows = [_copy(found, out, first) for found in chosen]
        listed = sorted(
            [*rows, *({"kind": "gap", **asdict(gap)} for gap in gaps)], key=lambda row: int(str(row["began_ms"]))
        )
        (out / "ledger.cbor").write_bytes(encode_extract(extract))
        (out / "index.json").write_text(json.dumps(listed, indent=1), "utf-8")
        page = _page(wish, vouching, extract, listed)
        (out / "index.html").write_text(page, "utf-8")
        _write_sums(out)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=out) from error
    size = sum(found.segment.size for found in chosen)
    return Exported(out / "index.html", len(chosen), len(gaps), size)


def _ledger_with(root: Path, wish: Wish) -> tuple[Vouching, LedgerRead]:
    """The ledger in the folder that has segments of this time, and who vouches for it."""
    is_broken = False
    for vouching in read_vouchings(root):
        try:
            read = vouching.read(ledger_path(root, vouching.book).read_bytes())
        except (InputInvalid, OSError):
            is_broken = True
            continue
        if any(_is_wished(entry.fact, wish) for entry in read.entries if isinstance(entry.fact, SegmentClosed)):
            return vouching, read
        is_broken = is_broken or read.broken_after is not None
    raise WorldFailed(Failure.CAMERA_LEDGER_BROKEN if is_broken else Failure.NOTHING_RECORDED)


def _is_wished(fact: SegmentClosed | GapNoted, wish: Wish) -> bool:
    begins_ms, ends_ms = (moment.timestamp() * 1000 for moment in (wish.begins, wish.ends))
    return fact.camera == wish.camera and fact.began_ms < ends_ms and fact.ended_ms > begins_ms


def _chosen(root: Path, wish: Wish, read: LedgerRead) -> tuple[list[_Found], list[GapNoted]]:
    files = folder.segment_files(root, wish.camera)
    chosen, gaps = list[_Found](), list[GapNoted]()
    for number, entry in enumerate(read.entries):
        match entry.fact:
            case SegmentClosed() as segment if _is_wished(segment, wish):
                if segment.number not in files:
                    raise WorldFailed(Failure.SEGMENT_MISSING, str(segment.number))
                chosen.append(_Found(number, segment, files[segment.number][0]))
            case GapNoted() as gap if gap.began_ms != gap.ended_ms and _is_wished(gap, wish):
                gaps.append(gap)
            case _:
                pass
    return chosen, gaps


def _extract(read: LedgerRead, entries: Sequence[int]) -> tuple[Extract, int]:
    """The batches from the first of these entries to the last as one extract, and the number of its first entry."""
    first = last = None
    begins, at = 0, 0
    for number, batch in enumerate(read.batches):
        end = at + len(batch.entries)
        if first is None and end > entries[0]:
            first, begins = number, at
        if last is None and end > entries[-1]:
            last = number
        at = end
    assert first is not None and last is not None  # noqa: PT018, S101 - the entries are of these batches
    batches = read.batches[first : last + 1]
    joined = tuple(entry for batch in batches for entry in batch.entries)
    return Extract(batches[0].before, joined, batches[-1].signed), begins


def _copy(found: _Found, out: Path, first: int) -> dict[str, object]:
    segment = found.segment
    stem = f"{segment.camera}-{segment.number:08d}"
    original = out / "segments" / f"{stem}{found.path.suffix}"
    shutil.copyfile(found.path, original)
    content = original.read_bytes()
    is_pictures = found.path.suffix == folder.SUFFIX[Codec.JPEG]
    play = f"play/{stem}.js" if is_pictures else f"play/{stem}.mp4"
    (out / play).write_bytes(_playable(original, content, found.path.parent.name))
    return {
        "kind": "segment",
        "name": original.name,
        "play": play,
        "is_pictures": is_pictures,
        "number": segment.number,
        "began_ms": segment.began_ms,
        "ended_ms": segment.ended_ms,
        "frames": segment.frames,
        "sha256": segment.sha256.hex(),
        "entry": found.entry - first,
    }


def _playable(path: Path, content: bytes, day: str) -> bytes:
    """What a browser plays; nothing where the pictures can't be read (the original is there all the same)."""
    frames = list(folder.frames_of(path, content))
    if path.suffix == folder.SUFFIX[Codec.JPEG]:
        shown = [[frame.at_ms, base64.b64encode(frame.data).decode()] for frame in frames]
        return f"FRAMES[{json.dumps(path.name)}] = {json.dumps(shown)};\n".encode()
    try:
        return to_mp4(frames, unwrapped(frames, day), codec_of(frames[0].data)) if frames else b""
    except CameraFailed:
        return b""


def _write_sums(out: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(out).as_posix()}\n"
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "SHA256SUMS"
    ]
    (out / "SHA256SUMS").write_text("".join(lines), "utf-8")


def _page(wish: Wish, vouching: Vouching, extract: Extract, rows: Sequence[Mapping[str, object]]) -> str:
    text = wish.texts
    zone = ZoneInfo(wish.zone)
    span = {"camera": wish.camera, **{name: f"{moment.astimezone(zone):%d.%m.%Y %H:%M:%S}" for name, moment in (
        ("from", wish.begins), ("to", wish.ends))}}  # fmt: skip
    offset = wish.begins.astimezone(zone).utcoffset()
    signed = extract.signed
    data = {
        "zone_ms": round(offset.total_seconds() * 1000) if offset else 0,
        "rows": rows,
        "facts": {
            text("device"): str(vouching.book),
            text("key").replace("`", ""): vouching.public_key().hex(),
            text("authority").replace("`", ""): vouching.authority_sha256,
            text("head"): f"{signed.head.number}: {signed.head.hash.hex()}",
        },
        "ledger": {
            "start_hash": vouching.start.hash.hex(),
            "before_number": extract.before.number,
            "before_hash": extract.before.hash.hex(),
            "entries": [entry.hex() for entry in extract.entries],
            "head_number": signed.head.number,
            "head_hash": signed.head.hash.hex(),
            "signature": signed.signature.hex(),
            "public_key": vouching.public_key().hex(),
        },
    }
    texts = {key: text(key).replace("`", "") for key in _SCRIPT_TEXTS}
    reasons = {reason.value: text(f"gap_{reason.value}") for reason in GapReason}
    page = resource_path("templates", "camera-export.html").read_text("utf-8")
    for key in _PAGE_TEXTS:
        page = page.replace(f"@{key}@", _marked(text(key, **span)))
    page = page.replace("@language@", {"uz_Latn": "uz-Latn", "uz_Cyrl": "uz-Cyrl"}.get(text.language, text.language))
    page = page.replace("@texts@", _script(texts | {"reasons": reasons}))
    return page.replace("@data@", _script(data))


def load_page_texts(language: str) -> PaperTexts:
    """The texts of the page in one of `texts.LANGUAGES`."""
    path = resource_path("translations", f"evidence.{language}.toml")
    return PaperTexts(language, tomllib.loads(path.read_text("utf-8")))


def _marked(text: str) -> str:
    """The text for a page; what stands in backticks is code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _script(value: object) -> str:
    """JSON that can't end the script that it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
