"""A network's results at another example are its results, read there: it runs once on the batch.

f(x[batch=j])        becomes        f(x)[batch=j]
"""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.program import Program
from formula2dgm.passes.rewrite import rewrite_program


def share_calls(program: Program) -> Program:
    """Call every network on the batch, where the formula applies it to other examples of the batch."""
    return rewrite_program(program, _shared)


def _shared(arena: Arena, node: ir.Node) -> ir.Node:
    match node:
        case ir.Head(call, family, name, output):
            read = {(arg.axis, arg.index) for arg in call.args if isinstance(arg, ir.At) and arg.axis.kind == "batch"}
            varying = [arg for arg in call.args if arg.axes]
            if len(read) != 1 or not all(isinstance(arg, ir.At) and arg.axis.kind == "batch" for arg in varying):
                return node
            args = tuple(arg.value if isinstance(arg, ir.At) and arg in varying else arg for arg in call.args)
            made = arena.make(ir.NetCall, call.network, args, call.frozen, call.copy, call.method)
            head = arena.make(ir.Head, arena.inherit(made, call), family, name, output)
            batch, index = read.pop()
            return arena.make(ir.At, arena.inherit(head, node), batch, index)
    return node
