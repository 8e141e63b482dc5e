"""`network.toml`: what IT staff may write is read, anything else is refused and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome
from station_app.network import read_network
from sync.lan.sockets import Network


def written(path: Path, text: str) -> StationHome:
    home = StationHome(path)
    home.network.write_text(text, "utf-8")
    return home


def test_without_a_file_a_desk_is_on_every_interface_and_announces_by_multicast(tmp_path: Path) -> None:
    assert read_network(StationHome(tmp_path)) == Network()


def test_what_it_staff_wrote_is_read(tmp_path: Path) -> None:
    text = 'address = "192.168.7.12"\nport = 5000\ntcp_port = 5001\nmulticast = false\n'
    home = written(tmp_path, text + 'others = ["192.168.7.13", "192.168.7.14:5002"]')
    others = (("192.168.7.13", 5000), ("192.168.7.14", 5002))
    assert read_network(home) == Network("192.168.7.12", 5001, 5000, multicast=False, others=others)


@pytest.mark.parametrize(
    "text",
    [
        "port = ",
        "port = 70000",
        "port = true",
        'port = "5000"',
        "multicast = 1",
        'address = "somewhere"',
        'address = "fe80::1"',
        'others = "192.168.7.13"',
        'others = ["192.168.7.13:x"]',
        'others = ["192.168.7.13:99999"]',
        "others = [7]",
        f"others = {['192.168.7.13'] * 33}",
        "prot = 5000",
        "#" * 20_000,
    ],
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(WorldFailed) as caught:
        read_network(written(tmp_path, text))
    assert caught.value.failure is Failure.FILE_UNREADABLE


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "network.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(WorldFailed):
        read_network(StationHome(tmp_path))
