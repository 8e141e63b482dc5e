"""The desktop's start and memory, against an empty PySide6 window; for the memory it has imported the same modules.

Both run as processes of their own, offscreen. The desktop is the one that `uchastka` builds, with its sync engine
running. Ready means: the book is open and the first screen, which asks for the two officers, is painted. The memory
is taken later, at the check-in screen after ten searches, when sync has tried to reach its register.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import figure, runs
from tests.making import CHAIR, DEPUTY, PINS, make_listed_station

EMPTY = """
import time; began = time.perf_counter()
from PySide6.QtWidgets import QApplication, QMainWindow
{imports}
application = QApplication([])
window = QMainWindow(); window.resize(1366, 768); window.show(); application.processEvents()
ready = time.perf_counter() - began
{measure}
"""
DESKTOP = """
import time; began = time.perf_counter()
import sys
from pathlib import Path
from benchmarks.desktop_probe import Probe
probe = Probe(Path(sys.argv[1])); probe.open()
ready = time.perf_counter() - began
probe.search((1, sys.argv[2]), (2, sys.argv[3])); probe.wait_for_sync()
{measure}
probe.close()
"""
MEASURE = """
import json, psutil
print(json.dumps([ready, psutil.Process().memory_full_info().pss / 2**20]))
"""
IMPORTS = "import station_app.app, benchmarks.desktop_probe, sync.client, sync.loop"


def run(program: str, *arguments: str) -> tuple[float, float]:
    """Seconds from the first line to ready, and the process's proportional memory in MB."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path.cwd())}
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, env=environment
    )
    seconds, memory_mb = json.loads(ran.stdout.splitlines()[-1])
    return seconds, memory_mb


def main() -> None:
    Path("build").mkdir(exist_ok=True)
    for lines, most in ((3000, 1.5), (100_000, 2.0)):
        with tempfile.TemporaryDirectory(dir="build") as folder:
            home = Path(folder) / "station"
            make_listed_station(home, lines)
            program = DESKTOP.format(measure=MEASURE)
            ready, memory_mb = runs(lambda: run(program, str(home), PINS[CHAIR], PINS[DEPUTY]))  # noqa: B023  (called before the loop goes on)
            empty, _ = runs(lambda: run(EMPTY.format(imports="", measure=MEASURE)))
            _, same_imports_mb = runs(lambda: run(EMPTY.format(imports=IMPORTS, measure=MEASURE)))
            if lines == 3000:
                beyond = ready - empty
                detail = f"{ready:.2f} against {empty:.2f} s"
                figure("window ready beyond an empty window, 3,000 lines", beyond, "s", "≤ 1.5", beyond <= 1.5, detail)
            ratio = memory_mb / same_imports_mb
            detail = f"{memory_mb:.0f} against {same_imports_mb:.0f} MB PSS"
            figure(f"memory of the desktop, {lines:,} lines", ratio, "times", f"≤ {most}", ratio <= most, detail)


if __name__ == "__main__":
    main()
