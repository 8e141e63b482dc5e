"""The station's side of the peers: `python -m benchmarks.peer_client json COUNT | changesets COUNT`.

Prints the seconds from the first packet to the last byte of the last answer.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import time

import zstandard

from benchmarks.peer_data import MARK_TABLE, changeset_of, mark_row, marks
from benchmarks.peer_server import PORT
from benchmarks.satellite import REGISTER


def main(kind: str, count: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # a peer for measurements, on a link of our own
    connection = http.client.HTTPSConnection(REGISTER, PORT, context=context, timeout=600)
    entered = marks(count)
    bodies = [json.dumps(mark).encode() for mark in entered]
    if kind == "changesets":
        rows = [mark_row(mark) for mark in entered]
        bodies = [zstandard.ZstdCompressor(level=19).compress(changeset_of(MARK_TABLE, rows))]
    path = "/mark" if kind == "json" else "/changeset"
    began = time.monotonic()
    for body in bodies:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == http.HTTPStatus.OK
        assert answer.read()
    print(time.monotonic() - began)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
