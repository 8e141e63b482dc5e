from __future__ import annotations

from datetime import UTC, datetime

import pypdfium2
import pytest

from pollbook.failures import Failure
from pollbook.texts import LANGUAGES, load_paper_texts
from station_app.papers.readiness import CameraLine, ReadinessPaper, readiness_sheet
from tests.making import training_election

CAMERAS = [
    CameraLine("hall", "rtsp://10.0.0.7/main", "H264  1920 × 1080  25/s", ()),
    CameraLine("door", "rtsp://10.0.0.8/main", "", (Failure.CAMERA_DENIED, Failure.CAMERA_LOST)),
]


def printed(cameras: list[CameraLine], language: str, days: float = 2.5) -> tuple[bytes, list[str]]:
    at = datetime(2026, 12, 19, 9, 0, tzinfo=UTC)
    paper = ReadinessPaper(training_election(), "1708-0001", "12-maktab", cameras, days, at)
    pdf = readiness_sheet(paper, language)
    return pdf, [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_says_in_each_language_what_is_ready_and_what_to_do(language: str) -> None:
    pdf, (page,) = printed(CAMERAS, language)
    text = load_paper_texts(language)
    flat = " ".join(page.split())
    assert text("readiness_count", ready=1, count=2) in flat
    assert text("training").split(" ")[0] in flat
    for fact in ("hall", "door", "V04", "V20", "2.5", "1708-0001", "19.12.2026 14:00"):
        assert fact in flat
    assert pdf == printed(CAMERAS, language)[0]


def test_many_cameras_go_on_on_a_further_page() -> None:
    many = [CameraLine(f"camera-{number}", "usb:0", "", (Failure.CAMERA_LOOPED,)) for number in range(16)]
    _, pages = printed(many, "en", float("inf"))
    assert len(pages) == 2
    assert all(f"camera-{number}:" in "".join(pages) for number in range(16))
    assert "∞" in pages[0]
