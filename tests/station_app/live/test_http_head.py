"""Whatever is sent, the head of a request is a request or nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from station_app.live.http_head import BODY_BYTES_MAX, COOKIE, form_field, read_head


@given(st.binary(max_size=400))
def test_any_bytes_are_a_head_or_none(untrusted: bytes) -> None:
    head = read_head(untrusted)
    if head is not None:
        assert head.path.startswith("/") or not head.path
        assert len(head.token) <= 100
        assert head.body_bytes is None or 0 <= head.body_bytes <= BODY_BYTES_MAX


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.binary(max_size=60))
def test_any_field_and_any_form_are_taken_without_a_fault(value: str, body: bytes) -> None:
    head = read_head(f"GET /?a={'b' * 9} HTTP/1.1\r\nHost: x\r\nCookie: {value}\r\n\r\n".encode())
    if head is not None:
        assert isinstance(head.token, str)
    assert isinstance(form_field(body, "code"), str)


def test_a_request_is_read() -> None:
    head = read_head(f"GET /camera/hall?lang=en&x=1 HTTP/1.1\r\nHost: a:1\r\nCookie: b=c; {COOKIE}=t\r\n\r\n".encode())
    assert head is not None
    assert (head.method, head.path, head.query["lang"], head.token) == ("GET", "/camera/hall", "en", "t")
    assert "t\r" not in repr(head)


def test_a_chunked_body_is_none_of_ours() -> None:
    head = read_head(b"POST /enter HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert head is not None
    assert head.body_bytes is None
