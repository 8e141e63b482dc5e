"""Where the files that ship with the program are: in the checkout, or unpacked beside the frozen program."""

import sys
from pathlib import Path


def resource_path(*parts: str) -> Path:
    """Return the path of a shipped file or folder under `resources/`; it need not exist.

    PyInstaller sets `sys._MEIPASS` to the folder it unpacked the program's data into.
    """
    unpacked = getattr(sys, "_MEIPASS", None)
    root = Path(unpacked) if unpacked else Path(__file__).resolve().parents[1]
    return root.joinpath("resources", *parts)
