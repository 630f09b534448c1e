"""Which tests a mutant meets, the quick ones that run its line first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.mutation.mutants import Mutant
from tests.mutation.reached import IMPORTED

#: Tests that compare text: they see any change of what is copied out, and say nothing about whether it matters.
OF_TEXT = (
    *("tests/golden/", "tests/written/", "tests/test_examples.py::test_the_module_beside"),
    "tests/unit/library/test_extraction.py",
)


def of(mutant: Mutant, tests: Mapping[str, Mapping[str, Any]], root: Path) -> list[str]:
    """The tests that run a mutant, in the order to run them in; all tests for what runs at import."""
    library = "/library/" in mutant.path
    path = str(root / mutant.path)
    names = {test: _runs(mutant, each, path, library) for test, each in tests.items()}
    everywhere = mutant.lines is None or names.get(IMPORTED, False)
    wanted = [test for test in tests if test != IMPORTED and (everywhere or names[test])]
    if library:
        wanted = [test for test in wanted if not test.startswith(OF_TEXT)]
    near = {test: not (names[test] or path in tests[test]["lines"]) for test in wanted}
    return sorted(wanted, key=lambda test: (near[test], tests[test]["seconds"]))


def _runs(mutant: Mutant, test: Mapping[str, Any], path: str, library: bool) -> bool:
    if mutant.lines is None:
        return False
    first, last = mutant.lines
    if any(first <= line <= last for line in test["lines"].get(path, ())):
        return True
    return library and mutant.function in test["names"]
