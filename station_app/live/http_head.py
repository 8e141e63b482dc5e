"""The head of a request to the observers' page, read strictly; pure. What is not plainly understood is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

HEAD_BYTES_MAX: Final = 8 * 1024
BODY_BYTES_MAX: Final = 512
COOKIE: Final = "__Host-watch"
_LINE = re.compile(r"(GET|POST|[A-Z]{1,12}) (/[\x21-\x7e]{0,500}) HTTP/1\.[01]", re.ASCII)
_FIELD = re.compile(r"([A-Za-z0-9-]{1,60}):[ \t]*([\x20-\x7e\t]{0,4000})", re.ASCII)
_FIELDS_MAX = 60


@dataclass(frozen=True, slots=True)
class Head:
    """A request: method, path, what stands behind the question mark, and the fields by lower-case name."""

    method: str
    path: str
    query: Mapping[str, str]
    fields: Mapping[str, str] = field(repr=False)

    @property
    def token(self) -> str:
        """What the cookie says who this is; empty without one."""
        for part in self.fields.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE:
                return value[:100]
        return ""

    @property
    def body_bytes(self) -> int | None:
        """How long the body says to be; None where it is longer than any form of ours, or does not say."""
        length = self.fields.get("content-length", "0")
        if not re.fullmatch(r"\d{1,4}", length, re.ASCII) or "transfer-encoding" in self.fields:
            return None
        return int(length) if int(length) <= BODY_BYTES_MAX else None


def read_head(untrusted: bytes) -> Head | None:
    """The request whose head these bytes are, up to the empty line; None where they are none."""
    try:
        lines = untrusted.removesuffix(b"\r\n\r\n").decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        return None
    first = _LINE.fullmatch(lines[0])
    if first is None or len(lines) > _FIELDS_MAX:
        return None
    fields: dict[str, str] = {}
    for line in lines[1:]:
        named = _FIELD.fullmatch(line)
        if named is None or named[1].lower() in fields:
            return None
        fields[named[1].lower()] = named[2].strip()
    try:
        parts = urlsplit(first[2])
        query = {name: values[0] for name, values in parse_qs(parts.query, max_num_fields=8).items()}
    except ValueError:
        return None
    if parts.scheme or parts.netloc:
        return None
    return Head(first[1], parts.path, query, fields)


def form_field(untrusted_body: bytes, name: str) -> str:
    """A field of a form that was posted; empty where it is not there."""
    try:
        found = parse_qs(untrusted_body.decode("ascii"), max_num_fields=8)
    except (UnicodeDecodeError, ValueError):
        return ""
    return found.get(name, [""])[0]
