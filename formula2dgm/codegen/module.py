"""The whole module: frame, copied library functions, default networks, the objective."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import jinja2

from formula2dgm import __version__
from formula2dgm.codegen.bytecode import bytecode
from formula2dgm.codegen.checks import unchecked
from formula2dgm.codegen.compiled_with import as_text
from formula2dgm.codegen.constructor import write_constructor
from formula2dgm.codegen.copied import Definition, closure
from formula2dgm.codegen.methods import write_methods
from formula2dgm.codegen.names import argument, hyper_argument
from formula2dgm.codegen.python import WIDTH, Body, comment
from formula2dgm.codegen.queries import query_argument, write_queries
from formula2dgm.codegen.scaffold import class_of, write_builders, write_network
from formula2dgm.codegen.smoothness import smooth_networks
from formula2dgm.codegen.targets import copying
from formula2dgm.codegen.uses import Share, shares
from formula2dgm.collector import waiting
from formula2dgm.ir.joints import Joint
from formula2dgm.ir.program import Program
from formula2dgm.mistakes import owned
from formula2dgm.records import dataclass
from formula2dgm.resources import templates
from formula2dgm.spans import Span

_MARK = re.compile("\x00(\\d+)\x00")
#: Where the imports stand, before all that needs them is written.
_IMPORTS = "\x00imports\x00"


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated module.

    source     its text
    lines      for each line that computes a piece of the formula, the piece
    shares     network calls and draws, each with all that uses it
    arguments  the keyword of ``forward`` for each input and hyperparameter of the formula
    """

    source: str
    lines: dict[int, Span]
    shares: tuple[Share, ...]
    arguments: dict[str, str]


@owned()
@waiting()
def generate(program: Program, networks_source: str | None = None) -> Generated:
    """Write the module of a program; ``networks_source`` is the text of the user's own networks."""
    distribution = program.joint is not None
    arguments = {
        each.name: query_argument(each.name) if distribution else argument(each.name) for each in program.inputs
    }
    for hyper in program.hyperparameters:
        named = hyper_argument(hyper.name)
        arguments[hyper.name] = query_argument(named) if distribution else named
    used: dict[str, None] = {}
    flows = {each.scaffold.flow for each in program.networks if each.scaffold is not None}
    used |= {name: None for kind, name in (("couplings", "coupling_flow"), ("planar", "planar_step")) if kind in flows}
    if networks_source is None and any(each.scaffold is not None and each.scaffold.whole for each in program.networks):
        used["step_features"] = None
    used |= dict.fromkeys(copying(program))
    methods = (write_queries if distribution else write_methods)(program, arguments, used)
    spans: list[Span] = []
    constructor = write_constructor(program, arguments, unchecked(methods), used)
    parts = {
        "docstring": _docstring(program),
        "assumptions": _assumptions(program),
        "summary": _summary(program),
        "definitions": [each.source for each in closure(used)],
        "networks": [networks_source.strip()] if networks_source else _networks(program),
        "init": _marked(constructor, spans),
        "methods": [_marked(each, spans) for each in methods],
        "kind": class_of(program),
        "builders": None if networks_source else write_builders(program),
    }
    text = _template().render(parts, imports=_IMPORTS)
    text = text.replace(_IMPORTS, _imports(text, closure(used)), 1)
    source, lines = _unmark(text.strip("\n") + "\n", spans)
    bytecode(source)
    found = [share for each in program.objectives for share in shares(program, each.terms)]
    return Generated(source, lines, tuple(dict.fromkeys(found)), arguments)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.from_string((templates() / "module.py.j2").read_text(encoding="utf-8"))


# -- the line map --------------------------------------------------------------------------------------


def _marked(body: Body, spans: list[Span]) -> str:
    """The lines of a function, those that compute something carrying the number of its span."""
    lines = []
    for line, span in body.lines:
        if span is not None and line:
            line = f"\x00{len(spans)}\x00{line}"
            spans.append(span)
        lines.append(line)
    return "\n".join(lines)


def _unmark(text: str, spans: list[Span]) -> tuple[str, dict[int, Span]]:
    """The text without marks, and the span of each marked line."""
    lines: dict[int, Span] = {}
    for number, line in enumerate(text.split("\n"), 1):
        found = _MARK.match(line)
        if found:
            lines[number] = spans[int(found[1])]
    return _MARK.sub("", text), lines


