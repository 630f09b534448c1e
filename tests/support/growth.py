"""How the time of reading grows with the length of what is read."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def assert_linear(read: Callable[[str], object], piece: str) -> None:
    """A text four times as long takes about four times as long, not sixteen.

    Processor time counts, and the collector waits: among ten thousand tests, its pauses are longer than what is
    measured. A machine that is busy is given five chances: what grows with the square takes none of them."""

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        times = []
        for _ in range(2):
            start = time.process_time()
            read(text)
            times.append(time.process_time() - start)
        return min(times)

    seconds(500)
    gc.collect()
    gc.disable()
    try:
        chances = []
        for _ in range(5):
            short, long = seconds(10_000), seconds(40_000)
            chances.append((short, long))
            if long < 0.05 + 8 * short:
                return
    finally:
        gc.enable()
    raise AssertionError(f"seconds for a text and one four times as long: {chances}")
