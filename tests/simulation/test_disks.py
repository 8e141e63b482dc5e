from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.simulation.disks import Disk
from tests.simulation.kernel import Log, Scheduler
from tests.simulation.prepared import prepared
from tests.simulation.torn_disks import TornDisk

MARKS = 60


@pytest.fixture
def disks() -> Iterator[list[Disk]]:
    """Disks put in here are thrown away at the end."""
    used: list[Disk] = []
    yield used
    for disk in used:
        disk.throw_away()


def committed(disk: Disk, synchronous: str) -> None:
    cursor = disk.database.cursor()
    cursor.execute(f"PRAGMA synchronous = {synchronous}")
    cursor.execute("CREATE TABLE told (number INTEGER PRIMARY KEY)")
    for number in range(MARKS):
        cursor.execute("INSERT INTO told VALUES (?)", (number,))


def kept(disk: Disk) -> int:
    assert disk.look("PRAGMA integrity_check") == [("ok",)]
    if not disk.look("SELECT name FROM sqlite_master WHERE name = 'told'"):
        return 0
    return int(disk.look("SELECT count(*) FROM told")[0][0])


@pytest.mark.parametrize("seed", range(10))
def test_a_power_cut_takes_nothing_that_was_synced(seed: int, disks: list[Disk]) -> None:
    disk = TornDisk(prepared().stations[0].image, random.Random(seed), Log(Scheduler()))
    disks.append(disk)
    committed(disk, "FULL")
    disk.crash()
    assert kept(disk) == MARKS


def test_a_power_cut_takes_what_was_committed_without_a_sync(disks: list[Disk]) -> None:
    disk = TornDisk(prepared().stations[0].image, random.Random(1), Log(Scheduler()))
    disks.append(disk)
    committed(disk, "NORMAL")
    disk.crash()
    assert kept(disk) < MARKS


def test_a_crash_takes_the_open_transaction_and_the_dead_program_reaches_the_disk_no_more(disks: list[Disk]) -> None:
    disk = Disk(prepared().stations[0].image)
    disks.append(disk)
    committed(disk, "FULL")
    program = disk.database.cursor()
    program.execute("BEGIN")
    program.execute("DELETE FROM told")
    disk.crash()
    assert kept(disk) == MARKS
    with pytest.raises(Exception, match="closed"):
        program.execute("DELETE FROM told")


def test_a_full_disk_refuses_what_needs_a_page_until_there_is_room(disks: list[Disk]) -> None:
    disk = Disk(prepared().stations[0].image)
    disks.append(disk)
    committed(disk, "FULL")
    disk.fill(0)
    cursor = disk.database.cursor()
    with pytest.raises(Exception, match="full"):
        cursor.execute("INSERT INTO pin VALUES (999, ?, 0, 0)", (bytes(100_000),))
    disk.empty()
    cursor.execute("INSERT INTO pin VALUES (999, ?, 0, 0)", (bytes(100_000),))
