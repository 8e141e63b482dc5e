"""A headless Chromium, where one is installed, driven over its pipe: opens a page, types a code, takes a picture.

For the pictures in docs/screens only. It talks to loopback, in a profile of its own that is gone afterwards.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
)


class Browser:
    """One page. A context manager."""

    def __init__(self, width: int, height: int) -> None:
        self._profile = tempfile.mkdtemp(prefix="page-")
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        chromium = shutil.which("chromium")
        assert chromium is not None
        # It reads from descriptor 3 and writes to 4, whatever they are here.
        script = f'exec 3<&{to_browser} 4>&{from_browser}; exec "$0" "$@"'
        arguments = [*FLAGS, f"--user-data-dir={self._profile}", f"--window-size={width},{height}", "about:blank"]
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", script, chromium, *arguments], pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        self._number, self._left, self._session = 0, b"", ""
        self._events: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self._profile, ignore_errors=True)

    def use_dark(self) -> None:
        """The page is shown as to somebody whose device is dark."""
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])

    def open(self, url: str) -> None:
        """The page at this address is there."""
        self._events.clear()
        self._ask("Page.navigate", url=url)
        self._wait_for_page()

    def submit(self, field: str, text: str) -> None:
        """The text is typed into the field, and its form sent."""
        self._events.clear()
        script = f"document.getElementById({json.dumps(field)}).value = {json.dumps(text)}; document.forms[0].submit()"
        self._ask("Runtime.evaluate", expression=script)
        self._wait_for_page()

    def save(self, path: Path) -> None:
        """What is seen is in the file."""
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))

    def _wait_for_page(self) -> None:
        while "Page.domContentEventFired" not in self._events:
            self._note(self._read())

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        if "method" in event:
            self._events.append(event["method"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            more = os.read(self._in, 1 << 20)
            assert more, "the browser ended"
            self._left += more
        message, self._left = self._left.split(b"\0", 1)
        read: dict[str, Any] = json.loads(message)
        return read
