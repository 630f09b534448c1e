"""Schedules, in the constructor: numbers at each step, computed once in float64 and kept as buffers.

\\bar\\alpha_t = \\prod_{s=1}^t (1 - \\beta_s)        becomes

alpha_bar = torch.cumprod(1 - beta.double(), 0)
self.register_buffer("alpha_bar", alpha_bar.to(floating_dtype(beta)))
"""

from __future__ import annotations

from collections import Counter

from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.python import ATOM, Body, Code, assignment, call, statement
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk


def write_tables(program: Program, arguments: dict[str, str], body: Body, used: dict[str, None]) -> None:
    """The statements behind those that keep the constructor's arguments."""
    if not program.tables:
        return
    margin = body.indent + 4
    taken = {
        *arguments.values(),
        *(each.name for each in program.parameters),
        *(each.name for each in program.networks),
    }
    scope = Scope(program, Names(taken), arguments, library=used)
    nodes = list(walk(*(each.node for each in program.tables)))
    own = {each.name for each in program.tables}
    tensors = [node for node in nodes if isinstance(node, ir.Param) and node.name not in own]
    scope.bound |= {each: Code(f"{each.name}.double()", ATOM) for each in tensors}
    dtype = f"{scope.use('floating_dtype')}({tensors[0].name})" if tensors else "torch.get_default_dtype()"
    for step in (each for each in nodes if isinstance(each, ir.Index)):
        index = scope.names.fresh(step.axis.name)
        size, first = scope.size(step.axis), step.lower
        last = size if first == 0 else f"{first} + {size}"
        body.write(f"    {index} = torch.arange({first}, {last}, dtype=torch.float64)")
        scope.bound[step] = Code(index)
    counts = Counter(child for node in nodes for child in node.children)
    for table in program.tables:
        body.write(f"    # {table.label}{', at every step' if table.node.axes else ''}", table.span)
        for node in walk(table.node):
            if isinstance(node, ir.Running | ir.LinearRecurrence) and counts[node] > 1 and node not in scope.bound:
                name = scope.names.fresh(scope.program.arena.title(node) or "steps")
                _assign(body, margin, name, expression(scope, node))
                scope.bound[node] = Code(name)
        value = scope.bound.get(table.node) or expression(scope, table.node)
        name = scope.names.fresh(table.name)
        _assign(body, margin, name, value)
        line = call("self.register_buffer", f'"{table.name}"', f"{name}.to({dtype})")
        body.add(statement(line, margin) or [" " * margin + line.text], table.span)
        scope.bound |= {node: Code(name) for node in nodes if isinstance(node, ir.Param) and node.name == table.name}


def _assign(body: Body, margin: int, name: str, value: Code) -> None:
    body.add(assignment(name, value, margin) or [f"{' ' * margin}{name} = {value.text}"])
