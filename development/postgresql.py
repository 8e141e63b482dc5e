"""A private PostgreSQL for tests, benchmarks and rehearsals.

It lies in a folder of its own, listens on a Unix socket in it, and lives no longer than whoever started it. No system
service is touched, and nothing listens on the network unless it is told to.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from development.console import Words

ORDINARY_USER = "uchastka-tests"
"""Whom root starts the server as: PostgreSQL refuses root."""
OWNER = "register"
_INSTALLED = Path("/usr/lib/postgresql")
_START_WITHIN_S = 60
_STOP_WITHIN_S = 60


class NoPostgresql(Exception):
    """PostgreSQL's programs are not there, or its server did not start."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server: its folder, which its socket lies in too, and its process."""

    folder: Path
    port: int
    process: int

    def url(self, database: str = "postgres") -> str:
        """The URL by which a register opens a database of this server."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.folder}&port={self.port}"

    def conninfo(self, database: str = "postgres") -> str:
        """The same for libpq."""
        return f"host={self.folder} port={self.port} user={OWNER} dbname={database}"


def programs() -> Path:
    """The folder of the newest PostgreSQL's programs.

    Raises:
        NoPostgresql: None is installed.
    """
    found = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise NoPostgresql(f"no PostgreSQL under {_INSTALLED}; python3 dev.py test installs it")
    return found[-1].parent


@contextlib.contextmanager
def private_cluster(settings: Mapping[str, str] | None = None, port: int = 5432) -> Iterator[Cluster]:
    """A new cluster, stopped and removed at the end of the block.

    Args:
        settings: Of postgresql.conf, over its defaults.
        port: Only part of the socket's name, unless `listen_addresses` is among the settings.

    Raises:
        NoPostgresql: It is not installed or does not start.
    """
    binaries = programs()
    folder = Path(tempfile.mkdtemp(prefix="uchastka-pg-"))
    try:
        words = as_ordinary_user(folder)
        data = folder / "data"
        initdb: Words = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            OWNER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        made = subprocess.run([*words, *initdb, "--no-sync"], capture_output=True, encoding="utf-8", check=False)
        if made.returncode:
            raise NoPostgresql(made.stderr[-2000:])
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "port": str(port),
            **(settings or {}),
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (folder / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [*words, binaries / "postgres", "-D", data, *arguments],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        try:
            cluster = Cluster(folder, port, server.pid)
            _wait_for(binaries, cluster, server)
            yield cluster
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_ordinary_user(folder: Path) -> Words:
    """The words before a command that make it an ordinary user's, owner of `folder`, and end it with this process."""
    with_us = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() != 0:
        return [*with_us, "--"]
    try:
        user = pwd.getpwnam(ORDINARY_USER)
    except KeyError:
        # Two that start at once may both try; one is enough.
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ORDINARY_USER], check=False
        )
        user = pwd.getpwnam(ORDINARY_USER)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [*with_us, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


def _wait_for(binaries: Path, cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_WITHIN_S
    ready: Words = [binaries / "pg_isready", "--quiet", "-h", cluster.folder, "-p", str(cluster.port), "-d", "postgres"]
    while subprocess.run(ready, check=False).returncode:
        if server.poll() is not None or time.monotonic() > until:
            raise NoPostgresql((cluster.folder / "server.log").read_text("utf-8", "replace")[-2000:])
        time.sleep(0.02)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End it without waiting for its clients, who are ours."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait()
