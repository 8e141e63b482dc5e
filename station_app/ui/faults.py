"""An exception from another thread as the screens show it.

Where a fault that is not ours happened is kept by `station_app.background`; what it says is kept nowhere, for it may
hold what a voter's line holds.
"""

from __future__ import annotations

import logging

from pollbook.failures import Failure, UchastkaError
from station_app.desk import Refused

log = logging.getLogger(__name__)


def failure_of(error: Exception) -> Refused:
    """The failure behind an exception; one that is not ours is a fault."""
    if isinstance(error, UchastkaError):
        log.warning("event=failure code=%s", error.failure.code)
        return Refused(error.failure, error.facts)
    log.error("event=fault kind=%s", type(error).__name__)
    return Refused(Failure.FAULT)
