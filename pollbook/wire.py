"""What crosses the wire between a book and the register; the same bytes travel by USB.

One sync is one idempotent request: the book's entries from `first` on, with the signed head they end at and the
feed cursor, go up; the acknowledged number and head, feed items and the digest come down. Sent twice, it does
nothing twice: (book, epoch, number) is an entry's identity.

    request = schema || signature || payload         signed for its address: the book and the first entry's number
    answer  = schema || id of the request || signature || payload        signed for the whole request that it answers

`payload` is a deterministic CBOR array, compressed with the dictionary that ships with the program. What the other
side knows is not sent: who signs, the book (the path names it), the number and hash of a head that is acknowledged as
it was sent, a digest that agrees. A signature is proven before anything behind it is decompressed or decoded.
Enrolment knows neither side's key beforehand and travels in envelopes (`signing.seal`). See docs/adr/0010.
"""

from __future__ import annotations

from pollbook import cbor, compression
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid

WIRE_SCHEMA = 2
CONTENT_TYPE = "application/vnd.uchastka"
PROBLEM_TYPE = "application/problem+json"
"""Source: RFC 9457; the members `failure` and `code` are ours."""
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
COUNT_MAX = 1_000_000_000
"""Of feed items, and of entries that wait: no station comes near it, and the register's own numbers go on behind it."""
SHORT_DIGEST_BYTES = 8
"""Digests are compared to find mistakes: one that goes unseen is less likely than 1 in 10^19."""
SAME_DIGEST = b"\x01"
"""Instead of a digest that the other side has said."""


class Purpose:
    """The purposes that envelopes are sealed for."""

    ENROL = "enrol 1"
    ENROLLED = "enrolled 1"
    SYNC = "sync 2"
    SYNCED = "synced 2"


def short_digest(digest: bytes) -> bytes:
    """As much of a digest (`line_state.digest`) as is compared over the wire."""
    return digest[-SHORT_DIGEST_BYTES:]


def payload_of(untrusted: bytes) -> object:
    """The CBOR in the compressed part of a request or an answer, whose signature is proven.

    Raises:
        InputInvalid: Not a message's bytes.
    """
    return cbor.decode(compression.decompress_message(untrusted, MESSAGE_BYTES_MAX), MESSAGE_BYTES_MAX)


def take_short_digest(fields: Fields, same: bytes | None = None) -> bytes | None:
    """The next field as a short digest, None where there is none; `same` where it says that it is that one.

    Raises:
        InputInvalid: A digest of another length.
    """
    digest = fields.take_bytes(0, SHORT_DIGEST_BYTES)
    if digest == SAME_DIGEST and same is not None:
        return same
    if len(digest) not in {0, SHORT_DIGEST_BYTES}:
        raise InputInvalid("a digest of another length")
    return digest or None


def take_software(fields: Fields) -> str:
    """The next field as the name and version of the program that sends.

    Raises:
        InputInvalid: No plain text of 40 characters at most.
    """
    name = fields.take_text(40)
    if not name.isprintable():
        raise InputInvalid("a program's name that is no plain text")
    return name
