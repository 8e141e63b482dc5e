"""What the centre is told of cameras, through a real register: their health in `status`, their stills as files."""

from __future__ import annotations

import argparse
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from pollbook.camera_health import CameraHealth, StationHealth, encode_health
from pollbook.commanding import WrongUsage
from pollbook.failures import Failure, WorldFailed
from pollbook.parcels import ParcelKind, PieceAddress, encode_piece
from pollbook.stills import Still, encode_still
from pollbook.store import parcels
from pollbook.store.camera_health import queue_camera_health, write_health
from register.commands import looking, stills
from register.parcels import take_piece
from register.store import camera_health
from tests.crossing.worlds import Laptop
from tests.register.stand_in import Centre

JPEG = b"\xff\xd8\xff\xe0 a hall \xff\xd9"
AT_S = int(datetime(2026, 12, 20, 5, 15, tzinfo=UTC).timestamp())


def deliver(centre: Centre, laptop: Laptop) -> None:
    """Every parcel that waits is at the register."""
    while (piece := parcels.next_piece(laptop.book, frozenset(ParcelKind), 100_000)) is not None:
        sent = encode_piece(piece, laptop.book.link.device_key)
        with centre.database.write() as connection:
            address = PieceAddress(laptop.name, piece.address.parcel, 0)
            take_piece(connection, centre.keys.key, sent, address, centre.now)
        parcels.note_parcel(laptop.book, piece.address.parcel, piece.size)


def tell(centre: Centre, laptop: Laptop, *cameras: CameraHealth) -> None:
    laptop.clock.advance(61)
    health = StationHealth(int(laptop.clock.at.timestamp()), cameras)
    write_health(laptop.home.camera_health(laptop.name), health)
    assert queue_camera_health(laptop.book)
    deliver(centre, laptop)


def status(centre: Centre) -> dict[str, object]:
    arguments = argparse.Namespace(home=centre.home.path)
    answer = looking.status(arguments, None)  # type: ignore[arg-type]
    assert "cameras={" not in str(answer.text)
    return dict(answer.data)


def wished(centre: Centre, **chosen: object) -> argparse.Namespace:
    asked: dict[str, object] = {"precinct": None, "camera": None, "begins": None, "ends": None}
    return argparse.Namespace(home=centre.home.path, **(asked | chosen))


def listed(centre: Centre, **chosen: object) -> list[dict[str, object]]:
    answer = stills.list_stills(wished(centre, **chosen), None)  # type: ignore[arg-type]
    return cast("list[dict[str, object]]", answer.data["stills"])


# Health


def test_a_camera_in_alarm_is_in_the_centre_s_status_until_it_is_well(
    centre: Centre, here: Laptop, there: Laptop
) -> None:
    assert status(centre)["cameras_in_alarm"] == []
    tell(centre, here, CameraHealth("door", 0), CameraHealth("hall", 2, {"covered": AT_S}))
    tell(centre, there, CameraHealth("hall", 0))
    told = status(centre)
    (alarm,) = cast("list[dict[str, object]]", told["cameras_in_alarm"])
    assert (alarm["camera"], alarm["alarm"], alarm["since"]) == ("hall", "covered", "2026-12-20T05:15:00+00:00")
    rows = cast("list[dict[str, dict[str, list[dict[str, object]]]]]", told["stations"])
    lights = {
        str(row["book"]): [each["light"] for each in row["cameras"]["cameras"]] for row in rows if "cameras" in row
    }
    assert lights == {str(here.name): ["green", "red"], str(there.name): ["green"]}
    tell(centre, here, CameraHealth("door", 0), CameraHealth("hall", 0))
    assert status(centre)["cameras_in_alarm"] == []


def test_a_health_that_is_none_is_refused_and_what_was_told_before_stands(centre: Centre, here: Laptop) -> None:
    tell(centre, here, CameraHealth("hall", 2, {"lost": AT_S}))
    parcels.queue_parcel(here.book, ParcelKind.CAMERA_HEALTH, b"\x83\x02\x00\x80")
    with pytest.raises(WorldFailed) as caught:
        deliver(centre, here)
    assert caught.value.failure is Failure.REQUEST_NOT_ACCEPTED
    with centre.database.read() as connection:
        (kept,) = camera_health.all_health(connection).values()
    assert kept.health.cameras[0].alarms == {"lost": AT_S}
    assert len(encode_health(kept.health)) < 40


# Stills


def send_stills(centre: Centre, laptop: Laptop) -> None:
    for camera, later_s in (("hall", 0), ("door", 0), ("hall", 900)):
        content = encode_still(Still(camera, AT_S + later_s, JPEG + bytes([later_s % 256])))
        parcels.queue_parcel(laptop.book, ParcelKind.STILL, content)
    deliver(centre, laptop)


def test_stills_are_listed_by_precinct_camera_and_time(centre: Centre, here: Laptop, there: Laptop) -> None:
    send_stills(centre, here)
    send_stills(centre, there)
    assert len(listed(centre)) == 6
    precinct = str(here.book.header.precinct)
    ours = listed(centre, precinct=precinct, camera="hall")
    assert [(each["precinct"], each["taken_at"]) for each in ours] == [
        (precinct, "2026-12-20T05:15:00+00:00"),
        (precinct, "2026-12-20T05:30:00+00:00"),
    ]
    # 10:15 at the station.
    assert len(listed(centre, precinct=precinct, begins="2026-12-20T10:15", ends="2026-12-20T10:30")) == 2
    assert listed(centre, precinct="9999-0001") == []
    with pytest.raises(WrongUsage):
        listed(centre, begins="at noon")


def test_stills_are_files_with_a_manifest_and_nothing_is_overwritten(
    centre: Centre, here: Laptop, tmp_path: Path
) -> None:
    send_stills(centre, here)
    out = tmp_path / "stills"
    answer = stills.export_stills(wished(centre, out=out), None)  # type: ignore[arg-type]
    assert (answer.data["stills"], answer.data["unreadable"]) == (3, 0)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    for row in manifest["stills"]:
        content = (out / row["file"]).read_bytes()
        assert content.startswith(JPEG)
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
    assert len({row["file"] for row in manifest["stills"]}) == 3
    before = sorted(out.rglob("*"))
    with pytest.raises(WorldFailed) as caught:
        stills.export_stills(wished(centre, out=out), None)  # type: ignore[arg-type]
    assert caught.value.failure is Failure.OUT_EXISTS
    assert sorted(out.rglob("*")) == before


def test_none_of_this_time_leaves_no_folder_and_a_parcel_that_is_no_still_is_counted(
    centre: Centre, here: Laptop, tmp_path: Path
) -> None:
    send_stills(centre, here)
    parcels.queue_parcel(here.book, ParcelKind.STILL, b"../../etc/passwd")
    deliver(centre, here)
    with pytest.raises(WorldFailed) as caught:
        stills.export_stills(wished(centre, out=tmp_path / "none", begins="2027-01-01"), None)  # type: ignore[arg-type]
    assert caught.value.failure is Failure.STILLS_NONE
    assert list(tmp_path.glob("*none*")) == list(tmp_path.glob(".stills-*")) == []
    answer = stills.list_stills(wished(centre), None)  # type: ignore[arg-type]
    assert answer.data["unreadable"] == 1
