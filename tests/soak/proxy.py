"""A bad stretch of the way: forwards TCP, and sometimes breaks a connection in the middle or lets it hang.

    python -m tests.soak.proxy PORT HOST PORT SEED [calm]

Packets are lost and delayed elsewhere (`benchmarks.satellite`); this is the box on the way that has its own moods, and
that is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys

CUT, HUNG = 0.15, 0.05
"""Shares of connections that are broken after some bytes, or that hang for a while after some."""
BYTES_BEFORE_MAX = 6_000
HANGS_S = (2.0, 25.0)
_PIECE = 4096


async def carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: list[int], hangs_s: float | None
) -> None:
    """Bytes go on until the connection has had its share; then it hangs, or is cut where it does not."""
    while piece := await reader.read(_PIECE):
        left[0] -= len(piece)
        if left[0] <= 0:
            if hangs_s is None:
                raise ConnectionAbortedError
            await asyncio.sleep(hangs_s)
            left[0] = sys.maxsize
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def forward(port: int, to: tuple[str, int], seed: int, *, is_calm: bool) -> None:
    """Listen on loopback and forward whatever comes, until killed; a calm one breaks nothing."""
    rng = random.Random(seed)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mood = 1.0 if is_calm else rng.random()
        left = [rng.randint(1, BYTES_BEFORE_MAX) if mood < CUT + HUNG else sys.maxsize]
        hangs_s = rng.uniform(*HANGS_S) if CUT <= mood < CUT + HUNG else None
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*to)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(carry(reader, far_writer, left, hangs_s))
                    both.create_task(carry(far_reader, writer, left, hangs_s))
            except* OSError:
                pass
            finally:
                far_writer.transport.abort()
        writer.transport.abort()

    server = await asyncio.start_server(take, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(
        forward(int(sys.argv[1]), (sys.argv[2], int(sys.argv[3])), int(sys.argv[4]), is_calm=sys.argv[5:] == ["calm"])
    )
