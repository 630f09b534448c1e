"""Running a training script inside the test's process, which has imported torch already."""

from __future__ import annotations

import importlib.util
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.script.programs import PROGRAMS, script_of


@pytest.fixture(scope="session")
def scripts() -> dict[str, str]:
    """The script of every program."""
    return {name: script_of(make()) for name, make in PROGRAMS.items()}


@pytest.fixture
def load(
    scripts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ModuleType]]:
    """``load("vae")``: the script as a module of its own, in an empty folder that is the present one."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    def module(name: str) -> ModuleType:
        path = tmp_path / f"{name}.py"
        path.write_text(scripts[name])
        monkeypatch.setattr(sys, "argv", [str(path)])
        spec = importlib.util.spec_from_file_location(f"script_under_test_{name}", path)
        assert spec is not None and spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, made)
        spec.loader.exec_module(made)
        return made

    yield module
    for each, handler in handlers.items():
        signal.signal(each, handler)
