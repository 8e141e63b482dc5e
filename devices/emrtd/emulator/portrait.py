"""A photograph for synthetic documents: a face drawn by this program, nobody's.

It is drawn with soft shading, so that a detector of faces finds it, and with grain, so that it compresses like a
photograph does.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.vision import cv2

WIDTH_PX: Final = 413
HEIGHT_PX: Final = 531
_SKIN: Final = ((150, 178, 215), (120, 150, 195), (170, 195, 228), (95, 125, 170))  # blue, green, red
_HAIR: Final = ((28, 30, 36), (40, 55, 80), (60, 60, 62), (25, 40, 70))


def draw_face(seed: int) -> NDArray[np.uint8]:
    """Return a face as height x width x 3 bytes (blue, green, red), the same for the same `seed`."""
    rng = np.random.default_rng(seed)
    scale = 2  # drawn at twice the size, then reduced
    width, height = WIDTH_PX * scale, HEIGHT_PX * scale
    skin = np.array(_SKIN[seed % len(_SKIN)], dtype=np.float32)
    hair = _HAIR[int(rng.integers(len(_HAIR)))]
    picture = np.full((height, width, 3), (222, 218, 212), dtype=np.uint8)
    x, y = width // 2, int(height * 0.47)
    across, down = int(width * rng.uniform(0.235, 0.26)), int(height * rng.uniform(0.255, 0.28))

    def ellipse(dx: float, dy: float, axes: tuple[float, float], colour: tuple[float, ...], angle: float = 0) -> None:
        centre = (int(x + dx * across), int(y + dy * down))
        size = (max(1, int(axes[0] * across)), max(1, int(axes[1] * down)))
        cv2.ellipse(picture, centre, size, angle, 0, 360, colour, -1, cv2.LINE_AA)

    def shade(factor: float) -> tuple[float, ...]:
        return tuple(float(channel) for channel in np.clip(skin * factor, 0, 255))

    ellipse(0, 2.15, (1.95, 1.05), (96, 74, 58))  # shoulders
    ellipse(0, 1.1, (0.52, 0.55), shade(0.82))  # neck
    ellipse(0, -0.28, (1.1, 1.02), hair)
    ellipse(0, 0, (1, 1), shade(1))
    ellipse(0, -0.62, (0.82, 0.32), shade(1.05))  # the lit forehead
    for side in (-1, 1):
        ellipse(side * 1.02, 0.05, (0.1, 0.2), shade(0.9))  # ear
        ellipse(side * 0.42, -0.16, (0.3, 0.16), shade(0.72))  # eye socket
        ellipse(side * 0.42, -0.36, (0.3, 0.045), hair, side * 5)  # brow
        ellipse(side * 0.42, -0.15, (0.21, 0.075), (235, 238, 240))
        ellipse(side * 0.42, -0.15, (0.085, 0.078), (48, 52, 66))
        ellipse(side * 0.42, -0.15, (0.04, 0.038), (12, 12, 14))
        ellipse(side * 0.5, 0.3, (0.26, 0.2), shade(1.04))  # cheek
    ellipse(0, 0.14, (0.1, 0.26), shade(1.1))  # ridge of the nose
    ellipse(0, 0.33, (0.19, 0.075), shade(0.8))
    for side in (-1, 1):
        ellipse(side * 0.09, 0.36, (0.045, 0.025), shade(0.45))
    ellipse(0, 0.56, (0.33, 0.085), (98, 92, 168))
    ellipse(0, 0.555, (0.31, 0.016), (50, 40, 88))
    ellipse(0, 0.72, (0.2, 0.05), shade(0.86))  # shadow under the lip
    side_light = np.linspace(1.06, 0.9, width, dtype=np.float32)[None, :, None]
    lit = cv2.GaussianBlur(picture.astype(np.float32) * side_light, (0, 0), 3.2)
    small = cv2.resize(lit, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    grain = rng.standard_normal(small.shape, dtype=np.float32) * 3
    return np.asarray(np.clip(small + grain, 0, 255), dtype=np.uint8)


def jpeg_of_bytes(picture: NDArray[np.uint8], bytes_max: int) -> bytes:
    """Return the picture as JPEG of the best quality that fits in `bytes_max`.

    Raises:
        ValueError: It fits at no quality.
    """
    for quality in range(95, 4, -5):
        encoded = _encode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(encoded) <= bytes_max:
            return encoded
    raise ValueError("no quality is small enough")


def jp2_of(picture: NDArray[np.uint8], compression_x1000: int = 60) -> bytes:
    """Return the picture as a JPEG 2000 file."""
    return _encode(".jp2", picture, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, compression_x1000])


def codestream_of(jp2: bytes) -> bytes:
    """Return the bare codestream (J2K) of a JPEG 2000 file, as chips store it."""
    start = jp2.index(b"\xff\x4f\xff\x51")
    return jp2[start:]


def _encode(suffix: str, picture: NDArray[np.uint8], options: list[int]) -> bytes:
    done, encoded = cv2.imencode(suffix, picture, options)
    if not done:
        raise ValueError(f"the library writes no {suffix}")
    return bytes(encoded)
