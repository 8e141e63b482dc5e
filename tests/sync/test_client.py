from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pollbook.clock import SystemClock
from pollbook.enrolment_messages import EnrolRequest, encode_enrol_request
from pollbook.failures import Failure, WorldFailed
from pollbook.signing import SigningKey, device_id
from pollbook.sync_request import Address
from pollbook.types import BookName, EntryNumber
from pollbook.wire import CONTENT_TYPE
from sync.client import PROBLEM_BYTES_MAX, RegisterClient
from sync.pace import PROBE_S, RESUME_S, Patience, Traffic
from tests.sync import fake_register as fake
from tests.sync.centre import Centre
from tests.sync.conftest import IMPATIENT
from tests.sync.fake_register import Behaviour, FakeRegister, response, sends
from tests.sync.worlds import StandingClock

KEY = SigningKey.generate()
BOOK = BookName(device_id(KEY.public), 1)
REQUEST = encode_enrol_request(EnrolRequest("RIGHT-CODE", KEY.public, bytes(32), "test"), KEY)
HTML = b"<html><body>Tarmoqqa kiring</body></html>"


def failure_of(client: RegisterClient) -> WorldFailed:
    with pytest.raises(WorldFailed) as caught:
        client.enrol(REQUEST)
    return caught.value


def test_an_honest_register_answers_over_one_connection(client: RegisterClient, register: FakeRegister) -> None:
    first, second = client.enrol(REQUEST), client.enrol(REQUEST)
    assert [request.connection for request in register.received] == [1, 1]
    assert client.traffic.round_trips == 3 + 1
    assert client.traffic.bytes_up == 2 * len(REQUEST)
    assert client.traffic.bytes_down == len(first) + len(second)


def test_a_request_is_one_record_with_nothing_in_it_that_need_not_be_said(centre: Centre) -> None:
    records: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            plain, _ = listener.accept()
            with plain, centre.authority.tls().wrap_socket(plain, server_side=True) as connection:
                records.append(connection.recv(65536))
                connection.sendall(response(200, CONTENT_TYPE, b"answer"))

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with RegisterClient(url, centre.authority.pem, SystemClock(), IMPATIENT) as client:
            assert client.sync(BOOK, EntryNumber(17), REQUEST) == b"answer"
        thread.join()
    head, _, body = records[0].partition(b"\r\n\r\n")
    assert body == REQUEST
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
    assert sorted(names) == [b"content-length", b"host"]


def test_a_sync_names_book_and_first_entry_by_put(client: RegisterClient, register: FakeRegister) -> None:
    with pytest.raises(WorldFailed):
        client.sync(BOOK, EntryNumber(17), b"nothing")
    assert (register.received[0].method, register.received[0].path) == ("PUT", Address(BOOK, EntryNumber(17)).path)


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        (sends(response(200, "text/html; charset=utf-8", HTML)), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(404, "text/html", HTML)), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(413, "text/html", HTML)), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(302, "text/html", HTML, Location="https://127.0.0.1:1/")), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(200, "application/json", b"{}")), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(200, CONTENT_TYPE, b"x", Content_Encoding="gzip")), Failure.ANSWER_NOT_UNDERSTOOD),
        (
            sends(b"HTTP/1.1 200 X\r\nContent-Type: a\r\nContent-Length: 99999999999\r\n\r\n"),
            Failure.ANSWER_NOT_UNDERSTOOD,
        ),
        (sends(response(404, "text/html", b"x" * (PROBLEM_BYTES_MAX + 1))), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(b"SSH-2.0-OpenSSH_9.2\r\n"), Failure.ANSWER_NOT_UNDERSTOOD),
        (fake.half_a_head, Failure.ANSWER_NOT_UNDERSTOOD),
        (fake.takes_it_and_answers_half, Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(500, "text/plain", b"oops")), Failure.REGISTER_IN_TROUBLE),
        (sends(response(502, "text/html", HTML)), Failure.REGISTER_IN_TROUBLE),
        (sends(fake.problem(Failure.CODE_WRONG)), Failure.CODE_WRONG),
        (sends(fake.problem(Failure.BOOK_REVOKED, 403)), Failure.BOOK_REVOKED),
        (sends(fake.problem(Failure.LEDGER_BROKEN)), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(400, "application/problem+json", b"[" * 4000)), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(400, "application/problem+json", b'{"failure": []}')), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(fake.problem(Failure.REQUEST_NOT_ACCEPTED, 408)), Failure.REGISTER_SLOW),
        (sends(fake.problem(Failure.REQUEST_NOT_ACCEPTED, 413)), Failure.REQUEST_NOT_ACCEPTED),
        (fake.hangs_up, Failure.REGISTER_UNREACHABLE),
        (fake.never_answers, Failure.REGISTER_SLOW),
        (fake.drips, Failure.REGISTER_SLOW),
        (fake.drips_the_body, Failure.REGISTER_SLOW),
    ],
)
def test_each_misbehaviour_has_its_failure_and_passes(
    client: RegisterClient, register: FakeRegister, behaviour: Behaviour, failure: Failure
) -> None:
    register.then(behaviour)
    assert failure_of(client).failure is failure
    assert client.enrol(REQUEST), "the next exchange works again"


