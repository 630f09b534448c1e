"""The same text gives the same output: in any process, at any place, after any other text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mutations import BLOCK

ROOT = Path(__file__).parents[2]
#: What must not matter: how strings are hashed, the language, the time zone, the folder.
PLACES = (
    {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"},
    {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "TZ": "America/St_Johns", "PYTHONUTF8": "0"},
)
EXAMPLES = [f"@{path}" for path in sorted((ROOT / "examples").glob("*.tex"))]
FORMULAS = [
    *BLOCK.findall((ROOT / "docs" / "language.md").read_text("utf-8"))[::4],
    *("E_q(z|x)[log p(x|z) - KL[q(z|x) || p(z)", "log p(x|z) + foo(y)", r"\min_\theta \|x - f_\theta(y)\|^2"),
]


def digests(texts: list[str], settings: dict[str, str], folder: Path) -> list[dict[str, str]]:
    """What another process makes of the texts."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | settings
    command = [sys.executable, "-W", "ignore", "-m", "tests.hostile.outputs"]
    made = subprocess.run(command, cwd=folder, env=environment, input=json.dumps(texts), encoding="utf-8",
                          capture_output=True, check=False)  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    found: list[dict[str, str]] = json.loads(made.stdout)
    return found


def assert_same(texts: list[str], folder: Path) -> None:
    first, *others = (digests(texts, each, place) for each, place in zip(PLACES, (ROOT, folder, folder), strict=True))
    assert len(first) == len(texts) and any("module" in each for each in first)
    for settings, other in zip(PLACES[1:], others, strict=True):
        differing = [(text[:60], name) for text, one, two in zip(texts, first, other, strict=True)
                     for name in one.keys() | two.keys() if one.get(name) != two.get(name)]  # fmt: skip
        assert not differing, f"under {settings}: {differing}"


def test_the_same_in_every_process(tmp_path: Path) -> None:
    assert_same([*EXAMPLES[::6], *FORMULAS[::3]], tmp_path)


@pytest.mark.slow
def test_all_examples_are_the_same_in_every_process(tmp_path: Path) -> None:
    assert_same([*EXAMPLES, *FORMULAS], tmp_path)


def test_the_same_twice_and_after_others(tmp_path: Path) -> None:
    """In one process, a second time and in the other order."""
    texts = [*EXAMPLES[::6], *FORMULAS[::3]]
    made = digests([*texts, *reversed(texts)], PLACES[0], tmp_path)
    assert made[: len(texts)] == made[: len(texts) - 1 : -1]
