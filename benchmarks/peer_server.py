"""The register's side of the peers that the wire is measured against, each over TLS as ours is.

    POST /mark         one mark as JSON; its status comes back as JSON
    POST /changeset    a SQLite changeset of marks, zstd; one of as many status changes comes back

Runs in the register's namespace: `python -m benchmarks.peer_server FOLDER`; the certificate is made there.
"""

from __future__ import annotations

import json
import ssl
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import apsw
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.peer_data import STATUS_TABLE, changeset_of, marks, status_of
from benchmarks.satellite import REGISTER

PORT = 8444


class Handler(BaseHTTPRequestHandler):
    """The two paths above."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # an answer is one record, as ours

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/mark":
            answer, kind = json.dumps(status_of(json.loads(body))).encode(), "application/json"
        else:
            answer, kind = exchange_changesets(body), "application/octet-stream"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:  # quiet
        pass


def exchange_changesets(body: bytes) -> bytes:
    """The changeset is applied; one with the statuses of as many voters is the answer."""
    database = apsw.Connection(":memory:")
    database.execute(
        "CREATE TABLE mark (seq INTEGER PRIMARY KEY, voter TEXT, at INTEGER, method TEXT, officer TEXT, sig BLOB)"
    )
    apsw.Changeset.apply(zstandard.ZstdDecompressor().decompress(body), database)
    count = database.execute("SELECT count(*) FROM mark").get
    rows = [tuple(status_of(each).values()) for each in marks(count)]
    return zstandard.ZstdCompressor(level=19).compress(changeset_of(STATUS_TABLE, rows))


def make_certificate(folder: Path) -> Path:
    """A certificate for the register's address, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, REGISTER)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(REGISTER))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "peer.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(pem))
    return path


def main(folder: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.load_cert_chain(make_certificate(Path(folder)))
    server = ThreadingHTTPServer((REGISTER, PORT), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
