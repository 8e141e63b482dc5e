"""Which schema a database has, and bringing an older one to ours; the one home of alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from pollbook.failures import Failure, WorldFailed

HEAD = "0012"
"""The newest migration; a test holds it to the files."""
_OLDER: tuple[str, ...] = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")
"""Every migration before it, oldest first."""


def migrate(connection: Connection) -> None:
    """The database has this program's schema, made or brought up within the connection's transaction.

    Raises:
        WorldFailed: `REGISTER_NEWER`: a newer program wrote it, and nothing was touched.
    """
    found = version(connection)
    if found == HEAD:
        return
    if found is not None and found not in _OLDER:
        raise WorldFailed(Failure.REGISTER_NEWER, found, found=found, known=HEAD)
    from alembic import command  # noqa: PLC0415 - it takes 0.2 s to load, and a current database needs none of it
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def version(connection: Connection) -> str | None:
    """The revision that the database has, None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
