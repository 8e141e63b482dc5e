"""The register's log heads and inclusion proofs as texts that other tools read.

A checkpoint is a signed note of three lines, the log's name, the number of leaves and the root, and says nothing of
when it was made (custody rule 15). An inclusion file is a proof for one leaf together with the checkpoint it leads to.

Source: C2SP signed-note, tlog-checkpoint and tlog-proof.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pollbook.failures import InputInvalid
from pollbook.merkle import HASH_BYTES, SIZE_MAX
from pollbook.proving import PROOF_HASHES_MAX, is_included
from pollbook.signing import SigningKey, is_signature
from pollbook.types import ElectionId

NOTE_BYTES_MAX = 128 * 1024
"""Room for 16 signatures of other kinds, witnesses' among them, of up to 5 kB each. Source: C2SP signed-note."""
_SIGNATURES_MAX = 64
_ED25519 = b"\x01"
_SIGNATURE_MARK = "— "
_PROOF_HEADING = "c2sp.org/tlog-proof@v1"
_EXTRA_BYTES_MAX = 1024
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_NAME = re.compile(r"[!-*,-~]{1,100}", re.ASCII)
"""Printable ASCII without the space and the plus sign, in which key names are written."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: its name (`origin`), how many leaves it has, and its root (32 bytes)."""

    origin: str
    size: int
    root: bytes


def log_origin(election: ElectionId) -> str:
    """The name of the log of this election's register."""
    return f"uchastka/{election}"


def verifier_key(origin: str, public_key: bytes) -> str:
    """The log's name and Ed25519 key in the one line that tools for signed notes take. Source: C2SP signed-note."""
    encoded = base64.b64encode(_ED25519 + public_key).decode("ascii")
    return f"{origin}+{_key_id(origin, public_key).hex()}+{encoded}"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The checkpoint as a note signed by the log.

    Raises:
        ValueError: The origin is no name that a note can carry.
    """
    if not _NAME.fullmatch(checkpoint.origin):
        raise ValueError("not a name for a log")
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode('ascii')}\n"
    signature = _key_id(checkpoint.origin, key.public) + key.sign(text.encode("ascii"))
    line = f"{_SIGNATURE_MARK}{checkpoint.origin} {base64.b64encode(signature).decode('ascii')}\n"
    return f"{text}\n{line}".encode()


def open_checkpoint(untrusted: bytes, origin: str, public_key: bytes) -> Checkpoint:
    """The checkpoint in a note that the log `origin` signed with this key; what others signed beside is not looked at.

    Raises:
        InputInvalid: Not a checkpoint of this log, or not signed by it.
    """
    text, signatures = _note(untrusted)
    lines = text.split("\n")
    # The origin, the size, the root, and nothing after the last newline.
    if len(lines) != 4 or lines[0] != origin:
        raise InputInvalid("not a checkpoint of this log")
    checkpoint = Checkpoint(origin, _number(lines[1]), _base64(lines[2], HASH_BYTES, HASH_BYTES))
    key_id = _key_id(origin, public_key)
    ours = [signature[4:] for name, signature in signatures if name == origin and signature[:4] == key_id]
    if not ours or not all(is_signature(public_key, text.encode(), signature) for signature in ours):
        raise InputInvalid("not signed by this log")
    return checkpoint


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A proof for one leaf: its place from 0, the hashes from its sibling up, the note they lead to, and what opens it.

    `extra` is the leaf's own key, with which whoever has the entry makes the leaf again; it proves nothing by itself.
    """

    index: int
    proof: tuple[bytes, ...]
    note: bytes
    extra: bytes = b""


def write_inclusion(inclusion: Inclusion) -> bytes:
    """The text of a `.tlog-proof` file. Source: C2SP tlog-proof."""
    extra = [f"extra {base64.b64encode(inclusion.extra).decode('ascii')}"] if inclusion.extra else []
    hashes = [base64.b64encode(part).decode("ascii") for part in inclusion.proof]
    lines = [_PROOF_HEADING, *extra, f"index {inclusion.index}", *hashes, "", ""]
    return "\n".join(lines).encode("ascii") + inclusion.note


def read_inclusion(untrusted: bytes) -> Inclusion:
    """The parts of a `.tlog-proof` file; nothing of it is proven yet.

    Raises:
        InputInvalid: Not such a file.
    """
    if len(untrusted) > NOTE_BYTES_MAX:
        raise InputInvalid("a proof beyond its size")
    head, _, note = untrusted.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise InputInvalid("not a proof") from error
    if lines.pop(0) != _PROOF_HEADING:
        raise InputInvalid("not a proof")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = _base64(lines.pop(0).removeprefix("extra "), 0, _EXTRA_BYTES_MAX)
    if not lines or not lines[0].startswith("index ") or len(lines) > 1 + PROOF_HASHES_MAX:
        raise InputInvalid("a proof without its place, or too long a one")
    index = _number(lines.pop(0).removeprefix("index "))
    return Inclusion(index, tuple(_base64(line, HASH_BYTES, HASH_BYTES) for line in lines), note, extra)


def open_inclusion(untrusted: bytes, leaf: bytes, origin: str, public_key: bytes) -> Checkpoint:
    """The checkpoint of the log `origin` in which the file proves that `leaf` stands.

    Raises:
        InputInvalid: Not such a file, a checkpoint that this log did not sign, or a proof that does not lead to it.
    """
    inclusion = read_inclusion(untrusted)
    checkpoint = open_checkpoint(inclusion.note, origin, public_key)
    if not is_included(leaf, inclusion.index, checkpoint.size, inclusion.proof, checkpoint.root):
        raise InputInvalid("the leaf is not where the proof says it stands")
    return checkpoint


def _note(untrusted: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note and the signatures under it: name, and key id before the signature."""
    if len(untrusted) > NOTE_BYTES_MAX:
        raise InputInvalid("a note beyond its size")
    try:
        note = untrusted.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputInvalid("not a note") from error
    at = note.rfind("\n\n")
    if at < 0 or not note.endswith("\n") or any(letter < " " and letter != "\n" for letter in note):
        raise InputInvalid("not a note")
    return note[: at + 1], _signatures(note[at + 2 : -1].split("\n"))


def _signatures(lines: Sequence[str]) -> list[tuple[str, bytes]]:
    if len(lines) > _SIGNATURES_MAX:
        raise InputInvalid("more signatures than a note carries")
    found = []
    for line in lines:
        name, _, encoded = line.removeprefix(_SIGNATURE_MARK).partition(" ")
        if not line.startswith(_SIGNATURE_MARK) or not name or "+" in name:
            raise InputInvalid("not a signature line")
        found.append((name, _base64(encoded, 5, NOTE_BYTES_MAX)))
    return found


def _key_id(origin: str, public_key: bytes) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


def _number(untrusted: str) -> int:
    if not _NUMBER.fullmatch(untrusted) or int(untrusted) > SIZE_MAX:
        raise InputInvalid("not a number of leaves")
    return int(untrusted)


def _base64(untrusted: str, low: int, high: int) -> bytes:
    """The bytes of the one base64 text (RFC 4648 §4) that encodes them, `low` to `high` of them."""
    try:
        decoded = base64.b64decode(untrusted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputInvalid("not base64") from error
    if not low <= len(decoded) <= high or base64.b64encode(decoded).decode("ascii") != untrusted:
        raise InputInvalid("not base64 of this length")
    return decoded
