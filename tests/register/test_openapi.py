"""docs/openapi.json says what the code does: held together here, and tried by Schemathesis on a serving register."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from pollbook import parcels, sync_request
from pollbook.enrolment_messages import ENROL_PATH
from pollbook.failures import Failure
from pollbook.parcels import PARCEL_PATH, PIECE_MESSAGE_BYTES_MAX, PieceAddress
from pollbook.sync_request import SYNC_PATH, Address
from pollbook.types import BookName, DeviceId, EntryNumber
from pollbook.wire import CONTENT_TYPE, MESSAGE_BYTES_MAX, PROBLEM_TYPE
from register import web
from register.web import ENROL_BYTES_MAX
from sync.client import RETRY_AFTER_MAX_S
from tests.register import test_serving
from tests.soak.api import DESCRIPTION, authority_of, schemathesis

served = test_serving.served
Served = test_serving.Served
Json = dict[str, Any]

SYNC, PARCEL = f"{SYNC_PATH}/{{book}}/{{first}}", f"{PARCEL_PATH}/{{book}}/{{parcel}}/{{offset}}"
BODIES = {ENROL_PATH: ENROL_BYTES_MAX, SYNC: MESSAGE_BYTES_MAX, PARCEL: PIECE_MESSAGE_BYTES_MAX}
BOOK = BookName(DeviceId(bytes(range(16))), 3)


@pytest.fixture
def database_url() -> None:
    """The embedded database alone: nothing here is about what lies behind."""


@pytest.fixture(scope="module")
def described() -> Json:
    found: Json = json.loads(DESCRIPTION.read_text("utf-8"))
    return found


def operations(described: Json) -> dict[tuple[str, str], Json]:
    return {
        (path, method): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def test_every_path_and_method_is_described_and_no_other(
    described: Json, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Route] = []

    class Watched(Starlette):
        def __init__(self, *, routes: list[Route], exception_handlers: Any) -> None:  # noqa: ANN401 - Starlette's own
            made.extend(routes)
            super().__init__(routes=routes, exception_handlers=exception_handlers)

    monkeypatch.setattr(web, "Starlette", Watched)
    web.make_app(served.register)
    served_here = {(route.path, method.lower()) for route in made for method in route.methods or () if method != "HEAD"}
    assert served_here == set(operations(described))


@pytest.mark.parametrize("path", BODIES)
def test_bodies_are_of_the_described_type_and_size(described: Json, path: str) -> None:
    (operation,) = described["paths"][path].values()
    assert operation["requestBody"]["content"] == {
        CONTENT_TYPE: {"schema": {"type": "string", "format": "binary", "maxLength": BODIES[path]}}
    }
    assert list(operation["responses"]["200"]["content"]) == [CONTENT_TYPE]


def test_every_failure_that_has_a_status_is_described_under_it_and_no_other(described: Json) -> None:
    told = {
        (int(status), failure)
        for operation in operations(described).values()
        for status, response in operation["responses"].items()
        for kind, content in response["content"].items()
        if kind == PROBLEM_TYPE
        for failure in content["schema"]["allOf"][1]["properties"]["failure"]["enum"]
    }
    unseen = {Failure.REGISTER_IN_USE, Failure.DATABASE_AWAY}  # outside they are told as a busy register
    of_code = {(int(status), failure.key) for failure, status in web._STATUS.items() if failure not in unseen}
    by_http = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.REQUEST_TIMEOUT, 413}
    of_code |= {(int(status), Failure.REQUEST_NOT_ACCEPTED.key) for status in by_http}
    of_code |= {(429, Failure.REGISTER_BUSY.key), (500, Failure.FAULT.key)}
    assert told == of_code


def test_who_is_sent_away_is_told_when_to_come_back(described: Json) -> None:
    for operation in operations(described).values():
        for status in {"429", "503"} & set(operation["responses"]):
            assert operation["responses"][status]["headers"] == {
                "Retry-After": {"$ref": "#/components/headers/RetryAfter"}
            }
    assert described["components"]["headers"]["RetryAfter"]["schema"]["maximum"] == RETRY_AFTER_MAX_S


def test_parts_of_paths_are_as_the_code_reads_them(described: Json) -> None:
    def patterns(path: str) -> dict[str, re.Pattern[str]]:
        (operation,) = described["paths"][path].values()
        return {part["name"]: re.compile(part["schema"]["pattern"]) for part in operation["parameters"]}

    sync, parcel = patterns(SYNC), patterns(PARCEL)
    for described_part, code in (
        (sync["book"], sync_request._BOOK),
        (sync["first"], sync_request._NUMBER),
        (parcel["book"], parcels._BOOK),
        (parcel["parcel"], parcels._ID),
        (parcel["offset"], parcels._OFFSET),
    ):
        spelled = described_part.pattern.removeprefix("^").removesuffix("$").replace("[0-9]", r"\d")
        assert spelled.strip("()") == re.sub(r"\((.*?)\)", r"\1", code.pattern).replace("[0-9]", r"\d")
    *_, book, first = Address(BOOK, EntryNumber(7)).path.split("/")
    assert sync["book"].search(book)
    assert sync["first"].search(first)
    *_, book, name, offset = PieceAddress(BOOK, bytes(16), 0).path.split("/")
    assert [
        parcel[part].search(text) is not None for part, text in (("book", book), ("parcel", name), ("offset", offset))
    ]


def test_no_answer_is_other_than_described_whatever_is_asked(served: Served) -> None:
    ran = schemathesis(f"https://127.0.0.1:{served.port}", authority_of(served.centre.home.path), 15, 7)
    assert ran.returncode == 0, ran.stdout[-6000:]
    counted = re.search(r"(\d+) generated, (\d+) passed", ran.stdout)
    assert counted is not None
    assert int(counted[1]) > 60


def test_an_answer_that_is_not_described_is_found(served: Served, tmp_path: Path, described: Json) -> None:
    lesser = json.loads(json.dumps(described))
    lesser["paths"] = {ENROL_PATH: lesser["paths"][ENROL_PATH]}
    del lesser["paths"][ENROL_PATH]["post"]["responses"]["400"]
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(lesser), "utf-8")
    url = f"https://127.0.0.1:{served.port}"
    ran = schemathesis(url, authority_of(served.centre.home.path), 5, 7, file)
    assert ran.returncode == 1
    assert "Undocumented" in ran.stdout, ran.stdout
