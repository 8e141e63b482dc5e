"""Hands a finished paper to the system's viewer, from which it is printed."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from pollbook.files import write_secret


def show_paper(pdf: bytes, name: str) -> bool:
    """The paper is open in the system's viewer; only its owner may read the file, which goes when the program ends."""
    path = _folder() / name
    write_secret(path, pdf)
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


@lru_cache(maxsize=1)
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="uchastka-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
