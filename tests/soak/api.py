"""Schemathesis against a real register: whatever it thinks of asking, no answer is other than docs/openapi.json says.

    python3 dev.py soak api --examples 1000

A training register with a list, served over TLS by a process of its own on its embedded database. Schemathesis reads
the description, makes requests that fit it and requests that do not, and holds every answer against it. It stops by
itself.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.soak.kills import ROOT, TOOLS, tool

DESCRIPTION = ROOT / "docs" / "openapi.json"
LEFT_OUT = "positive_data_acceptance"
"""What fits the description is still no station's: bodies are signed, which no description of bytes can say."""


def schemathesis(
    url: str, authority: Path, examples: int, seed: int, description: Path = DESCRIPTION
) -> subprocess.CompletedProcess[str]:
    """Its run against the register at `url`, so many examples for each operation; status 0 where all answers fit."""
    words = [TOOLS / "schemathesis", "run", description, "--url", url, "--tls-verify", authority, "--seed", str(seed)]
    words += ["--max-examples", str(examples), "--exclude-checks", LEFT_OUT, "--continue-on-failure", "--no-color"]
    words += ["--phases", "examples,coverage,fuzzing", "--warnings", "off", "--request-timeout", "30"]
    words += ["--suppress-health-check", "all"]
    with tempfile.TemporaryDirectory() as folder:  # it leaves what it learnt where it is run
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.soak.api_bodies", "PYTHONPATH": str(ROOT)}
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def rehearse(folder: Path, examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """Schemathesis against a register made in `folder`."""
    home = folder / "register"
    tool("uchastka-register", "init", "--home", home, "--training")
    tool("uchastka-register", "synthesise", "--precincts", 2, "--voters", 300, "--seed", 7, "--out", folder)
    tool("uchastka-register", "import", "--home", home, folder / "voters.csv", "--totals", folder / "totals.csv")
    serve = [TOOLS / "uchastka-register", "serve", "--home", home, "--port", "0", "--json"]
    register = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    try:
        assert register.stdout is not None
        url = json.loads(register.stdout.readline())["url"]
        return schemathesis(url, authority_of(home), examples, seed)
    finally:
        register.terminate()
        register.wait()


def authority_of(home: Path) -> Path:
    """The certificate that the register's own is signed by."""
    return next(home.rglob("authority.pem"))


def main() -> int:
    """Rehearse and print what Schemathesis counted; exit 0 when every answer fits the description."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="for each operation")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="uchastka-api-") as name:
        ran = rehearse(Path(name), asked.examples, asked.seed)
    print(ran.stdout if ran.returncode else ran.stdout[-1500:])
    print(ran.stderr, file=sys.stderr)
    print(f"load average {' '.join(f'{each:.1f}' for each in os.getloadavg())}")
    return ran.returncode


if __name__ == "__main__":
    sys.exit(main())
