"""A book that was taken over learns of it: whoever brings the proof, it marks nothing more (custody rule 9)."""

from __future__ import annotations

import logging
from collections import defaultdict

from cryptography import x509

from pollbook.entries import KeyBound, decode_entry
from pollbook.failures import InputInvalid
from pollbook.permission import Refusal
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.supersession import Superseded, Supersession, encode_supersession, is_superseded, read_supersession
from pollbook.types import BookName, PersonNumber

log = logging.getLogger(__name__)


def lock_if_superseded(book: Book, untrusted_proof: bytes) -> BookName | None:
    """The book that took over from `book`, which is stopped then; None where the bytes do not prove it."""
    try:
        proof = read_supersession(untrusted_proof)
    except InputInvalid:
        return None
    authority = x509.load_pem_x509_certificate(book.link.authority_pem.encode())
    if not is_superseded(Superseded(book.identity, book.start, book.people, _ever_bound(book), authority), proof):
        return None
    if book.stopped is None:
        log.warning("event=superseded successor=%s", proof.successor)
        book.stop(Refusal.BOOK_SUPERSEDED)
    return proof.successor


def own_proof(book: Book) -> bytes | None:
    """What this book shows to the one that it took over from; None where it took over from nobody."""
    if not book.chain.takeovers:
        return None
    with engine.translated():
        entry = book.connection.exec_driver_sql(
            "SELECT bytes FROM entry WHERE number = ?", (book.start.number + 1,)
        ).scalar_one()
    return encode_supersession(Supersession(book.name, book.link.device_certificate, entry))


def _ever_bound(book: Book) -> dict[PersonNumber, set[bytes]]:
    bound: dict[PersonNumber, set[bytes]] = defaultdict(set)
    with engine.translated():
        entries = book.connection.exec_driver_sql("SELECT bytes FROM entry ORDER BY number").scalars().all()
    for stored in entries:
        fact = decode_entry(stored).fact
        if isinstance(fact, KeyBound):
            bound[fact.person].add(fact.public_key)
    return bound
