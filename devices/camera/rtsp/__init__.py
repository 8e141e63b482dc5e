"""Our own receiver of RTSP over TCP: what a camera sends in H.264 or H.265, as it sends it, and by its own clock."""
