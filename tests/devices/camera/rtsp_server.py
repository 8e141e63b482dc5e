"""Cameras that are not there: an RTSP server on loopback, started by the system's Python, which has GStreamer.

    /usr/bin/python3 rtsp_server.py [--user NAME:PASSWORD | --digest NAME:PASSWORD | --udp] MOUNT=FILE@RATE ...

prints its port, then obeys lines on stdin, `MOUNT COMMAND [VALUE]`: `stall`, `go`, `rate N`, `play FILE`, `garbage`.
A file holds access units of H.264 or H.265 with delimiters (`-x264-params aud=1`); it is played round and round.
A killed server is a camera that was switched off, a stopped one (SIGSTOP) is a cable that was pulled.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import threading
import time
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

DELIMITERS = {"h264": rb"\x00\x00\x00\x01\x09", "h265": rb"\x00\x00\x00\x01\x46\x01"}
ROLE = "observer"


@functools.cache
def access_units(path: str, delimiter: bytes) -> list[bytes]:
    """A film of an hour is a gigabyte: it is read once, so that a camera changes to it at once."""
    content = Path(path).read_bytes()
    starts = [found.start() for found in re.finditer(delimiter, content)]
    return [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]


class Film:
    """What one camera shows, and how it misbehaves."""

    def __init__(self, path: str, rate: float) -> None:
        self.rate, self.is_stalled, self.is_garbage, self.position = rate, False, False, 0
        self.kind = path.rsplit(".", 1)[1]
        self.play(path)

    def play(self, path: str) -> None:
        self.units = access_units(path, DELIMITERS[self.kind])
        self.position = 0

    def unit(self, number: int) -> bytes:
        self.position = number
        unit = self.units[number % len(self.units)]
        return b"\0\0\0\1\x09\xf0" + os.urandom(len(unit)) if self.is_garbage else unit


class Mount(GstRtspServer.RTSPMediaFactory):
    """One camera's address."""

    def __init__(self, film: Film) -> None:
        super().__init__()
        self.film, self.is_udp = film, False
        self.set_shared(True)
        self.set_latency(0)

    def do_create_element(self, _url: object) -> object:
        kind = self.film.kind
        return Gst.parse_launch(
            f"( appsrc name=film is-live=true format=time do-timestamp=true"
            f" caps=video/x-{kind},stream-format=byte-stream,alignment=au"
            f" ! {kind}parse ! rtp{kind}pay name=pay0 pt=96 config-interval=-1 )"
        )

    def do_configure(self, media: object) -> None:
        source, over = media.get_element().get_child_by_name("film"), threading.Event()
        if self.is_udp:
            media.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
        media.connect("unprepared", lambda _media: over.set())
        threading.Thread(target=self._feed, args=(source, over), daemon=True).start()

    def _feed(self, source: object, over: threading.Event) -> None:
        # Each media counts for itself: one that is about to end must not take pictures away from the next.
        due, number = time.monotonic(), self.film.position
        while not over.is_set():
            if not self.film.is_stalled:
                source.emit("push-buffer", Gst.Buffer.new_wrapped(self.film.unit(number)))
                number += 1
            due = max(due + 1 / self.film.rate, time.monotonic() - 0.2)
            over.wait(max(due - time.monotonic(), 0))


def obey(films: dict[str, Film]) -> None:
    for line in sys.stdin:
        mount, command, *value = line.split()
        film = films[mount]
        match command:
            case "stall" | "go":
                film.is_stalled = command == "stall"
            case "garbage":
                film.is_garbage = value == ["on"]
            case "rate":
                film.rate = float(value[0])
            case "play":
                film.play(value[0])
    os._exit(0)


def main(words: list[str]) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    is_guarded, is_udp = words[0] in {"--user", "--digest"}, words[0] == "--udp"
    if is_guarded:
        name, password = words[1].split(":")
        auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
        token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, ROLE)
        if words[0] == "--digest":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(name, password, token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), token)
        server.set_auth(auth)
    words = words[2 if is_guarded else is_udp :]
    films = {}
    for word in words:
        mount, shown = word.split("=")
        path, rate = shown.rsplit("@", 1)
        films[mount] = Film(path, float(rate))
        factory = Mount(films[mount])
        factory.is_udp = is_udp
        if is_guarded:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role(ROLE, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, True)
            permissions.add_permission_for_role(ROLE, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(f"/{mount}", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)  # noqa: T201 - whoever started it reads the port
    threading.Thread(target=obey, args=(films,), daemon=True).start()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(sys.argv[1:])
