"""One run of tests over a copy of the tree, in a child of its own: torch is imported once, what is mutated each time.

So are the other libraries (:data:`LIBRARIES`), and what of the package no mutant can change (``importing.py``).

The child is cut off after its seconds of computing, not of waiting, so that a busy machine makes no difference.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from py_compile import PycInvalidationMode, compile
from typing import Any, NamedTuple

import pytest
import torch

from tests.mutation import importing

#: What the package and the tests import of others, so that each child has it already.
LIBRARIES = (
    *("torch.distributions", "torch.func", "jinja2", "lark", "networkx", "sympy", "zuko", "doctest", "pdb"),
    *("hypothesis.strategies", "scipy.integrate", "scipy.optimize", "scipy.stats", "sklearn.datasets"),
)
CONTENTS = ("formula2dgm", "tests", "docs", "examples", "grammar", "templates", "benchmarks")
FILES = ("pyproject.toml", "constraints.txt", "Makefile", "README.md", "CHANGELOG.md")
MEMORY = 8 << 30


class Outcome(NamedTuple):
    """What became of a run: how it ended, the first test that failed, and its seconds of computing."""

    status: str
    test: str
    seconds: float


class Tests:
    """The wanted tests alone, in their order; notes the first that fails, and sees that the copy is what is run."""

    def __init__(
        self, wanted: Sequence[str], root: Path, ignored: Sequence[str] = (), names: Path | None = None
    ) -> None:
        self.wanted = {test: place for place, test in enumerate(wanted)}
        self.root = root
        self.ignored = tuple(ignored)
        self.names = names
        self.failed = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what is not wanted."""
        if self.wanted:
            items[:] = sorted((each for each in items if each.nodeid in self.wanted), key=self._place)
        items[:] = [each for each in items if not each.nodeid.startswith(self.ignored)]
        if self.names is not None:
            self.names.write_text(json.dumps([each.nodeid for each in items]))

    def _place(self, item: pytest.Item) -> int:
        return self.wanted[item.nodeid]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the first failure."""
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_sessionfinish(self) -> None:
        """Nothing of the checkout was imported."""
        for name in ("formula2dgm", "tests"):
            module = sys.modules.get(name)
            places = [*getattr(module, "__path__", ())] if module else []
            assert all(Path(each).is_relative_to(self.root) for each in places), (name, places)


def prepare(root: Path) -> None:
    """Make this process a parent of quick children: what is imported here is neither imported nor collected there."""
    torch.set_num_threads(1)
    for each in LIBRARIES:
        importlib.import_module(each)
    importing.prepare(root)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def copied(checkout: Path, to: Path) -> None:
    """A copy of the tree, brought up to date, which also undoes a mutant that a run which was stopped has left there.

    Its modules are compiled such that a changed file is seen by its text, not by its time.
    """
    folders = [path for each in CONTENTS for path in (checkout / each).rglob("*") if "__pycache__" not in path.parts]
    wanted = {path.relative_to(checkout) for path in folders if path.is_file()} | {Path(each) for each in FILES}
    for path in [path for each in CONTENTS for path in (to / each).rglob("*") if "__pycache__" not in path.parts]:
        if path.is_file() and path.relative_to(to) not in wanted:
            path.unlink()
    for each in sorted(wanted):
        path = to / each
        if not path.exists() or path.read_bytes() != (checkout / each).read_bytes():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / each, path)
            if path.suffix == ".py" and each.parts[0] in ("formula2dgm", "tests"):
                compile(str(path), doraise=True, invalidation_mode=PycInvalidationMode.CHECKED_HASH)


def run(
    root: Path, arguments: Sequence[str], plugins: Sequence[Any], seconds: int, log: Path, changed: str = ""
) -> Outcome:
    """Run tests in a child, of which one file may be ``changed``; of the plugins, the first is a :class:`Tests`."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _become(root, seconds, log, changed)
        code = 3
        try:
            code = pytest.main([*OPTIONS, *arguments], plugins=list(plugins))
            os.write(writer, json.dumps({"code": int(code), "test": plugins[0].failed}).encode())
        finally:
            sys.stdout.flush()
            os._exit(int(code))
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, state, used = os.wait4(child, 0)
    spent = used.ru_utime + used.ru_stime
    if os.WIFSIGNALED(state):
        cut = os.WTERMSIG(state) in (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM)
        return Outcome("timeout" if cut else "killed", f"signal {os.WTERMSIG(state)}", spent)
    found: Mapping[str, Any] = json.loads(said) if said else {"code": 3, "test": "the run broke off"}
    if found["code"] == 5:
        return Outcome("unreached", "", spent)
    return Outcome("survived" if found["code"] == 0 else "killed", found["test"] or "when imported", spent)


#: Doctests are left out, and what explains a failure: assertions written anew, captured output, warnings.
OPTIONS = (
    *("-q", "--tb=short", "--no-header", "--capture=no", "--assert=plain"),
    *("-o", "addopts=--import-mode=importlib --strict-markers -m 'not slow'"),
    *(f"-pno:{each}" for each in ("cacheprovider", "xdist", "hypothesispytest", "logging", "warnings")),
    *(f"-pno:{each}" for each in ("threadexception", "unraisableexception", "faulthandler")),
)


def _become(root: Path, seconds: int, log: Path, changed: str) -> None:
    """Make this process one that works in the copy, writes to a log, and ends after so many seconds of computing."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(root)
    checkout = {str(Path(__file__).parents[2]), "", "."}
    sys.path[:] = [str(root), *(each for each in sys.path if each not in checkout)]
    os.environ["PYTHONPATH"] = str(root)
    importing.forget(changed)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.alarm(30 * seconds)  # a test that waits for ever


def files(tests: Sequence[str]) -> Iterator[str]:
    """The files that tests stand in, each once."""
    yield from dict.fromkeys(each.partition("::")[0] for each in tests)
