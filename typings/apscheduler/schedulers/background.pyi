from collections.abc import Callable
from datetime import datetime, tzinfo

from apscheduler.triggers.interval import IntervalTrigger

class BackgroundScheduler:
    def __init__(self, *, timezone: tzinfo, daemon: bool = ...) -> None: ...
    def add_job(
        self,
        func: Callable[[], None],
        trigger: IntervalTrigger,
        *,
        id: str,
        coalesce: bool,
        max_instances: int,
        misfire_grace_time: int | None,
        next_run_time: datetime,
    ) -> object: ...
    def modify_job(self, job_id: str, *, next_run_time: datetime) -> object: ...
    def start(self) -> None: ...
    def shutdown(self, wait: bool = ...) -> None: ...