def test_a_head_that_trickles_ends_at_the_total_deadline(client: RegisterClient, register: FakeRegister) -> None:
    def trickles(register: FakeRegister, connection: ssl.SSLSocket, _request: fake.Request) -> None:
        while not register.stopping.wait(0.1):
            connection.sendall(b"X")

    register.then(trickles)
    assert failure_of(client).failure is Failure.REGISTER_SLOW


def test_a_register_that_is_down_is_unreachable(centre: Centre) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with RegisterClient(f"https://127.0.0.1:{port}", centre.authority.pem, SystemClock(), IMPATIENT) as client:
        assert failure_of(client).failure is Failure.REGISTER_UNREACHABLE
        assert client.traffic == Traffic(), "nothing went over the link"


def test_a_server_that_accepts_and_never_speaks_tls_is_slow(centre: Centre) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        RegisterClient(
            f"https://127.0.0.1:{listener.getsockname()[1]}",
            centre.authority.pem,
            SystemClock(),
            Patience(connect_s=0.3, silence_s=0.3),
        ) as client,
    ):
        assert failure_of(client).failure is Failure.REGISTER_SLOW


def test_a_plain_http_server_is_not_trusted(centre: Centre) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(response(200, CONTENT_TYPE, b""))

        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        with RegisterClient(f"https://127.0.0.1:{port}", centre.authority.pem, SystemClock(), IMPATIENT) as client:
            assert failure_of(client).failure is Failure.REGISTER_NOT_TRUSTED
        thread.join()


def test_an_address_without_tls_is_never_used(centre: Centre) -> None:
    with RegisterClient("http://127.0.0.1:1", centre.authority.pem, SystemClock()) as client:
        assert failure_of(client).failure is Failure.REGISTER_NOT_TRUSTED


def test_a_server_with_a_certificate_of_another_authority_is_not_trusted(
    centre: Centre, client_of: Callable[[FakeRegister], RegisterClient]
) -> None:
    with fake.serving(centre, tls=Centre().authority.tls()) as register:
        assert failure_of(client_of(register)).failure is Failure.REGISTER_NOT_TRUSTED
        assert not register.received


def test_a_server_below_tls_1_3_is_not_trusted(
    centre: Centre, client_of: Callable[[FakeRegister], RegisterClient]
) -> None:
    old = centre.authority.tls()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with fake.serving(centre, tls=old) as register:
        assert failure_of(client_of(register)).failure is Failure.REGISTER_NOT_TRUSTED


def test_only_the_authority_is_trusted_after_an_exchange_too(
    client: RegisterClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ssl.get_default_verify_paths().openssl_cafile)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    client.enrol(REQUEST)
    assert len(client._context.get_ca_certs()) == 1


def test_a_certificate_that_is_none_is_not_trusted() -> None:
    with pytest.raises(WorldFailed) as caught:
        RegisterClient("https://127.0.0.1:1", b"\xff", SystemClock())
    assert caught.value.failure is Failure.REGISTER_NOT_TRUSTED


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_register_says_when_to_come_back(client: RegisterClient, register: FakeRegister, status: int) -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)
    register.then(
        sends(response(status, "text/html", HTML, Retry_After="17")),
        sends(response(status, "text/html", HTML)),
        sends(response(status, "text/html", HTML, Retry_After="9" * 40)),
        sends(response(status, "text/html", HTML, Retry_After=in_an_hour)),
        sends(response(status, "text/html", HTML, Retry_After="never")),
        sends(response(status, "text/html", HTML, Retry_After="Mon, 01 Jan 2024 00:00:00 +999999999999999")),
    )
    errors = [failure_of(client) for _ in range(6)]
    assert {error.failure for error in errors} == {Failure.REGISTER_BUSY}
    seconds = [error.facts["retry_after_s"] for error in errors]
    assert [seconds[0], seconds[1], seconds[2], *seconds[4:]] == [17, 0, 3600, 0, 0]
    assert 1700 < int(str(seconds[3])) <= 1800


