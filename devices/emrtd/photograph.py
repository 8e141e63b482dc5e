"""A document's photograph made pixels: JPEG, JPEG 2000 files and bare codestreams.

What the image claims of its size is looked at before anything is decoded, so that a hostile one costs no memory.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.emrtd.face_images import FaceImage, FaceImageInvalid, pixel_size
from devices.vision import cv2

SIDE_PX_MAX: Final = 4096
"""ISO/IEC 19794-5 asks for some 400 pixels; no chip has room for ten times as many."""

Pixels = NDArray[np.uint8]


def decode_photograph(image: FaceImage) -> Pixels:
    """Return a photograph as height x width x 3 bytes (blue, green, red).

    Raises:
        FaceImageInvalid: It is larger than 4096 pixels a side, or can't be decoded.
    """
    if max(pixel_size(image)) > SIDE_PX_MAX:
        raise FaceImageInvalid("a photograph of too many pixels")
    before = cv2.utils.logging.getLogLevel()
    # the library tells on stderr that a bare codestream has no colour space
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        decoded = cv2.imdecode(np.frombuffer(image.image, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise FaceImageInvalid("a photograph that can't be decoded") from error
    finally:
        cv2.utils.logging.setLogLevel(before)
    if decoded is None:
        raise FaceImageInvalid("a photograph that can't be decoded")
    return np.asarray(decoded, np.uint8)
