from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pollbook.clock import SystemClock
from sync.client import RegisterClient
from sync.pace import Patience
from tests.sync.centre import Centre
from tests.sync.fake_register import FakeRegister
from tests.sync.stations import enrolled

IMPATIENT = Patience(connect_s=2.0, silence_s=0.4, bytes_per_s=1_000_000)


@pytest.fixture
def centre() -> Centre:
    return Centre()


@pytest.fixture
def register(centre: Centre) -> Iterator[FakeRegister]:
    server = FakeRegister(centre)
    yield server
    server.close()


@pytest.fixture
def client_of() -> Iterator[Callable[[FakeRegister], RegisterClient]]:
    made: list[RegisterClient] = []

    def make(register: FakeRegister) -> RegisterClient:
        made.append(RegisterClient(register.url, register.centre.authority.pem, SystemClock(), IMPATIENT))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(register: FakeRegister, client_of: Callable[[FakeRegister], RegisterClient]) -> RegisterClient:
    return client_of(register)


@pytest.fixture
def station(tmp_path: Path, register: FakeRegister) -> Path:
    """A home whose book the fake register issued."""
    path = tmp_path / "station"
    enrolled(path, register)
    return path
