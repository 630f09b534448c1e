"""What terms of a program are sums and means of, each part with its sign, and what they are divided by."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.constants import number_of
from formula2dgm.ir.program import Objective, Program, Term
from formula2dgm.ir.rewrite import walk


def sign_of(program: Program, term: Term) -> int:
    """The sign of a term's coefficient, hyperparameters being positive; 0 where it is not known."""
    number = number_of(term.coefficient, {each.name: 1.0 for each in program.hyperparameters})
    return 0 if number is None or number != number or number == 0 else (1 if number > 0 else -1)


def parts(node: ir.Node, sign: int = 1) -> Iterator[tuple[int, ir.Node]]:
    """The log-densities, divergences and others that a node is the mean or the sum of, each with its sign."""
    match node:
        case ir.Reduce("mean" | "sum", _, body):
            yield from parts(body, sign)
        case ir.Neg(body):
            yield from parts(body, -sign)
        case ir.Add(args):
            for each in args:
                yield from parts(each, sign)
        case _:
            yield sign, node


def signed_parts(program: Program, objective: Objective) -> Iterator[tuple[int, ir.Node, Term]]:
    """The parts of all terms of an objective, each with its sign in it and its term."""
    for term in objective.terms:
        own = sign_of(program, term)
        yield from ((sign, part, term) for sign, part in parts(term.node, own) if own)


def divisors(term: Term) -> set[str]:
    """The names and whole numbers that a coefficient is divided by: D of ``\\frac1D``."""
    found: set[str] = set()
    for each in walk(term.coefficient):
        match each:
            case ir.Div(_, ir.Hyper(name)):
                found.add(name)
            case ir.Div(_, ir.Const(value)):
                found.add(f"{value:g}")
            case ir.Const(value) if 0 < abs(value) < 1 and abs(1 / value - round(1 / value)) < 1e-6:
                found.add(f"{abs(round(1 / value))}")
    return found
