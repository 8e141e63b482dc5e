"""The camera ledger, the proof of a folder, and what is handed out."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera import folder
from devices.camera.folder import GapReason, SegmentRow
from devices.camera.health import Alarm, Expected
from devices.camera.place import place_of
from devices.camera.values import Trouble
from pollbook import camera_entries
from pollbook.bundle import resource_path
from pollbook.camera_entries import (
    AlarmNoted,
    CameraEntry,
    CameraFact,
    GapNoted,
    SegmentClosed,
    ViewSigned,
    decode_camera_entry,
    decode_extract,
    encode_camera_entry,
    is_whole,
)
from pollbook.failures import Failure, InputInvalid, WeFailed, WorldFailed
from pollbook.store.book import Book
from pollbook.store.camera_ledger import CameraLedger, ledger_of, queue_camera_ledger
from pollbook.store.parcels import next_piece, waiting_parcels
from pollbook.texts import LANGUAGES
from station_app.cameras.checking import Report, check_folder
from station_app.cameras.exporting import Wish, export_span, load_page_texts
from station_app.cameras.identity import ledger_path
from station_app.cameras.joining import Cameras
from station_app.cameras.settings import (
    ALARM_FAILURES,
    FAILURES,
    CameraSetting,
    CameraSettings,
    Mask,
    load_settings,
    save_settings,
)
from tests.devices.camera.streams import START_MS, Recorder
from tests.making import Station

HASH = hashlib.sha256(b"").digest()
FACTS: list[CameraFact] = [
    SegmentClosed("hall", 1, 1000, 2000, 25, 100, HASH, recovered=False),
    GapNoted("hall", 1, 2000, 2000, "lost"),
    AlarmNoted("hall", "lost", 2000, None),
    AlarmNoted("hall", "lost", 2000, 5000),
    ViewSigned("hall", 3000, 1, 2, bytes(32), bytes(64)),
]


@dataclass
class Recorded:
    """A folder in which a camera recorded three minutes with a gap, joined to a book's camera ledger."""

    book: Book
    root: Path

    def join(self) -> None:
        Cameras(self.book, self.book.clock, self.root).close()

    def check(self) -> Report:
        return check_folder(self.root, self.book.link.authority_pem)

    def segment(self, number: int) -> Path:
        return folder.segment_files(self.root, "hall")[number][0]


@pytest.fixture
def recorded(station: Station, tmp_path: Path) -> Iterator[Recorded]:
    with station.open() as book:
        made = Recorded(book, tmp_path / "recordings")
        folder.make_root(made.root)
        recorder = Recorder(made.root)
        recorder.send(70)
        recorder.recording.interrupt(GapReason.LOST)
        recorder.wait(20)
        recorder.recording.begin(recorder.recording.facts)  # type: ignore[arg-type]  # it was begun before
        recorder.send(60)
        recorder.recording.interrupt(GapReason.STOPPED)
        made.join()
        yield made


def problems(report: Report) -> list[tuple[Failure, int]]:
    return [(problem.failure, problem.number) for problem in report.problems]


# --- entries and the ledger


@pytest.mark.parametrize("fact", FACTS)
def test_an_entry_is_read_as_it_was_written(fact: CameraFact) -> None:
    entry = CameraEntry(1_797_735_600_000, fact)
    assert decode_camera_entry(encode_camera_entry(entry)) == entry


@given(st.binary(max_size=200))
def test_any_bytes_are_an_entry_and_an_extract_or_refused(noise: bytes) -> None:
    for decode in (decode_camera_entry, lambda data: decode_extract(data, 10_000)):
        with pytest.raises(InputInvalid):
            decode(noise)


def test_the_camera_ledger_goes_on_where_it_was_and_is_signed_by_the_books_key(station: Station) -> None:
    with station.open() as book:
        with CameraLedger(book) as first:
            first.add(FACTS[:2], 5)
        with CameraLedger(book) as second:
            head = second.add(FACTS[2:], 6)
        read = ledger_of(book)
        assert [entry.fact for entry in read.entries] == FACTS
        assert (read.head, head.number) == (head, len(FACTS))
        assert all(is_whole(batch, read.start, book.link.device_key.public) for batch in read.batches)


def test_a_batch_that_a_crash_tore_is_cut_off_and_one_that_was_changed_stops(station: Station) -> None:
    with station.open() as book:
        path = book.home.camera_ledger(book.name)
        with CameraLedger(book) as ledger:
            ledger.add(FACTS[:1], 5)
        whole = path.read_bytes()
        path.write_bytes(whole + whole[:50])
        with CameraLedger(book) as ledger:
            assert [entry.fact for entry in ledger.entries] == FACTS[:1]
            with pytest.raises(WorldFailed) as failed:
                CameraLedger(book)
            assert failed.value.failure is Failure.CAMERAS_IN_USE
        assert path.read_bytes() == whole
        path.write_bytes(whole[:-70] + b"?" + whole[-69:])
        with pytest.raises(WeFailed) as broken:
            CameraLedger(book)
        assert broken.value.failure is Failure.CAMERA_LEDGER_BROKEN


