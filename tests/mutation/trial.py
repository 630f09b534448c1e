"""One run of tests over a copy of the tree, in a child of its own: torch is imported once, the package each time.

So are the other libraries (:data:`LIBRARIES`): nothing of them is mutated, and a mutant of ours cannot change them before
the child begins.

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


def prepare() -> None:
    """Make this process a parent of quick children: what is imported here is neither imported nor collected there."""
    torch.set_num_threads(1)
    for each in LIBRARIES:
        importlib.import_module(each)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def copied(checkout: Path, to: Path) -> None:
    """A copy of the tree, whose package is compiled such that a changed file is seen by its text, not by its time."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for each in CONTENTS:
        shutil.copytree(checkout / each, to / each, ignore=shutil.ignore_patterns("__pycache__"))
    for each in FILES:
        shutil.copy(checkout / each, to / each)
    for path in (*(to / "formula2dgm").rglob("*.py"), *(to / "tests").rglob("*.py")):
        compile(str(path), doraise=True, invalidation_mode=PycInvalidationMode.CHECKED_HASH)


def restored(checkout: Path, to: Path) -> None:
    """Undo a mutant that a run which was stopped has left in the copy."""
    for path in (checkout / "formula2dgm").rglob("*.py"):
        copy = to / path.relative_to(checkout)
        if copy.read_bytes() != path.read_bytes():
            shutil.copy(path, copy)


def run(root: Path, arguments: Sequence[str], plugins: Sequence[Any], seconds: int, log: Path) -> Outcome:
    """Run tests in a child; of the plugins, the first is a :class:`Tests`."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _become(root, seconds, log)
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


#: Doctests are left out, and assertions left as they are: a failure need not be explained.
OPTIONS = (
    *("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest", "--tb=short", "--no-header"),
    *("--assert=plain", "-o", "addopts=--import-mode=importlib --strict-markers -m 'not slow'"),
)


def _become(root: Path, seconds: int, log: Path) -> None:
    """Make this process one that works in the copy, writes to a log, and ends after so many seconds of computing."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(root)
    checkout = {str(Path(__file__).parents[2]), "", "."}
    sys.path[:] = [str(root), *(each for each in sys.path if each not in checkout)]
    os.environ["PYTHONPATH"] = str(root)
    for name in [each for each in sys.modules if each.partition(".")[0] in ("tests", "formula2dgm")]:
        del sys.modules[name]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.alarm(30 * seconds)  # a test that waits for ever


def files(tests: Sequence[str]) -> Iterator[str]:
    """The files that tests stand in, each once."""
    yield from dict.fromkeys(each.partition("::")[0] for each in tests)
