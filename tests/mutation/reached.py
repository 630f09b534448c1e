"""Which code of the mutated rooms each test runs: a pytest plugin, so that a mutant meets the tests that run it.

Functions of the library are copied into generated modules, where they are known by their names.  What runs when a
module is imported, before any test, stands under ``IMPORTED``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

IMPORTED = "imported"
#: How the names of the files of generated modules begin.
GENERATED = "<formula2dgm "


class Reached:
    """Per test: its seconds of computing, the lines that it runs, by file, and the functions of generated modules."""

    def __init__(self, rooms: tuple[Path, ...], to: Path) -> None:
        self.prefixes = tuple(f"{each}/" for each in rooms)
        self.to = to
        self.tests: dict[str, dict[str, Any]] = {}
        self._new()

    def pytest_sessionstart(self) -> None:
        """Follow what runs when modules are imported."""
        sys.settrace(self._call)

    def _new(self) -> None:
        self.lines: dict[str, set[int]] = {}
        self.names: set[str] = set()
        self.start = time.process_time()

    def _call(self, frame: FrameType, event: str, argument: object) -> Any:
        """Follow the functions of the rooms alone, and note those of generated modules."""
        code = frame.f_code
        if code.co_filename.startswith(GENERATED):
            self.names.add(code.co_name)
            return None
        if not code.co_filename.startswith(self.prefixes) or code.co_name == "<module>":
            return None
        found = self.lines.setdefault(code.co_filename, set())

        def line(frame: FrameType, event: str, argument: object) -> Any:
            found.add(frame.f_lineno)
            return line

        found.add(frame.f_lineno)
        return line

    def _keep(self, test: str) -> None:
        lines = {path: sorted(each) for path, each in self.lines.items()}
        seconds = time.process_time() - self.start
        self.tests[test] = {"seconds": seconds, "lines": lines, "names": sorted(self.names)}
        self._new()

    def pytest_collection_finish(self) -> None:
        """All modules are imported."""
        self._keep(IMPORTED)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """What one test runs, its fixtures included."""
        self._new()
        sys.settrace(self._call)
        yield
        self._keep(item.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write it all down."""
        sys.settrace(None)
        self.to.write_text(json.dumps(self.tests))
