"""Opening the observers' page: an address of the station's own network, a certificate of its own, and the server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from devices.camera.values import Pixels
from pollbook.clock import Clock
from station_app.live.observers import Observers, Show, listen_at
from station_app.live.outgoing import Outgoing
from station_app.live.page import Page
from station_app.live.page_certificate import make_identity
from station_app.live.room import Room


def serve_page(
    room: Room,
    page: Page,
    encode: Callable[[Pixels], bytes],
    place: tuple[str, Path, Clock],
    opened: Callable[[Observers], object],
    stop: threading.Event,
) -> None:
    """Serve the page until `stop`; `opened` is told once it listens.

    Args:
        room: The cameras.
        page: What is around their pictures.
        encode: Makes a small JPEG.
        place: The address, a folder for the moment in which the key is read, and the clock.
        opened: Told of the open page.
        stop: Ends it.

    Raises:
        WorldFailed: `PAGE_NOT_OPENED`.
    """
    address, folder, clock = place
    listener = listen_at(address)
    try:
        blank = encode(np.full((240, 320, 3), 96, np.uint8))
        show = Show(room, Outgoing(room, encode), page, blank)
        identity = make_identity(address, clock.now(), folder)
        observers = Observers(listener, identity, show, now_s=clock.monotonic_s)
        opened(observers)
        observers.run(stop)
    finally:
        listener.close()