# -- the frame -----------------------------------------------------------------------------------------


def _docstring(program: Program) -> str:
    """The formula in both spellings, and its direction."""
    directions = []
    for each in program.objectives:
        player = f" for {each.player}" if each.player else ""
        sense = "maximised: the loss is its negative" if each.maximize else "minimised"
        directions.append(f"The value{player} is {sense}.")
    ascii = "\n".join(wrapped(line) for line in program.ascii.strip().split("\n"))
    latex = "\n".join(wrapped(line, "    ") for line in program.latex.strip().split("\n"))
    text = f"{ascii}\n\nIn LaTeX:\n\n{latex}\n\n" + "".join(f"{each}\n" for each in directions)
    chosen = as_text(program.options)
    text += f"{chosen}\n" if chosen else ""
    text += "\n" if directions or chosen else ""
    text += f"Generated by formula2dgm {__version__}. Needs torch alone.\n"
    prefix = "r" if "\\" in text else ""
    return f'{prefix}"""{text.replace(chr(34) * 3, chr(39) * 3)}"""'


def wrapped(formula: str, margin: str = "") -> str:
    """A formula on lines that fit, broken before a plus or minus where there is one."""
    lines, rest = [], formula.strip()
    while len(margin) + len(rest) > WIDTH - 6:
        room = rest[: WIDTH - 6 - len(margin)]
        place = max(room.rfind(" + "), room.rfind(" - "))
        place = place if place > len(room) // 3 else room.rfind(" ")
        if place <= 0:
            break
        lines.append(margin + rest[:place])
        rest = rest[place + 1 :]
        margin = margin if lines[1:] else margin + "    "
    return "\n".join([*lines, margin + rest])


def _summary(program: Program) -> str:
    if program.joint is not None:
        return _distribution_summary(program.joint)
    terms = [term.name for each in program.objectives for term in each.terms]
    shown = ", ".join(dict.fromkeys(terms))
    text = f"The objective; its terms are {shown}." if len(terms) > 1 else f"The objective {shown}."
    text = text if len(text) <= 100 else "The objective."
    prefix = "r" if "\\" in text else ""
    return f'{prefix}"""{text}"""'


def _distribution_summary(joint: Joint) -> str:
    given = f" given {', '.join(joint.given)}" if joint.given else ""
    hidden = f"; {', '.join(sorted(joint.hidden))} integrated out" if joint.hidden else ""
    text = f"The distribution of {', '.join(joint.shown)}{given}{hidden}."
    return f'"""{text if len(text) <= 100 else "The distribution."}"""'


def _assumptions(program: Program) -> list[str]:
    if not program.assumptions:
        return []
    lines = ["# Assumed where the formula leaves a choice:"]
    for each in program.assumptions:
        first, *rest = comment(f"- {each.text}", 0)
        lines += [first, *(f"#   {line[2:]}" for line in rest)]
    return lines


def _networks(program: Program) -> list[str]:
    smooth = smooth_networks(program)
    return [
        write_network(each, each.scaffold, each.name in smooth)
        for each in program.networks
        if each.scaffold is not None and not each.scaffold.flow
    ]


def _imports(text: str, definitions: Iterable[Definition]) -> str:
    """The imports that the text uses, grouped and sorted as ruff sorts them."""
    lines = {line for each in definitions for line in each.imports}
    lines |= {"from torch import Tensor, nn"}
    if "(NamedTuple)" in text:
        lines.add("from typing import NamedTuple")
    if re.search(r"\btorch\.", text):
        lines.add("import torch")
    if re.search(r"\bmath\.", text):
        lines.add("import math")
    if "Mapping[" in text:
        lines.add("from collections.abc import Mapping")
    modules: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, names = line.removeprefix("from ").split(" import ")
            modules.setdefault(module, set()).update(names.split(", "))
    merged = [line for line in lines if line.startswith("import ")]
    merged += [f"from {module} import {', '.join(sorted(names, key=_import_key))}" for module, names in modules.items()]
    torch = sorted((line for line in merged if line.split()[1].split(".")[0] == "torch"), key=_line_key)
    standard = sorted((line for line in merged if line not in torch), key=_line_key)
    return "\n".join([*standard, "", *torch])


def _import_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as isort orders them."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)


def _line_key(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line.split()[1]
