"""What the variable of a part of a term is called: as the formula writes it where that is short, else what it does."""

from __future__ import annotations

import re

from formula2dgm.codegen.names import LONGEST, identifier
from formula2dgm.codegen.notation import definition_name, notation
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program

#: Longer pieces of mathematics, their signs left out, say less than what the part does.
_SHORT = 24


def term_names(name: str, number: int) -> tuple[str, str]:
    """What the variable of a term is called, and what else where that is too long: sums make no words."""
    numbered = f"term_{number}"
    return (numbered if re.search(r"(sum|prod)_", name) else name), numbered


def part_name(program: Program, node: ir.Node, stem: str) -> str:
    """The name of a part: ``f_x_i``, ``log_p_x_given_z``, ``term_1_logsumexp_over_j``."""
    if (own := definition_name(program, node)) is not None:
        return own
    if (own := definition_name(program, program.arena.make(ir.Apply, "exp", (node,)))) is not None:
        return f"log {own}"
    written = identifier(notation(program, node))
    if len(written) <= (LONGEST if isinstance(node, ir.LogProb | ir.Divergence | ir.Entropy) else _SHORT):
        return written
    role = _role(node)
    return f"{stem}_{role}" if len(stem) + len(role) < LONGEST else role


def _role(node: ir.Node) -> str:
    """What a node does to what it is made of, in a word or two."""
    match node:
        case ir.Reduce(op, axis):
            return f"{op}_over_{identifier(axis.name)}"
        case ir.Apply(function) | ir.EventFunction(function):
            return function
        case ir.Add(args):
            return "difference" if len(args) == 2 and isinstance(args[1], ir.Neg) else "sum"
        case ir.Mul():
            return "product"
        case ir.Div():
            return "ratio"
        case ir.Dot():
            return "inner_product"
        case ir.Norm() | ir.Pow(ir.Norm()):
            return "norm"
        case ir.Pow():
            return "power"
        case ir.Grad():
            return "gradient"
        case ir.JacobianTrace():
            return "trace"
        case ir.Jvp():
            return "derivative"
    return "part"
