"""The library's functions as text: generated modules carry the source of what they use.

The families that other packages add are no different. The files are read, never imported, so that generating code
needs no torch.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache

from formula2dgm.records import dataclass
from formula2dgm.registry.plugins import sources
from formula2dgm.registry.signatures import LIBRARY


@dataclass(frozen=True, slots=True)
class Definition:
    """A top-level function, class or constant of the library."""

    name: str
    source: str
    constant: bool
    uses: tuple[str, ...]
    imports: frozenset[str]


@cache
def definitions() -> dict[str, Definition]:
    """Everything the library and the plug-ins define, by name."""
    found: dict[str, Definition] = {}
    for path in (*sorted(LIBRARY.glob("*.py")), *sources()):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        imports = _imports(tree)
        for node in tree.body:
            for name in _defined(node):
                found[name] = _definition(name, node, text, imports)
    return found


def closure(names: Iterable[str]) -> list[Definition]:
    """The named definitions in the order given, then all that they use."""
    known, wanted = definitions(), list(names)
    needed: dict[str, Definition] = {}
    for name in wanted:  # grows while it is read
        if name in known and name not in needed:
            needed[name] = known[name]
            wanted.extend(known[name].uses)
    constants = [each for each in needed.values() if each.constant]
    return constants + [each for each in needed.values() if not each.constant]


def _imports(tree: ast.Module) -> dict[str, str]:
    """The import statement behind each name the file imports from outside the library."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                line = f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
                found[(alias.asname or alias.name).split(".")[0]] = line
        elif isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith("formula2dgm"):
            for alias in node.names:
                line = f"from {node.module} import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
                found[alias.asname or alias.name] = line
    return found


def _defined(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name] if name != "__all__" else []
    return []


def _definition(name: str, node: ast.stmt, text: str, imports: dict[str, str]) -> Definition:
    lines = text.splitlines()
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
    source = "\n".join(_without_examples(lines[first - 1 : node.end_lineno], node, first))
    names = dict.fromkeys(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
    local = _local_names(node)
    used_imports = frozenset(line for each, line in imports.items() if each in names and "annotations" not in line)
    constant = isinstance(node, ast.Assign | ast.AnnAssign)
    uses = tuple(each for each in names if each != name and each not in local)
    return Definition(name, source, constant, uses, used_imports)


def _local_names(node: ast.stmt) -> set[str]:
    """The arguments and variables of a function, which hide whatever the library calls so."""
    arguments = {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    stored = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    return (arguments | stored) if isinstance(node, ast.FunctionDef) else set()


def _without_examples(lines: list[str], node: ast.stmt, first: int) -> list[str]:
    """The definition without the doctest of its docstring, which imports the library."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or not ast.get_docstring(node):
        return lines
    start, end = node.body[0].lineno - first, (node.body[0].end_lineno or 0) - first
    docstring = lines[start : end + 1]
    example = next((i for i, line in enumerate(docstring) if line.lstrip().startswith(">>>")), None)
    if example is None:
        return lines
    kept = docstring[:example]
    while kept and not kept[-1].strip():
        kept.pop()
    margin = " " * (len(docstring[0]) - len(docstring[0].lstrip()))
    closed = [*kept[:-1], kept[-1] + '"""'] if len(kept) == 1 else [*kept, margin + '"""']
    return [*lines[:start], *closed, *lines[end + 1 :]]
