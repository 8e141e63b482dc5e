"""PostgreSQL under Patroni, etcd and pgbouncer on hosts in namespaces, run by the samples in `resources/service`."""

from __future__ import annotations

import json
import os
import secrets
import string
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from development.postgresql import as_ordinary_user, programs
from tests.soak.hosts import NETWORK, Host

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "resources" / "service"
FOLLOW = "pgbouncer-follow.sh"
_REST, _POSTGRESQL, _PGBOUNCER = 8008, 5432, 6432
_UP_WITHIN_S = 120
_ASK_S = 2.0


class NoCluster(Exception):
    """The cluster did not come up, or not again."""


@dataclass
class Cluster:
    """The database hosts, and the etcd host that they agree through; passwords are this run's own.

    Attributes:
        is_careless: Standbys are not waited for, against the sample's advice: what the rehearsal must be able to find.
    """

    etcd: Host
    databases: list[Host]
    folder: Path
    is_careless: bool = False
    passwords: Mapping[str, str] = field(
        default_factory=lambda: {name: secrets.token_hex(16) for name in ("superuser", "replicator", "register")}
    )

    def url(self, *, pooled: bool) -> str:
        """The URL by which a register finds the primary, through pgbouncer or not."""
        port = _PGBOUNCER if pooled else _POSTGRESQL
        hosts = "".join(f"host={host.address}:{port}&" for host in self.databases)
        given_up = "tcp_user_timeout=6000&keepalives_idle=5&keepalives_interval=2&keepalives_count=3"
        return f"postgresql://register:{self.passwords['register']}@/register?{hosts}target_session_attrs=read-write&{given_up}"

    def start(self) -> None:
        """There is a primary with a synchronous standby, and an empty database for the register on it.

        Raises:
            NoCluster: Not within two minutes.
        """
        data = self.folder / "etcd"
        words = as_ordinary_user(_folder(data))
        client = f"http://{self.etcd.address}:2379"
        listen = ["--listen-client-urls", client, "--advertise-client-urls", client]
        self.etcd.start([*words, "etcd", "--name", "etcd", "--data-dir", data, *listen], data)
        for host in self.databases:
            self.start_database(host)
        primary = self.wait_for_primary(with_standbys=len(self.databases) - 1)
        given = f"host={primary.address} port={_POSTGRESQL} user=postgres password={self.passwords['superuser']}"
        with psycopg.connect(f"{given} dbname=postgres", autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE register LOGIN PASSWORD {}").format(sql.Literal(self.passwords["register"]))
            )
            connection.execute("CREATE DATABASE register OWNER register TEMPLATE template0 ENCODING 'UTF8'")

    def start_database(self, host: Host) -> None:
        """Patroni and pgbouncer run on the host; what its data folder holds is taken up again."""
        folder = _folder(self.folder / host.name)
        words = as_ordinary_user(folder)
        for name in ("patroni.yml", "pgbouncer.ini"):
            filled = string.Template((SAMPLES / name).read_text("utf-8")).substitute(self._words(host, folder))
            if self.is_careless:
                filled = filled.replace("synchronous_mode: true", "synchronous_mode: false")
                filled = filled.replace("synchronous_mode_strict: true", "synchronous_mode_strict: false")
            _write(folder / name, filled)
        _write(folder / "users.txt", f'"register" "{self.passwords["register"]}"\n')
        _write(folder / FOLLOW, (SAMPLES / FOLLOW).read_text("utf-8"))
        (folder / "pgbouncer.pid").unlink(missing_ok=True)
        host.start([*words, "patroni", folder / "patroni.yml"], folder)
        host.start([*words, "pgbouncer", folder / "pgbouncer.ini"], folder)

    def wait_for_primary(self, with_standbys: int, besides: Host | None = None) -> Host:
        """The host that Patroni calls primary, once so many standbys follow it, one of them synchronously.

        Args:
            with_standbys: How many.
            besides: A host that was lost and does not count.

        Raises:
            NoCluster: Not within two minutes.
        """
        until = time.monotonic() + _UP_WITHIN_S
        while time.monotonic() < until:
            for host in self.databases:
                if host is besides:
                    continue
                status = _status(host)
                following = status.get("replication", [])
                if status.get("role") != "master" or not isinstance(following, list):
                    continue
                streaming = [each for each in following if each.get("state") == "streaming"]
                synchronous = [each for each in streaming if each.get("sync_state") in {"sync", "quorum"}]
                if len(streaming) >= with_standbys and (synchronous or self.is_careless or not with_standbys):
                    return host
            time.sleep(0.2)
        raise NoCluster(f"no primary with {with_standbys} standbys; logs: {self.folder}")

    def _words(self, host: Host, folder: Path) -> dict[str, str]:
        return {
            "name": host.name,
            "address": host.address,
            "etcd": f"{self.etcd.address}:2379",
            "data": str(folder / "data"),
            "run": str(folder),
            "programs": str(programs()),
            "network": NETWORK,
            "user": folder.owner(),
            "users": str(folder / "users.txt"),
            "follow": f"/bin/sh {folder / FOLLOW} {folder}",
            "superuser_password": self.passwords["superuser"],
            "replicator_password": self.passwords["replicator"],
        }


def _status(host: Host) -> dict[str, object]:
    """What the host's Patroni says of itself; nothing where it does not answer."""
    url = f"http://{host.address}:{_REST}/patroni"
    with suppress(OSError, ValueError), urllib.request.urlopen(url, timeout=_ASK_S) as answer:
        return dict(json.load(answer))
    return {}


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def _write(path: Path, text: str) -> None:
    """A file of its folder's owner, for nobody else."""
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    owner = path.parent.stat()
    os.chown(path, owner.st_uid, owner.st_gid)
