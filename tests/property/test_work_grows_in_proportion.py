"""Compiling twice as much takes about twice the work.

Work is counted, not timed: calls of functions, of the compiler and of those it makes, which are the same everywhere.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from benchmarks.compiler.texts import divergences, factors, log_terms, time_definitions
from formula2dgm import driver
from formula2dgm.bindings import NO_BINDINGS
from formula2dgm.codegen import generate
from formula2dgm.options import make_options
from formula2dgm.passes import run_passes


def calls_of(text: str) -> int:
    """How many calls compiling a text makes; each step of a generator counts."""
    driver._read_text.cache_clear()
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    gc.disable()
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        found = driver.read(text).raise_errors()
        program = driver.resolved(found, NO_BINDINGS, make_options(scaffold=True))
        generate(run_passes(program))
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


def one_density(count: int) -> str:
    """One density again and again."""
    return " + ".join(["log p(x)"] * count)


def one_network(count: int) -> str:
    """Powers of one network's result."""
    terms = " + ".join(f"{i + 1} f_\\theta(x)^{i + 2}" for i in range(count))
    return f"\\min_\\theta E_{{p(x)}}[{terms}]"


#: What twice as much may take. Quadratic work takes four times as much in the end, and three where half is quadratic.
@pytest.mark.parametrize(
    ("text", "most"),
    [
        (one_density, 2.1),
        (log_terms, 2.1),
        (divergences, 2.1),
        (one_network, 2.2),
        (time_definitions, 2.25),
        (factors, 2.15),
    ],
)
def test_work_grows_in_proportion(text: Callable[[int], str], most: float) -> None:
    calls_of(text(10))  # what is made once in a process
    small, large = calls_of(text(30)), calls_of(text(60))
    assert large < most * small, f"{small:,} calls, and {large:,} for twice as much"
