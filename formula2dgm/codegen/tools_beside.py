"""A script in two files: what is of the formula and its data, and the tools, which are the same for every formula."""

from __future__ import annotations

import ast
from functools import cache

import jinja2

from formula2dgm import resources
from formula2dgm.codegen.joining import Parts, imports, needed
from formula2dgm.codegen.python import WIDTH

MODULE = "training_tools"
HEADING = "# %% Tools, the same in every script"
_START = 'if __name__ == "__main__":'
_DOCSTRING = '''"""What the training scripts of formula2dgm share: flags, processes, checkpoints, files, pictures, data.

The text is the same for every formula; nothing here computes any of it. Needs torch alone.
"""
'''


def without_tools(text: str) -> tuple[str, str]:
    """The part of a script before its tools with its last lines, and the names that it uses of the tools, imported."""
    own, _, rest = text.partition(HEADING)
    tools, _, start = rest.partition(_START)
    body = f"{own.rstrip()}\n\n\n{_START}{start}"
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    names = sorted(used & _defined(tools), key=_import_order)
    line = f"from {MODULE} import {', '.join(names)}"
    if len(line) > WIDTH:
        line = f"from {MODULE} import (\n" + "".join(f"    {each},\n" for each in names) + ")"
    return body, line


def tools() -> str:
    """The text of the file of tools, which is the same for every formula."""
    whole = Parts(template("tools_beside").render(data=True, pictures=True))
    body = whole.body.partition(HEADING)[2].partition(_START)[0].strip("\n")
    return f"{_DOCSTRING}\n{imports(needed(whole.imports, body))}\n{body}\n"


def template(name: str) -> jinja2.Template:
    """A template of scripts."""
    return _environment().get_template(f"{name}.py.j2")


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.templates()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _defined(text: str) -> set[str]:
    """The names that a text gives at its top."""
    found: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return found


def _import_order(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)
