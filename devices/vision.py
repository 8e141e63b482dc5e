"""The one home of OpenCV's import: it reads these variables when it is loaded, so nobody loads it before they are set.

A stuck stream must not stop the others of its process, a frozen one must be given up, and nothing of an address may be
written to a log (FACTS §3).
"""

import os

CAPTURE_OPTIONS = (
    "rtsp_transport;tcp+udp+udp_multicast|rtsp_flags;prefer_tcp|timeout;1500000|rw_timeout;1500000|probesize;32768"
)

os.environ["OPENCV_FFMPEG_IS_THREAD_SAFE"] = "1"
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = CAPTURE_OPTIONS
os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
os.environ["OPENCV_LOG_LEVEL"] = "SILENT"
os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = "2"

import cv2  # noqa: E402 - see above

__all__ = ["cv2"]
