r"""Schedules are tables of the module: what depends on the step alone is computed when it is built.

at_step(cumprod(1 - beta), t)        becomes        at_step(alpha_bar, t), alpha_bar a buffer
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.program import Program, Table
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.ir.text import to_text
from formula2dgm.passes.rewrite import rewrite_program
from formula2dgm.reading.names import identifier
from formula2dgm.syntax import tree

_SCANS = ir.Running | ir.LinearRecurrence
_MADE_OF = (
    ir.Const
    | ir.Hyper
    | ir.Index
    | ir.Add
    | ir.Mul
    | ir.Div
    | ir.Pow
    | ir.Neg
    | ir.Apply
    | ir.Shifted
    | ir.AtStep
    | _SCANS
)
#: Longer pieces of mathematics make no names.
_SHORT = 48


def fold_schedules(program: Program) -> Program:
    """Make tables of the largest pieces that run through the steps and read only numbers and constant tensors."""
    constant: dict[ir.Node, bool] = {}
    scans: dict[ir.Node, bool] = {}
    nodes = list(walk(*program.roots))
    for node in nodes:
        constant[node] = _is_constant(node) and all(constant[each] for each in node.children)
        scans[node] = isinstance(node, _SCANS) or any(scans[each] for each in node.children)
    users: dict[ir.Node, list[ir.Node]] = {}
    for node in nodes:
        for child in node.children:
            users.setdefault(child, []).append(node)
    largest = [
        node
        for node in nodes
        if constant[node] and scans[node] and not all(constant[user] for user in users.get(node, [node]))
    ]
    axes = {axis for node in largest for axis in node.axes}
    if not largest or len(axes) > 1 or any(axes & set(each.axes) for each in program.inputs):
        return program  # how many steps there are is the data's to say
    tables: list[Table] = []
    made: dict[ir.Node, ir.Node] = {}

    def fold(arena: Arena, node: ir.Node) -> ir.Node:
        return made.get(node, node)

    for table in _tables(program, largest):  # a table may be made of those before it
        node = rewrite(program.arena, table.node, lambda each: made.get(each, each))
        made[node] = program.arena.make(ir.Param, table.name, False, False, table.node.axes, True)
        tables.append(replace(table, node=node))

    read = {name for each in tables for node in walk(each.node) for name in _hyperparameters(node)}
    hypers = tuple(replace(each, fixed=True) if each.name in read else each for each in program.hyperparameters)
    return replace(rewrite_program(program, fold), tables=tuple(tables), hyperparameters=hypers)


def _is_constant(node: ir.Node) -> bool:
    match node:
        case ir.Param():
            return not node.learned and all(axis.kind == "time" for axis in node.own)
        case ir.Running(body=body, time=time):
            return time in body.axes
    return isinstance(node, _MADE_OF) and all(axis.kind == "time" for axis in node.axes)


def _hyperparameters(node: ir.Node) -> list[str]:
    own = [node.name] if isinstance(node, ir.Hyper) else []
    return own + [axis.size for axis in node.axes if isinstance(axis.size, str)]


def _tables(program: Program, nodes: list[ir.Node]) -> list[Table]:
    taken = {each.name for each in program.networks} | {each.name for each in program.parameters}
    taken |= {each.name for each in program.hyperparameters} | {each.name for each in program.inputs}
    tables: list[Table] = []
    for node in nodes:
        readers = (each for each in walk(*program.roots) if isinstance(each, ir.Picked) and each.body is node)
        origins = [origin for each in (node, *readers) for origin in program.arena.origins(each)]
        title = program.arena.title(node)
        said = next((each for each in origins if isinstance(each, tree.Symbol) and title is None), None)
        stem = _stem(program, node, said)
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name)
        label = str(said) if said is not None else title or to_text(node)
        density = next((each for each in origins if isinstance(each, tree.Call)), None)
        label = f"{density}: {label}" if title is not None and density is not None else label
        tables.append(Table(name, node, label, origins[0].span if origins else None))
    return tables


def _stem(program: Program, node: ir.Node, said: tree.Symbol | None) -> str:
    """``alpha_bar`` of ``\\bar\\alpha_t``; what the mathematics says, where that is short."""
    if said is not None:
        moved = any(isinstance(item, tree.Add) for item in said.sub)
        return "_".join([said.letter, *said.accents]) + "_before" * moved
    text = program.arena.title(node) or to_text(node)
    name = identifier(text.replace("-", " minus "))
    return name if len(name) <= _SHORT and name.isidentifier() else "table"
