"""What proves to a camera who asks: digest where it offers one, else basic. The same for RTSP and HTTP.

A password goes to the camera alone. What the camera says goes back into a header only within quotes.

Source: RFC 7616 and RFC 2617 §3.2 (digest), RFC 7617 (basic).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence

from devices.camera.address import Credentials

_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s",]+))')
_OFFER_CHARACTERS_MAX = 2000


def authorization(method: str, uri: str, credentials: Credentials, untrusted_offers: Sequence[str], count: int) -> str:
    """The value of the `Authorization` field that answers what the camera offered; a secret.

    Args:
        method: Of the request, as `DESCRIBE`.
        uri: As the request line has it.
        credentials: Whose.
        untrusted_offers: The values of the camera's `WWW-Authenticate` fields.
        count: How many requests, with this one, answered the same offer.
    """
    for offer in untrusted_offers:
        scheme, _, rest = offer[:_OFFER_CHARACTERS_MAX].partition(" ")
        said = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        digest = _HASHES.get(said.get("algorithm", "MD5").upper())
        if scheme.lower() == "digest" and digest is not None:
            return _digest(method, uri, credentials, said, digest, count)
    pair = f"{credentials.user}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def is_stale(untrusted_offers: Sequence[str]) -> bool:
    """Whether the camera says that the password was right and only its own number is too old."""
    return any(re.search(r'stale="?true', offer, re.IGNORECASE) for offer in untrusted_offers)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_HASHES: dict[str, Callable[[str], str]] = {"MD5": _md5, "SHA-256": _sha256}


def _digest(
    method: str, uri: str, credentials: Credentials, said: dict[str, str], digest: Callable[[str], str], count: int
) -> str:
    realm, nonce = said.get("realm", ""), said.get("nonce", "")
    middle, extra = nonce, ""
    if "auth" in [each.strip() for each in said.get("qop", "").split(",")]:
        ours = secrets.token_hex(8)
        middle, extra = f"{nonce}:{count:08x}:{ours}:auth", f', qop=auth, nc={count:08x}, cnonce="{ours}"'
    if "opaque" in said:
        extra += f', opaque="{said["opaque"]}"'
    if "algorithm" in said:
        extra += f", algorithm={said['algorithm'].upper()}"
    who = digest(f"{credentials.user}:{realm}:{credentials.password}")
    answer = digest(f"{who}:{middle}:{digest(f'{method}:{uri}')}")
    user = credentials.user.replace("\\", "\\\\").replace('"', '\\"')
    return f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{answer}"{extra}'
