#!/usr/bin/env python3
"""The one door to development: sets up what is missing, then runs, tests, checks, measures or packs.

Needs only a Python and pip; everything else is fetched by `development/`, pinned with hashes. This file is read by
any Python 3, so that an unsuitable one is told what to do instead of a syntax error.
"""

import os
import shutil
import sys

SUITABLE = ((3, 11), (3, 12))  # as `requires-python` in pyproject.toml


def _change_interpreter() -> None:
    """Go on under a suitable Python found on the path, or stop with exit status 4."""
    ours = sys.version.split()[0]
    for major, minor in SUITABLE:
        other = shutil.which(f"python{major}.{minor}")
        if other:
            print(f"[dev] This is Python {ours}; going on with {other}.", flush=True)
            os.execv(other, [other, *sys.argv])  # noqa: S606 - itself, under another Python
    print(
        f"[dev] Python {ours} is not supported and neither python3.11 nor python3.12 is on the path.\n"
        "[dev] Install one of them and run this again.",
        file=sys.stderr,
    )
    sys.exit(4)


if __name__ == "__main__":
    if sys.version_info[:2] not in SUITABLE:
        _change_interpreter()
    from development.commands import main

    sys.exit(main(sys.argv[1:]))
