"""Two homes on one machine: the commands divide the list between real processes, and fetch a line back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from station_app.__main__ import main
from tests.making import Station
from tests.station_app.neighbours.precinct import make_desks
from tests.sync.lan.test_peer import free_udp_port

LINES = 60
WAIT_S = "20"
Json = dict[str, Any]


def started(station: Station, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "station_app", "book", *words, "--home", str(station.home.path), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")


def ended(process: subprocess.Popen[str]) -> tuple[int, Json]:
    out, told = process.communicate(timeout=90)
    assert out, told
    answer: Json = json.loads(out)
    return process.returncode, answer


def ran(station: Station, *words: str) -> tuple[int, Json]:
    return ended(started(station, *words))


@pytest.fixture
def stations(tmp_path: Path) -> list[Station]:
    """Two desks on loopback, each with its mirror in a folder."""
    made = make_desks(tmp_path, 2, LINES)
    ports = [free_udp_port(), free_udp_port()]
    for station, port in zip(made, ports, strict=True):
        others = ", ".join(f'"127.0.0.1:{other}"' for other in ports)
        text = f'address = "127.0.0.1"\nport = {port}\nmulticast = false\nothers = [{others}]\n'
        station.home.network.write_text(text, "utf-8")
        stick = station.home.path.with_suffix(".stick")
        stick.mkdir()
        assert main(["book", "mirror", str(stick), "--home", str(station.home.path), "--json"]) == 0
    return made


def test_the_list_is_divided_once_and_a_line_is_fetched_back(stations: list[Station]) -> None:
    first, second = stations
    beside = started(second, "neighbours", "--wait", "8")
    status, divided = ran(first, "divide", "--desks", "2", "--wait", WAIT_S)
    assert (status, divided["arrived"], divided["unsent"]) == (0, True, 0)
    assert divided["desks"] == [
        {"desk": 1, "first_page": 1, "last_page": 1, "given": 0},
        {"desk": 2, "first_page": 2, "last_page": 3, "given": 40},
    ]
    status, there = ended(beside)
    assert (status, there["held"], there["unmarked"]) == (0, 40, 40)

    beside = started(second, "neighbours", "--wait", "8")
    line = second.voters[45]
    status, fetched = ran(first, "fetch", line.pinfl, "--wait", WAIT_S)
    assert (status, fetched["outcome"], fetched["desk"]) == (0, "fetched", 2)
    status, there = ended(beside)
    assert there["held"] == 39


def test_with_nobody_there_nothing_moves_and_the_desk_that_holds_the_page_is_named(stations: list[Station]) -> None:
    first, _ = stations
    status, refused = ran(first, "divide", "--desks", "2", "--wait", "0.5")
    assert (status, refused["failure"], refused["joined"]) == (4, "neighbour_away", [])
    status, there = ran(first, "neighbours", "--wait", "0.2")
    assert (status, there["neighbours"], there["held"]) == (0, [], LINES)


def test_a_desk_without_mirror_or_register_asks_for_nothing(stations: list[Station]) -> None:
    _, second = stations
    assert ran(second, "mirror", "stop")[0] == 0
    status, refused = ran(second, "fetch", second.voters[0].pinfl, "--wait", "0.2")
    assert (status, refused["refusal"]) == (3, "not_safe_yet")


def test_a_network_file_that_is_wrong_is_named(stations: list[Station]) -> None:
    first, _ = stations
    first.home.network.write_text("prot = 1", "utf-8")
    status, refused = ran(first, "neighbours", "--wait", "0.2")
    assert (status, refused["refusal"]) == (3, "file_unreadable")
