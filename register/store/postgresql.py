"""PostgreSQL, for an election of a nation: many writers, each with the lock of the book that it writes.

Nothing here outlives a transaction: settings are `SET LOCAL`'s, locks end with it, no statement is prepared under a
name. So a pooler that gives each transaction another connection (pgbouncer) may stand in between.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from pollbook.failures import Failure, InputInvalid, UchastkaError, WeFailed, WorldFailed

DRIVER = "postgresql+psycopg"
VERSION_MIN = 15
CONNECTIONS_MAX = 24
"""More than the threads of one process that work at once (register.web); several processes share the server's."""
_CONNECT_WITHIN_S = 5
_ONE_LOCK = 0x7563_6861_7374
"""The advisory lock of whoever changes what concerns more than one book; "uchast" in ASCII."""
_UNDONE = frozenset({"40001", "40P01"})
_WAITED_LONG = frozenset({"55P03", "57014"})
_AWAY_CLASSES = frozenset({"08", "28", "3D", "53", "57"})
_READ_ONLY = "25006"
"""What a standby answers: it is not, or not any more, the primary."""


class Undone(WorldFailed):
    """The database took a whole transaction back for another's sake, or its connection broke; it may be run again."""


def normal_url(text: str) -> str:
    """The URL as SQLAlchemy takes it; `postgresql://` means our driver too.

    Raises:
        InputInvalid: Not the URL of a PostgreSQL database.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise InputInvalid("not a URL") from error
    if url.drivername == "postgresql":
        url = url.set(drivername=DRIVER)
    if url.drivername != DRIVER or not url.database:
        raise InputInvalid(f"not {DRIVER}://…/DATABASE")
    return url.render_as_string(hide_password=False)


def connect(url: str, busy_wait_s: float) -> Engine:
    """An engine on the database; a transaction with the option `writes` is durable at its end, `alone` the only one."""
    engine = create_engine(
        url,
        connect_args={"prepare_threshold": None, "connect_timeout": _CONNECT_WITHIN_S},
        poolclass=QueuePool,
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_timeout=busy_wait_s,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)

    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("writes", False):
            return
        # Nobody's configuration may make an acknowledged mark less than durable; a stricter one stays.
        connection.exec_driver_sql(
            "SELECT set_config('lock_timeout', %s, true), set_config('synchronous_commit', "
            "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)",
            (f"{int(busy_wait_s * 1000)}ms",),
        )
        if options.get("alone", False):
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_ONE_LOCK,))

    event.listen(engine, "begin", begin)
    return engine


def as_ours(error: BaseException | None, *, is_broken: bool) -> UchastkaError:
    """The failure that an error of the driver is; `is_broken` where a connection that had worked was lost by it."""
    state = getattr(error, "sqlstate", None) or ""
    if state in _UNDONE:
        return Undone(Failure.REGISTER_IN_USE, f"postgresql {state}")
    if state in _WAITED_LONG:
        return WorldFailed(Failure.REGISTER_IN_USE, f"postgresql {state}")
    if state == "53100":
        return WorldFailed(Failure.DISK_FULL)
    if state == "58030":
        return WorldFailed(Failure.DISK_FAILED, f"postgresql {state}")
    if is_broken or state == _READ_ONLY:
        return Undone(Failure.DATABASE_AWAY, f"postgresql {state}")
    if type(error).__name__ in {"OperationalError", "ConnectionTimeout"} or state[:2] in _AWAY_CLASSES:
        return WorldFailed(Failure.DATABASE_AWAY, f"postgresql {state}")
    return WeFailed(Failure.FAULT, f"the database: {type(error).__name__} {state}")


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - psycopg's connection, which only it knows
    info = connection.info
    if info.server_version < VERSION_MIN * 10_000:
        detail = f"PostgreSQL {info.server_version // 10_000}, where {VERSION_MIN} is the oldest"
        raise WorldFailed(Failure.DATABASE_UNFIT, detail, found=detail)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('server_encoding')")
        fsync, encoding = cursor.fetchone()
    connection.rollback()
    if (fsync, encoding) != ("on", "UTF8"):
        detail = f"fsync={fsync}, encoding={encoding}"
        raise WorldFailed(Failure.DATABASE_UNFIT, detail, found=detail)