def test_hashes_and_no_pictures_are_queued_for_the_register_once(recorded: Recorded) -> None:
    book = recorded.book
    assert queue_camera_ledger(book)
    assert not queue_camera_ledger(book)
    (parcel,) = waiting_parcels(book)
    assert parcel.size == book.home.camera_ledger(book.name).stat().st_size
    assert parcel.size < 2000
    piece = next_piece(book, {parcel.kind}, 10_000)
    assert piece is not None
    assert hashlib.sha256(recorded.segment(1).read_bytes()).digest() in piece.content
    with CameraLedger(book) as ledger:
        ledger.add(FACTS[2:3], 7)
    assert queue_camera_ledger(book)
    assert len(waiting_parcels(book)) == 2


# --- the proof of a folder


def test_a_folder_is_proven_with_its_gap_and_the_reason(recorded: Recorded) -> None:
    report = recorded.check()
    assert report.ok
    hall = report.cameras["hall"]
    assert (hall.segments, hall.frames, hall.open) == (3, 1300, 0)
    assert [(gap.after, gap.reason, gap.ended_ms - gap.began_ms) for gap in hall.gaps] == [(2, "lost", 20_000)]
    assert check_folder(recorded.root).ok, "without a book too, on another machine"


def _delete(recorded: Recorded) -> None:
    recorded.segment(2).unlink()


def _truncate(recorded: Recorded) -> None:
    path = recorded.segment(2)
    path.write_bytes(path.read_bytes()[:-188])


def _change_a_byte(recorded: Recorded) -> None:
    content = bytearray(recorded.segment(2).read_bytes())
    content[len(content) // 2] ^= 1
    recorded.segment(2).write_bytes(content)


def _swap(recorded: Recorded) -> None:
    one, other = recorded.segment(2), recorded.segment(3)
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def _add_one_of_ones_own(recorded: Recorded) -> None:
    recorded.segment(2).with_name("00000009.ts").write_bytes(recorded.segment(2).read_bytes())


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (_delete, [(Failure.SEGMENT_MISSING, 2)]),
        (_truncate, [(Failure.SEGMENT_CHANGED, 2)]),
        (_change_a_byte, [(Failure.SEGMENT_CHANGED, 2)]),
        (_swap, [(Failure.SEGMENT_SWAPPED, 2), (Failure.SEGMENT_SWAPPED, 3)]),
        (_add_one_of_ones_own, [(Failure.SEGMENT_UNKNOWN, 9)]),
    ],
)
def test_a_folder_that_was_tampered_with_is_found(
    recorded: Recorded, tamper: Callable[[Recorded], None], found: list[tuple[Failure, int]]
) -> None:
    tamper(recorded)
    report = recorded.check()
    assert problems(report) == found
    assert report.cameras["hall"].segments == 3 - sum(failure is not Failure.SEGMENT_UNKNOWN for failure, _ in found)


def test_an_index_that_was_edited_changes_nothing_and_hides_nothing(recorded: Recorded) -> None:
    for index in recorded.root.rglob("index.jsonl"):
        index.write_text("")
    assert recorded.check().ok
    recorded.segment(3).unlink()
    assert problems(recorded.check()) == [(Failure.SEGMENT_MISSING, 3)]