def test_no_cookie_is_kept_and_sent_back(client: RegisterClient, register: FakeRegister) -> None:
    register.then(sends(response(503, "text/html", HTML, Set_Cookie="who=station; Path=/")))
    failure_of(client)
    assert client.enrol(REQUEST)
    assert b"ookie" not in register.received[-1].head
    assert not client._session.cookies


def test_a_connection_that_the_register_closed_meanwhile_is_made_again(
    client: RegisterClient, register: FakeRegister
) -> None:
    client.enrol(REQUEST)
    register.then(fake.hangs_up)
    assert client.enrol(REQUEST)
    assert [request.connection for request in register.received] == [1, 1, 2]


def test_a_connection_that_stood_idle_for_long_is_not_used_again(centre: Centre, register: FakeRegister) -> None:
    clock = StandingClock(datetime.now(UTC))
    with RegisterClient(register.url, centre.authority.pem, clock) as client:
        client.enrol(REQUEST)
        clock.go_on(Patience().idle_s + 1)
        client.enrol(REQUEST)
    assert [request.connection for request in register.received] == [1, 2]


@pytest.mark.parametrize("silences", [[fake.never_answers], [fake.hangs_up, fake.hangs_up, fake.hangs_up]])
def test_a_transfer_under_way_outlasts_a_broken_link(
    client: RegisterClient, register: FakeRegister, silences: list[Behaviour]
) -> None:
    client.enrol(REQUEST)
    register.then(*silences)
    if silences[0] is fake.never_answers:
        assert client.enrol(REQUEST)
        assert len(register.received) == 3
    else:  # not silence: whoever hangs up at once is there, and is not pressed
        assert failure_of(client).failure is Failure.REGISTER_UNREACHABLE
        assert len(register.received) == 4


def test_a_transfer_under_way_waits_until_the_link_is_back(centre: Centre, register: FakeRegister) -> None:
    clock = StandingClock(datetime.now(UTC))
    tried: list[int] = []

    class OutOfReach(RegisterClient):
        def _ask_once(self, *arguments: object, **options: bool) -> bytes:
            if not options:
                return super()._ask_once(*arguments)  # type: ignore[arg-type]
            tried.append(1)
            clock.go_on(PROBE_S)
            raise WorldFailed(Failure.REGISTER_UNREACHABLE) from OSError("no route")

    with OutOfReach(register.url, centre.authority.pem, clock, IMPATIENT) as client:
        client.enrol(REQUEST)
        register.then(fake.hangs_up, fake.hangs_up)
        assert failure_of(client).failure is Failure.REGISTER_UNREACHABLE
    assert len(tried) == pytest.approx(RESUME_S / PROBE_S, abs=1)


def test_what_a_silent_link_did_not_take_is_not_sent_again_by_the_system(
    client: RegisterClient, register: FakeRegister
) -> None:
    ended: list[BaseException] = []
    has_given_up, has_read = threading.Event(), threading.Event()

    def reads_on(_register: FakeRegister, connection: ssl.SSLSocket, _request: fake.Request) -> None:
        assert has_given_up.wait(20)
        try:
            socket.socket.recv(connection, 10)  # TLS would take a reset for an end
        except OSError as error:
            ended.append(error)
        has_read.set()

    register.then(reads_on)
    assert failure_of(client).failure is Failure.REGISTER_SLOW
    has_given_up.set()
    assert has_read.wait(20)
    assert [type(error) for error in ended] == [ConnectionResetError]


def test_a_refusal_is_not_asked_for_again(client: RegisterClient, register: FakeRegister) -> None:
    client.enrol(REQUEST)
    register.then(sends(fake.problem(Failure.REQUEST_NOT_ACCEPTED, 408)))
    assert failure_of(client).failure is Failure.REGISTER_SLOW
    assert len(register.received) == 2


def test_an_exchange_can_be_given_up_from_another_thread(centre: Centre, register: FakeRegister) -> None:
    register.then(fake.never_answers)
    with RegisterClient(register.url, centre.authority.pem, SystemClock()) as client:
        threading.Timer(0.2, client.abort).start()
        assert failure_of(client).failure is Failure.REGISTER_UNREACHABLE
        assert failure_of(client).failure is Failure.REGISTER_UNREACHABLE, "and no further one begins"
    assert len(register.received) == 1


def test_a_broken_exchange_makes_the_next_batch_smaller(client: RegisterClient, register: FakeRegister) -> None:
    before = client.pace.batch_bytes()
    register.then(sends(response(413, "text/html", HTML)))
    failure_of(client)
    assert client.pace.batch_bytes() < before
