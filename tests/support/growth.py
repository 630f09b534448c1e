"""How the time of reading grows with the length of what is read."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def assert_linear(read: Callable[[str], object], piece: str) -> None:
    """A text four times as long takes about four times as long, not sixteen.

    The least processor time of a few readings counts, and the collector waits: among ten thousand tests, its pauses
    are longer than what is measured."""

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        times = []
        for _ in range(3):
            start = time.process_time()
            read(text)
            times.append(time.process_time() - start)
        return min(times)

    seconds(500)
    gc.collect()
    gc.disable()
    try:
        short, long = seconds(10_000), seconds(40_000)
    finally:
        gc.enable()
    assert long < 0.1 + 8 * short
