"""What mypy, which is part of ``make test`` and strict about texts that are one of a few, says of a mutant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


class Types:
    """The types of a copy of the package, followed by mypy's daemon: a change of one file takes it 0.2 s."""

    def __init__(self, copy: Path, status: Path) -> None:
        self.copy = copy
        self.command = [sys.executable, "-m", "mypy.dmypy", "--status-file", str(status)]

    def __enter__(self) -> Types:
        self._call("stop")
        if found := self.complaint():
            sys.exit(f"without a mutant, mypy says: {found}")
        return self

    def __exit__(self, *reason: object) -> None:
        self._call("stop")

    def complaint(self) -> str:
        """The first error in the package as it is, or nothing."""
        found = self._call("run", "--", "--no-error-summary", "formula2dgm")
        if found.returncode not in (0, 1):
            raise RuntimeError(found.stdout + found.stderr)
        return "" if found.returncode == 0 else (found.stdout.strip().splitlines() or ["?"])[0]

    def _call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.command, *arguments], capture_output=True, text=True, cwd=self.copy)
