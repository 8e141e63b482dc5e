import sys
from pathlib import Path

import pytest

from pollbook.bundle import resource_path


def test_a_resource_of_the_checkout_is_found() -> None:
    assert resource_path("territory", "soato_regions.csv").is_file()


def test_the_frozen_program_looks_where_it_was_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert resource_path("icons", "app.svg") == tmp_path / "resources" / "icons" / "app.svg"
