r"""Densities whose logarithm a bound is made of, printed without it: ``E_q[p(x|z)] - KL[q(z|x) \| p(z)]``.

What bounds ``\log p(x)``, and what stands beside a Kullback-Leibler divergence, are logarithms of densities: the value
of a density, or of a ratio of densities, as a term of its own is hardly meant there. Under a name, ``w``, it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import DENSITY_LETTERS


def refuse_missing_logarithms(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements, none of which is such a bound."""
    for statement in statements:
        body = statement.body
        while isinstance(body, tree.Optimise | tree.Labelled):
            body = body.body
        members = body.members if isinstance(body, tree.Chain) else (body,)
        relations = body.relations if isinstance(body, tree.Chain) else ()
        terms = list(_terms(members[-1]))
        bounds = _is_evidence(members[0]) and any(each in (">=", ">") for each in relations)
        beside = any(isinstance(each, tree.Divergence) and each.name == "KL" for each in terms)
        bare = next((each for each in terms if _is_value(each)), None)
        if bare is not None and (bounds or beside):
            place = "in a bound of log-densities" if bounds else "beside a divergence"
            raise FormulaError(
                Diagnostic(
                    "F2D-0587",
                    "error",
                    f"{bare} is a term by itself {place}: is a logarithm missing?",
                    bare.span,
                    "write \\log in front of it; or, if its value is meant, give it a name: w = ...",
                )
            )
    return list(statements)


def _is_evidence(node: tree.Node) -> bool:
    """``\\log p(x)``."""
    match node:
        case tree.Prefix("log", inside, _) | tree.Func("log", (inside,)):
            return is_density_call(inside)
    return False


def _terms(node: tree.Node) -> Iterator[tree.Node]:
    """What an expression adds up, under its means and without numbers."""
    match node:
        case tree.Add(parts):
            for each in parts:
                yield from _terms(each)
        case tree.Neg(body) | tree.Labelled(body, _) | tree.Expect(_, body) | tree.Big(op="sum", body=body):
            yield from _terms(body)
        case tree.Mul((*weights, body)) if weights and not any(map(_is_value, weights)):
            yield from _terms(body)
        case _:
            yield node


def _is_value(node: tree.Node) -> bool:
    """The value of a conditional density, or of one of p, or of what is made of such alone."""
    match node:
        case tree.Call(head=tree.Symbol() as head):
            written = head.letter in DENSITY_LETTERS and is_density_call(node)
            return written and (node.given is not None or head.letter in ("p", "P"))
        case tree.Mul(factors):
            return all(map(_is_value, factors))
        case tree.Div(top, bottom):
            return _is_value(top) and _is_value(bottom)
    return False
