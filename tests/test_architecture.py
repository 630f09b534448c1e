"""The stages of the compiler are folders in order; imports point downward only, and torch stays in its two rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "formula2dgm"

# A room may import the rooms to its left, and itself. The package's own __init__ stands to the right of all.
ORDER = (
    "records spans diagnostics collector mistakes resources syntax documents ir registry bindings reading completion "
    "resolve passes lint codegen report library flows runtime driver stages paper options api trained verification cli "
    "notebook "
    "__main__ __init__"
).split()
TORCH_ROOMS = ("library", "flows", "runtime", "verification")
LAZY_TORCH_ROOMS = ("api", "trained", "cli")


class Import(NamedTuple):
    """One imported module, and whether importing the file runs it (not in a function, not for type checkers)."""

    module: str
    line: int
    eager: bool


def imports(tree: ast.AST, package: str, eager: bool = True) -> Iterator[Import]:
    """Every import below ``tree``; ``package`` is what relative imports are relative to."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno, eager) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                stem = ".".join([*base, *([module] if module else [])])
                yield from (Import(f"{stem}.{alias.name}", node.lineno, eager) for alias in names)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from imports(node, package, eager=False)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from imports(ast.Module(node.body, []), package, eager=False)
                yield from imports(ast.Module(node.orelse, []), package, eager)
            case _:
                yield from imports(node, package, eager)


def room_of(parts: tuple[str, ...]) -> str:
    """``("syntax", "tree")`` is in ``syntax``; the package itself is ``__init__``."""
    return parts[0] if parts else "__init__"


def violations(package: Path) -> list[str]:
    """What breaks the order, as ``file:line: sentence``."""
    rooms = {path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}
    found: list[str] = []
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).with_suffix("").parts
        here = inside[0]
        if here not in ORDER:
            found.append(f"{path.name}: '{here}' has no place in the order of the rooms")
            continue
        module = ".".join([package.name, *inside])
        parent = module.rsplit(".", 1)[0]
        for each in imports(ast.parse(path.read_text()), parent):
            where = f"{'/'.join(inside)}.py:{each.line}"
            top, *rest = each.module.split(".")
            if top == "torch":
                found += _torch_violation(here, each, where)
            elif top == package.name and rest != ["__version__"]:
                target = rest[0] if rest and (rest[0] in rooms or rest[0] in ORDER) else "__init__"
                found += _order_violation(here, target, each, where)
    return found


def _torch_violation(here: str, each: Import, where: str) -> list[str]:
    if here in TORCH_ROOMS or (here in LAZY_TORCH_ROOMS and not each.eager):
        return []
    return [f"{where}: '{here}' imports torch"]


def _order_violation(here: str, target: str, each: Import, where: str) -> list[str]:
    if target not in ORDER:
        return [f"{where}: '{target}' has no place in the order of the rooms"]
    if here == "library" and target != "library":
        return [f"{where}: 'library' imports '{target}', but its text is copied out: it may import torch alone"]
    if ORDER.index(target) > ORDER.index(here):
        return [f"{where}: '{here}' imports '{target}', which comes later"]
    if target in TORCH_ROOMS and here not in TORCH_ROOMS and each.eager:
        return [f"{where}: '{here}' imports '{target}', hence torch, before it is needed"]
    return []


def test_imports_point_downward() -> None:
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        ("syntax/tree.py", "from formula2dgm.resolve import names\n", "'syntax' imports 'resolve', which comes later"),
        ("syntax/tree.py", "import formula2dgm.api\n", "'syntax' imports 'api', which comes later"),
        ("syntax/tree.py", "from ..resolve import names\n", "'syntax' imports 'resolve', which comes later"),
        ("syntax/tree.py", "from formula2dgm import compile\n", "'syntax' imports '__init__', which comes later"),
        (
            "ir/nodes.py",
            "def f():\n    from formula2dgm.passes import all\n",
            "'ir' imports 'passes', which comes later",
        ),
        ("codegen/names.py", "import torch\n", "'codegen' imports torch"),
        ("codegen/names.py", "def f():\n    import torch.nn\n", "'codegen' imports torch"),
        ("api.py", "from torch import nn\n", "'api' imports torch"),
        (
            "driver.py",
            "from formula2dgm.runtime import x\n",
            "'driver' imports 'runtime', hence torch, before it is needed",
        ),
        ("library/normal.py", "from formula2dgm.spans import Span\n", "it may import torch alone"),
        ("attic.py", "import os\n", "'attic' has no place in the order of the rooms"),
    ],
)
def test_the_checker_finds(tmp_path: Path, path: str, text: str, complaint: str) -> None:
    package = _package(tmp_path, {path: text})
    found = violations(package)
    assert len(found) == 1 and complaint in found[0], found


def test_the_checker_accepts_downward_and_lazy_imports(tmp_path: Path) -> None:
    package = _package(
        tmp_path,
        {
            "resolve/names.py": "from formula2dgm.syntax import tree\nfrom . import scopes\nimport os.path\n",
            "resolve/scopes.py": "",
            "library/normal.py": "import torch\nfrom formula2dgm.library import constants\n",
            "library/constants.py": "",
            "api.py": "def compile():\n    import torch\n    from formula2dgm.runtime import loader\n",
            "driver.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from formula2dgm.runtime import x\n",
        },
    )
    assert violations(package) == []


def _package(folder: Path, files: dict[str, str]) -> Path:
    package = folder / "formula2dgm"
    for name in ("syntax", "ir", "resolve", "passes", "codegen", "library", "runtime"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").write_text("")
    for name, text in files.items():
        (package / name).write_text(text)
    return package


def test_the_command_line_starts_without_torch() -> None:
    command = "import sys, formula2dgm, formula2dgm.cli; sys.exit('torch' in sys.modules or 'sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], cwd=PACKAGE.parent).returncode == 0


def test_every_package_is_shipped() -> None:
    """The list in pyproject.toml is explicit, because four folders ship under another name."""
    import tomllib

    listed = set(tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py")}
    assert listed == {".".join(folder.parts) for folder in folders} | {
        f"formula2dgm.{name}" for name in ("errors", "examples", "grammar", "templates")
    }


def test_every_room_of_the_resolver_is_on_the_map() -> None:
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    rooms = {path.parent.name for path in (PACKAGE / "resolve").glob("*/__init__.py")}
    assert {room for room in rooms if f"| `{room}/` |" not in page} == set()
