"""The process of one camera, started by `supervised`: its job comes as a line on stdin, and it ends with stdin."""

from __future__ import annotations

import os
import signal
import sys
import threading

from devices.camera.folder import Row
from devices.camera.job import Status, read_allowed, read_job, write_message
from devices.camera.worker import Worker

POLITENESS = 5
"""Added to the process's niceness: what is typed at the desk doesn't wait for a camera, which has whole seconds."""


def main() -> int:
    """Record and watch the camera of the job on stdin until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for whoever started this; then stdin ends
    if hasattr(os, "nice"):  # on Windows whoever starts the process says so
        os.nice(POLITENESS)
    line = sys.stdin.readline()
    if not line:
        return 2

    def tell(message: Row | Status) -> None:
        try:
            sys.stdout.write(write_message(message))
            sys.stdout.flush()
        except OSError:  # nobody listens any more
            worker.stop()

    def wait_for_the_end() -> None:
        try:
            for word in sys.stdin:
                worker.allow(read_allowed(word))
        finally:
            worker.stop()

    worker = Worker(read_job(line), tell)
    threading.Thread(target=wait_for_the_end, daemon=True).start()
    worker.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
