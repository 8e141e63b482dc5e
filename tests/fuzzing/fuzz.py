"""Feed the parsers of `targets.py` with what a coverage-guided fuzzer thinks of, until they fail or have had enough.

    python3 dev.py fuzz [NAME] --inputs N

Each target runs in a process of its own, at low priority, since libFuzzer ends its process. What made a target fail
lies in build/fuzz; the corpus, from which the next run goes on, as well.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "build" / "fuzz"
ONE_INPUT_S = 10
MEMORY_MB = 2048


def main(arguments: list[str]) -> int:
    """Run one target or all; 1 where one of them failed."""
    parser = argparse.ArgumentParser(prog="dev.py fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", help="one target instead of all")
    parser.add_argument("--inputs", type=int, default=100_000, metavar="N", help="to each target (default: 100000)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.here:
        return _fuzz_here(asked.name, asked.inputs)
    from tests.fuzzing.targets import TARGETS  # noqa: PLC0415 - in the fuzzing process it must be instrumented

    if asked.name is not None and asked.name not in TARGETS:
        parser.error(f"there is no target {asked.name}; there are {', '.join(TARGETS)}")
    failed = []
    for name in [asked.name] if asked.name else TARGETS:
        folder = BUILD / name
        (folder / "corpus").mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(TARGETS[name].seeds):
            (folder / "corpus" / f"seed{number}").write_bytes(seed)
        began = time.monotonic()
        with (folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "tests.fuzzing.fuzz", name, "--inputs", str(asked.inputs), "--here"]
            status = subprocess.call(command, stdout=log, stderr=log)
        seconds = time.monotonic() - began
        verdict = "only its own errors" if status == 0 else f"FAILED ({status}), see {folder.relative_to(Path.cwd())}"
        print(f"{name}: {asked.inputs:,} inputs in {seconds:.0f} s: {verdict}", flush=True)
        if status:
            failed.append(name)
    return int(bool(failed))


def _fuzz_here(name: str, inputs: int) -> int:
    import atheris  # noqa: PLC0415 - only here: it instruments what is imported after it

    os.nice(10)
    with atheris.instrument_imports(include=["pollbook", "sync.lan", "devices.emrtd", "devices.camera"]):
        from tests.fuzzing.target import feed  # noqa: PLC0415
        from tests.fuzzing.targets import TARGETS  # noqa: PLC0415

    target, folder = TARGETS[name], BUILD / name

    def one(untrusted: bytes) -> None:
        feed(target, untrusted)

    options = [
        f"-runs={inputs}",
        f"-max_len={target.bytes_max}",
        f"-timeout={ONE_INPUT_S}",
        f"-rss_limit_mb={MEMORY_MB}",
    ]
    atheris.Setup([name, *options, f"-artifact_prefix={folder}/", str(folder / "corpus")], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
