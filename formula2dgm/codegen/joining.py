"""Two Python files put together: one docstring, one block of imports, the two bodies."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator


class Parts:
    """A file's docstring, imports and body: everything that follows them."""

    def __init__(self, text: str):
        tree = ast.parse(text)
        self.docstring = _docstring(text, tree)
        head = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        self.imports = set(_aliases(head))
        last = max((node.end_lineno or 0 for node in head), default=0)
        self.body = "\n".join(text.split("\n")[last:]).strip("\n")


def _docstring(text: str, tree: ast.Module) -> str:
    """The docstring as it is written, between its quotes."""
    first = tree.body[0]
    written = ast.get_source_segment(text, first) or ""
    return written.removeprefix("r").strip('"').strip("\n")


def _aliases(nodes: Iterable[ast.Import | ast.ImportFrom]) -> Iterator[tuple[str, str]]:
    """``(module, name)`` of each imported name; ``(module, "")`` for the module itself."""
    for node in nodes:
        for alias in node.names:
            renamed = f" as {alias.asname}" if alias.asname else ""
            if isinstance(node, ast.Import):
                yield alias.name + renamed, ""
            else:
                yield node.module or "", alias.name + renamed


def needed(pairs: set[tuple[str, str]], *bodies: str) -> set[tuple[str, str]]:
    """Those of the imported names that the texts use."""
    nodes = [node for body in bodies for node in ast.walk(ast.parse(body))]
    used = {node.id for node in nodes if isinstance(node, ast.Name)} | {"annotations"}
    return {(module, name) for module, name in pairs if _bound(module, name) in used}


def _bound(module: str, name: str) -> str:
    """What an import is called in the file: ``dist`` of ``import torch.distributed as dist``."""
    return (name or module).split(" as ")[-1].split(".")[0]


def imports(pairs: set[tuple[str, str]]) -> str:
    """Import statements in the usual order: the future, the standard library, packages."""
    sections: dict[int, dict[str, list[str]]] = {}
    for module, name in sorted(pairs):
        top = module.split(".")[0].split(" ")[0]
        section = 0 if top == "__future__" else 1 if top in sys.stdlib_module_names else 2
        sections.setdefault(section, {}).setdefault(module, []).append(name)
    return "\n".join("\n".join(_section(sections[key])) + "\n" for key in sorted(sections))


def _section(modules: dict[str, list[str]]) -> Iterator[str]:
    yield from (f"import {module}" for module in sorted(modules) if "" in modules[module])
    for module in sorted(modules):
        names = sorted((name for name in modules[module] if name), key=_import_order)
        if names:
            yield f"from {module} import {', '.join(names)}"


def _import_order(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions."""
    bare = name.split(" ")[0]
    return (0 if bare.isupper() and len(bare) > 1 else 1 if bare[:1].isupper() else 2, name)
