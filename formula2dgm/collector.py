"""The collector of garbage, which waits while a text is compiled: what a stage makes stays, and it would find none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def waiting() -> Iterator[None]:
    """No collection inside; what counts references frees as ever. Where somebody else has stopped it, it stays so."""
    stopped = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if stopped:
            gc.enable()
