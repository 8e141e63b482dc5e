"""Privacy masks: rectangles of the picture that nobody but the recording sees; pure.

A mask is left, top, width and height in thousandths of the picture. What is covered is covered whole: edges are
rounded outward, and what lies under a mask is replaced, not blurred, so that nothing can be brought back.
"""

from __future__ import annotations

from typing import Final

from devices.camera.values import Pixels
from pollbook.store.camera_views import MaskFields

__all__ = ["MASKS_MAX", "MASK_SCALE", "MaskFields", "between", "contains", "covered", "moved", "resized"]

MASK_SCALE: Final = 1000
MASKS_MAX: Final = 16
LEAST: Final = 20
"""Of a mask's width and height: a smaller one is a slip of the hand."""
FLAT: Final = 96
"""The grey that stands where a mask lies."""
_FRAME, _EDGE = 144, 2


def covered(pixels: Pixels, masks: tuple[MaskFields, ...]) -> Pixels:
    """A copy of the picture in which nothing is left of what lies under the masks."""
    made = pixels.copy()
    height, width = made.shape[:2]
    for mask in masks:
        left, top, right, bottom = _pixels_of(mask, width, height)
        made[top:bottom, left:right] = _FRAME
        made[top + _EDGE : max(bottom - _EDGE, 0), left + _EDGE : max(right - _EDGE, 0)] = FLAT
    return made


def between(start: tuple[int, int], end: tuple[int, int]) -> MaskFields | None:
    """The mask between two corners, inside the picture; None where it would be smaller than `LEAST`."""
    left, right = sorted(min(max(x, 0), MASK_SCALE) for x in (start[0], end[0]))
    top, bottom = sorted(min(max(y, 0), MASK_SCALE) for y in (start[1], end[1]))
    width, height = right - left, bottom - top
    return (left, top, width, height) if width >= LEAST and height >= LEAST else None


def moved(mask: MaskFields, right: int, down: int) -> MaskFields:
    """The mask moved by so many thousandths, as far as the picture goes."""
    left, top, width, height = mask
    return (
        min(max(left + right, 0), MASK_SCALE - width),
        min(max(top + down, 0), MASK_SCALE - height),
        width,
        height,
    )


def resized(mask: MaskFields, wider: int, higher: int) -> MaskFields:
    """The mask with its right and lower edge moved by so many thousandths, as far as the picture goes."""
    left, top, width, height = mask
    return (
        left,
        top,
        min(max(width + wider, LEAST), MASK_SCALE - left),
        min(max(height + higher, LEAST), MASK_SCALE - top),
    )


def contains(mask: MaskFields, x: int, y: int) -> bool:
    """Whether this point of the picture is under the mask."""
    left, top, width, height = mask
    return left <= x < left + width and top <= y < top + height


def _pixels_of(mask: MaskFields, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, wide, high = mask
    return (
        left * width // MASK_SCALE,
        top * height // MASK_SCALE,
        -(-(left + wide) * width // MASK_SCALE),
        -(-(top + high) * height // MASK_SCALE),
    )
