"""An exception from the book's thread as the screens show it."""

from __future__ import annotations

import logging

from pollbook.failures import Failure, UchastkaError
from station_app.desk import Refused

log = logging.getLogger(__name__)


def failure_of(error: Exception) -> Refused:
    """The failure behind an exception; one that is not ours is a fault, and its trace goes to the log."""
    if isinstance(error, UchastkaError):
        log.warning("event=failure code=%s", error.failure.code)
        return Refused(error.failure, error.facts)
    log.error("event=fault kind=%s", type(error).__name__, exc_info=error)
    return Refused(Failure.FAULT)
