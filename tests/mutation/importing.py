"""What each child need not import anew: the modules of the package that a mutant cannot change.

A module depends on another if a statement anywhere in it, or in one that it imports, imports that.  What depends on no
module of the rooms in :data:`CHANGED` is imported once, before a child begins, and no code of these rooms has run then.
"""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

PACKAGE = "formula2dgm"
#: The rooms whose modules are always imported anew. All of the package is, for a mutant of another room.
CHANGED = ("passes", "library", "codegen")


def prepare(root: Path) -> None:
    """Import what does not depend on the rooms, of the package under ``root``."""
    sys.path.insert(0, str(root))
    for name in sorted(unchanged(root)):
        importlib.import_module(name)
    sys.path.remove(str(root))
    assert not any(_room(name) in CHANGED for name in sys.modules if name.startswith(f"{PACKAGE}."))


def forget(changed: str) -> None:
    """Make this process one that imports the tests, and all that the change of a file may change; all, for no file."""
    kept = (PACKAGE,) if changed and Path(changed).parts[1] in CHANGED else ()
    for name in [name for name in sys.modules if name.partition(".")[0] in {"tests", PACKAGE} - {*kept}]:
        del sys.modules[name]


def unchanged(root: Path) -> set[str]:
    """The modules that do not depend on the rooms."""
    imported = {_name(path, root): _imports(path) for path in (root / PACKAGE).rglob("*.py")}
    imported = {name: others | _with_packages(name) for name, others in imported.items()}
    changed = {name for name in imported if _room(name) in CHANGED}
    while True:
        more = {name for name, others in imported.items() if name not in changed and others & changed}
        if not more:
            return set(imported) - changed - {name for name in imported if name.endswith("__main__")}
        changed |= more


def _room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> set[str]:
    """What the statements of a file import, the package that it is in aside: that is a package of lazy names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        else:
            continue
        for name in names:
            found |= _with_packages(name)
    return found


def _with_packages(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[: end + 1]) for end in range(1, len(parts))}
