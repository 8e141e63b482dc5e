"""Windows' own wrap of a secret for one user of one machine. Source: CryptProtectData, dpapi.h."""

from __future__ import annotations

import ctypes
import sys

if sys.platform == "win32":
    from ctypes import wintypes

    _WITHOUT_WINDOWS = 0x1  # CRYPTPROTECT_UI_FORBIDDEN

    class _Blob(ctypes.Structure):
        _fields_ = (("length", wintypes.DWORD), ("data", ctypes.POINTER(ctypes.c_char)))

    def protect(secret: bytes) -> bytes:
        """`secret` as only this user of this machine can open it. Raises OSError where Windows refuses."""
        return _call("CryptProtectData", secret)

    def unprotect(wrapped: bytes) -> bytes:
        """What `protect` wrapped here. Raises OSError where Windows refuses."""
        return _call("CryptUnprotectData", wrapped)

    def _call(function: str, given: bytes) -> bytes:
        buffer = ctypes.create_string_buffer(given, len(given))
        source = _Blob(len(given), ctypes.cast(buffer, ctypes.POINTER(ctypes.c_char)))
        result = _Blob()
        crypt32, kernel32 = ctypes.WinDLL("crypt32"), ctypes.WinDLL("kernel32")
        call = getattr(crypt32, function)
        if not call(ctypes.byref(source), None, None, None, None, _WITHOUT_WINDOWS, ctypes.byref(result)):
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            return ctypes.string_at(result.data, result.length)
        finally:
            kernel32.LocalFree(result.data)
