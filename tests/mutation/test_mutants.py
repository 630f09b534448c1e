"""Which changes are made of a text, and that the suite names what exists."""

from __future__ import annotations

from pathlib import Path

from tests.mutation.importing import unchanged
from tests.mutation.mutants import mutants

ROOT = Path(__file__).parents[2]
TEXT = '''"""The module's 1 + 1."""

LIMIT: int = 3


def f(x: "a + b", y=0.5):
    """1 + 1."""
    if not x:
        raise ValueError(f"{x} is 0")
    assert x > 0
    total = x - y < g(x, y)
    emit(f"a {x + 1} b")
    return total and "sum"
'''


def test_the_changes_of_a_text() -> None:
    found = {each.applied(TEXT) for each in mutants("f.py", TEXT, sentences=True)}
    changes = [
        ("= 3", "= (4)"),
        ("=0.5", "=(1.0)"),
        ("if not x:", "if (x):"),
        ('raise ValueError(f"{x} is 0")', "pass"),
        ("x - y", "(x + y)"),
        ("x - y < g(x, y)", "(x - y <= g(x, y))"),
        ("g(x, y)", "(g(y, x))"),
        ('emit(f"a {x + 1} b")', "pass"),
        ('f"a {x + 1} b"', "f'a {x - 1} b'"),
        ('f"a {x + 1} b"', "f'a {x + 2} b'"),
        ('f"a {x + 1} b"', "f'_a {x + 1} b'"),
        ('f"a {x + 1} b"', "f'a {x + 1} _b'"),
        ('return total and "sum"', "return None"),
        ('total and "sum"', "(total or 'sum')"),
        ('"sum"', "('_sum')"),
    ]
    for old, _ in changes:
        assert TEXT.count(old) == 1
    assert found == {TEXT.replace(old, new) for old, new in changes}


def test_what_runs_when_a_module_is_imported_has_no_lines() -> None:
    where = {each.new: each.lines for each in mutants("f.py", TEXT, sentences=False)}
    assert where["(4)"] is None and where["(x + y)"] == (11, 11)


def test_the_suite_names_what_exists() -> None:
    lines = (ROOT / "tests" / "mutation" / "suite.txt").read_text("utf-8").splitlines()
    for name in (line.removeprefix("- ") for line in lines if line and not line.startswith("#")):
        path, _, function = name.partition("::")
        assert (ROOT / path).exists(), name
        assert not function or f"def {function.partition('[')[0]}(" in (ROOT / path).read_text("utf-8"), name


def test_what_is_imported_once_cannot_see_a_mutant(tmp_path: Path) -> None:
    """Not by an import inside a function, not by what it imports itself, not by the package that it is in."""
    texts = {
        "": "",
        "library": "",
        "library.sums": "",
        "syntax": "",
        "syntax.tree": "import torch",
        "syntax.late": "def f():\n    from formula2dgm.library import sums",
        "reading": "from formula2dgm.syntax.late import f",
        "reading.names": "from formula2dgm.syntax import tree",
        "ir": "from formula2dgm.syntax import tree",
        "ir.nodes": "import formula2dgm.ir.axes",
        "ir.axes": "",
    }
    for name, text in texts.items():
        folder = tmp_path / "formula2dgm" / name.replace(".", "/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text(text)
    assert unchanged(tmp_path) == {
        f"formula2dgm{name}" for name in ("", ".syntax", ".syntax.tree", ".ir", ".ir.nodes", ".ir.axes")
    }
