"""A package that adds a family, as if it were installed: its folder stands on the path, entry points and all."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from formula2dgm import driver
from formula2dgm.codegen.copied import definitions
from formula2dgm.registry import plugins
from formula2dgm.runtime.bindings import class_named

PACKAGE = Path(__file__).parents[2] / "data" / "plugin"
Install = Callable[..., Path]


def _forget() -> None:
    """Look for plug-ins anew."""
    plugins._loaded.cache_clear()
    definitions.cache_clear()
    driver._read_text.cache_clear()
    class_named.cache_clear()
    for name in [each for each in sys.modules if each.split(".")[0] == "weibull_family"]:
        del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """``install(("functions.py", old, new), ...)``: the example package, with texts of its files replaced."""

    def put(*changes: tuple[str, str, str]) -> Path:
        folder = tmp_path / "site"
        shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for file, old, new in changes:
            path = next(folder.glob(f"*/{file}"))
            text = path.read_text(encoding="utf-8")
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")
        monkeypatch.syspath_prepend(str(folder))
        _forget()
        return folder

    yield put
    monkeypatch.undo()
    _forget()