def test_time_that_is_missing_without_a_reason_is_found(station: Station, tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    folder.make_root(root)
    recorder = Recorder(root)
    recorder.send(70)
    recorder.recording.interrupt(GapReason.STOPPED)
    rows = [row for row in recorder.rows if isinstance(row, SegmentRow)]
    moved = replace(rows[1], began_ms=rows[1].began_ms + 9000)
    index = next(root.rglob("index.jsonl"))
    index.unlink()
    for row in (rows[0], moved):
        folder.add_row(root, row, "2026-12-20")
    with station.open() as book:
        Cameras(book, book.clock, root).close()
        assert problems(check_folder(root)) == [(Failure.GAP_UNEXPLAINED, 1)]


def test_a_ledger_that_was_cut_changed_or_signed_by_somebody_else_is_found(recorded: Recorded) -> None:
    path = ledger_path(recorded.root, recorded.book.name)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert Failure.CAMERA_LEDGER_BROKEN in {failure for failure, _ in problems(recorded.check())}
    path.write_bytes(whole.replace(b"hall", b"door", 1))
    assert Failure.CAMERA_LEDGER_BROKEN in {failure for failure, _ in problems(recorded.check())}
    path.write_bytes(whole)
    other = recorded.book.link.authority_pem.replace("A", "B", 1)
    assert problems(check_folder(recorded.root, other))[0][0] is Failure.CAMERA_LEDGER_BROKEN
    path.unlink()
    assert Failure.CAMERA_LEDGER_BROKEN in {failure for failure, _ in problems(recorded.check())}


def test_a_folder_without_any_vouching_is_not_proven(tmp_path: Path) -> None:
    assert problems(check_folder(tmp_path)) == [(Failure.CAMERA_LEDGER_BROKEN, 0)]


def test_what_a_crash_kept_from_the_ledger_is_caught_up_from_the_index(recorded: Recorded) -> None:
    recorder = Recorder(recorded.root)
    recorder.times.passed_s = 500
    recorder.start()
    recorder.send(10)
    recorder.recording.interrupt(GapReason.STOPPED)
    assert problems(recorded.check()) == []
    assert recorded.check().cameras["hall"].open == 1
    recorded.join()
    recorded.join()
    report = recorded.check()
    assert (report.ok, report.cameras["hall"].segments, report.cameras["hall"].open) == (True, 4, 0)
    assert len([e for e in ledger_of(recorded.book).entries if isinstance(e.fact, SegmentClosed)]) == 4


# --- what is handed out


def wish(camera: str = "hall", seconds: tuple[int, int] = (30, 100), language: str = "en") -> Wish:
    start = datetime.fromtimestamp(START_MS / 1000, UTC)
    begins, ends = (start + timedelta(seconds=second) for second in seconds)
    return Wish(camera, begins, ends, load_page_texts(language), "Asia/Tashkent")


def test_an_export_holds_the_segments_their_proof_and_a_page(recorded: Recorded, tmp_path: Path) -> None:
    out = tmp_path / "complaint"
    exported = export_span(recorded.root, wish(), out)
    assert (exported.segments, exported.gaps) == (3, 1)
    for number in (1, 2, 3):
        assert (out / "segments" / f"hall-{number:08d}.ts").read_bytes() == recorded.segment(number).read_bytes()
    extract = decode_extract((out / "ledger.cbor").read_bytes(), 10**6)
    book = recorded.book
    assert is_whole(extract, camera_entries.camera_origin(book.election.id, book.name), book.link.device_key.public)
    summed = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=out, check=False)
    assert summed.returncode == 0
    page = (out / "index.html").read_text("utf-8")
    assert "http:" not in page
    assert "https:" not in page
    rows = json.loads((out / "index.json").read_text("utf-8"))
    assert [row["kind"] for row in rows] == ["segment", "segment", "gap", "segment"]
    for row in rows:
        if row["kind"] == "segment":
            assert row["sha256"] in extract.entries[row["entry"]].hex()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_each_language(recorded: Recorded, tmp_path: Path, language: str) -> None:
    export_span(recorded.root, wish(language=language), tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "@" not in page.replace("@media", "")
    assert load_page_texts(language)("gap_lost") in page


def test_what_was_not_recorded_is_not_exported(recorded: Recorded, tmp_path: Path) -> None:
    for camera, seconds in (("door", (0, 100)), ("hall", (5000, 6000))):
        with pytest.raises(WorldFailed) as failed:
            export_span(recorded.root, wish(camera, seconds), tmp_path / "out")
        assert failed.value.failure is Failure.NOTHING_RECORDED


def test_all_languages_of_the_page_have_the_same_keys_and_places() -> None:
    usual = tomllib.loads(resource_path("translations", "evidence.en.toml").read_text("utf-8"))
    for language in LANGUAGES:
        texts = tomllib.loads(resource_path("translations", f"evidence.{language}.toml").read_text("utf-8"))
        assert list(texts) == list(usual)
        for key, text in texts.items():
            assert {place for place in ("{camera}", "{from}", "{to}", "`segments`") if place in text} == {
                place for place in ("{camera}", "{from}", "{to}", "`segments`") if place in usual[key]
            }
    assert {f"gap_{reason.value}" for reason in GapReason} <= set(usual)


# --- settings


def test_cameras_and_their_passwords_are_sealed_and_read_back(station: Station) -> None:
    with station.open() as book:
        home = book.home
        place = place_of("rtsp://10.0.0.7/main", "guard", "hard-to-guess")
        camera = CameraSetting("hall", place, None, Expected(640, 480, 12.5), (Mask(0, 0, 500, 250),))
        settings = CameraSettings().with_camera(camera)
        assert isinstance(settings, CameraSettings)
        save_settings(home, replace(settings, folder=Path("/media/usb")))
        assert load_settings(home).cameras == (camera,)
        assert load_settings(home).folder == Path("/media/usb")
        content = home.cameras.read_bytes()
        assert b"hall" not in content
        assert b"hard-to-guess" not in content
        assert "hard-to-guess" not in repr(settings)
        home.cameras.write_bytes(content[:-1] + b"?")
        with pytest.raises(WorldFailed) as failed:
            load_settings(home)
        assert failed.value.failure is Failure.BOOK_KEY_MISSING


def test_every_trouble_and_every_alarm_has_a_failure() -> None:
    assert set(FAILURES) == set(Trouble)
    assert set(ALARM_FAILURES) == set(Alarm)


def test_whoever_shows_cameras_does_not_load_opencv() -> None:
    program = "import sys, station_app.__main__, station_app.cameras.joining; raise SystemExit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
