r"""Planar steps of a flow, by their determinant: ``\sum_k \log|1 + u_k^\top h'(w_k^\top z_{k-1} + b_k) w_k|``.

By the matrix determinant lemma that is the Jacobian's of ``z_k = z_{k-1} + u_k h(w_k^\top z_{k-1} + b_k)``, which is
invertible where ``w_k^\top u_k`` is above -1 (Rezende and Mohamed 2015, appendix A.1). Each step is a function,
``planar_k``, that learns u, w and b and keeps to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from formula2dgm.completion.processes.default_statements import placed
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.numbered import index_of, stem_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.spans import Span
from formula2dgm.syntax import parse_one, tree

#: What the steps are called.
NAME = "planar"
_TRANSPOSED = ("T", "top")


@dataclass(frozen=True)
class _Step:
    """``1 + u^\\top h'(w^\\top z + b) w``: its names, with their indices."""

    u: tree.Symbol
    w: tree.Symbol
    b: tree.Symbol
    h: tree.Symbol
    before: tree.Symbol
    index: tree.Node

    @property
    def after(self) -> tree.Symbol:
        """``z_k`` of ``z_{k-1}``."""
        return replace(self.before, sub=(self.index,))

    def __str__(self) -> str:
        return f"{self.after} = {self.before} + {self.u} {self.h}({self.w}^T {self.before} + {self.b})"

    def is_body(self, node: tree.Node) -> bool:
        """Is this ``z + u h(w^\\top z + b)``, or with h as the hyperbolic tangent?"""
        match node:
            case tree.Add((start, tree.Mul((first, second)))) if start == self.before:
                direction, ridge = (first, second) if first == self.u else (second, first)
                return direction == self.u and self._is_ridge(ridge)
        return False

    def _is_ridge(self, node: tree.Node) -> bool:
        match node:
            case tree.Call(head, (argument,)) if head == self.h:
                return _argument(argument) == (self.w, self.before, self.b)
            case tree.Func("tanh", (argument,)) | tree.Prefix("tanh", argument):
                return _argument(argument) == (self.w, self.before, self.b)
        return False


def write_planar_layers(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], defaults: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such steps as functions, and what was decided; ``keys`` are what is bound."""
    sums = [each for root in statements for each in root.body.all(tree.Big)]
    found = [(each, step) for each in sums if (step := _step(each)) is not None]
    if len(found) != 1 or any(_draws(each, found[0][1].after) for each in statements):
        return list(statements), []
    big, step = found[0]
    said = [each for each in statements if _defines(each, step.after)]
    activation = [each for each in statements if stem_of(step.h) in _named(each)]
    bound = {stem_of(each) for key in keys for each in key.all(tree.Symbol)}
    known = bound | {name for each in statements if each not in said for name in _named(each)}
    _refuse(step, big, said, activation, known, defaults or any(each.letter == NAME for each in bound))

    def written(node: tree.Node) -> tree.Node:
        if node is big:
            return replace(big, body=_determinant(step, big.body.span))
        return map_children(node, written)

    span = big.span
    relation = replace(step.after, span=span), _call(step, span)
    law = tree.Statement(tree.Chain(relation, ("=",), span=span), span=span)
    rest = [each for each in statements if each not in said and each not in activation]
    notes = []
    if not said:
        notes.append(Note(f"{step}: its Jacobian has the determinant that is written", span))
    if not activation:
        notes.append(Note(f"{step.h} is tanh", span))
    notes.append(Note(f"{step.u}, {step.w} and {step.b} are learned, by {NAME}_{step.index}", span))
    return [*(each.with_body(written(each.body)) for each in rest), law], notes


def _refuse(
    step: _Step,
    big: tree.Big,
    said: Sequence[tree.Statement],
    activation: Sequence[tree.Statement],
    known: set[tree.Symbol],
    given: bool,
) -> None:
    """Errors where the text says something else of the step, or nothing gives it."""
    jacobian = rf"\frac{{\partial f_{step.index}}}{{\partial {step.before}}}"
    functions = rf"write {step.after} = f_{step.index}({step.before}) and \log|\det {jacobian}|"
    bind = f"{{{NAME!r}: [f2d.flows.Planar(2), f2d.flows.Planar(2)]}}"
    body = said[0].body if said else None
    if len(said) > 1 or (isinstance(body, tree.Chain) and not step.is_body(body.members[-1])):
        message = f"the determinant that is written is not that of {step.after} as it is said: it belongs to {step}"
        raise FormulaError(Diagnostic("F2D-0566", "error", message, said[-1].span, functions))
    if stem_of(step.h) in known and (len(activation) != 1 or not _is_tanh(activation[0].body)):
        message = f"of the planar steps {step} only those with tanh are known"
        raise FormulaError(Diagnostic("F2D-0566", "error", message, big.span, functions))
    own = [each for each in (step.u, step.w, step.b) if stem_of(each) in known]
    if own:
        message = f"{own[0]} of {step} is given, but these steps are one function each, which learns u, w and b"
        hint = f"bind the functions, {bind}, or write each step out: z_1 = z_0 + u_1 tanh(w_1^T z_0 + b_1)"
        raise FormulaError(Diagnostic("F2D-0566", "error", message, big.span, hint))
    if not given:
        message = f"{step} is a planar step, and nothing is bound to it"
        raise FormulaError(Diagnostic("F2D-0566", "error", message, big.span, f"bind the steps: {bind}"))


def _step(big: tree.Big) -> _Step | None:
    """The step of ``\\sum_{k=1}^K \\log|1 + ...|``."""
    body = big.body.body if isinstance(big.body, tree.Labelled) else big.body
    match body:
        case tree.Prefix("log", inside) | tree.Func("log", (inside,)) if big.op == "sum":
            inside = inside.body if isinstance(inside, tree.Abs) else inside
        case _:
            return None
    match inside:
        case tree.Add((tree.Number("1"), tree.Mul(factors))) if len(factors) == 3:
            rows = [each.base for each in factors if _is_transposed(each)]  # type: ignore[attr-defined]
            slopes = [each for each in factors if isinstance(each, tree.Call) and not _is_transposed(each)]
            columns = [each for each in factors if isinstance(each, tree.Symbol)]
        case _:
            return None
    if not (len(rows) == len(slopes) == len(columns) == 1):
        return None
    head, argument = slopes[0].head, _argument(slopes[0].args[0])
    if argument is None or not isinstance(head, tree.Symbol) or head.accents != ("prime",):
        return None
    w, before, b = argument
    index = next((each.name for each in big.binders if isinstance(each, tree.Binds)), None)
    # u^T h' w and w^T h' u are one number
    u = rows[0] if columns[0] == w else columns[0]
    if {rows[0], columns[0]} != {u, w} or u == w or not isinstance(u, tree.Symbol) or index is None:
        return None
    if str(index_of(before)) != f"{index} - 1":
        return None
    return _Step(u, w, b, replace(head, accents=()), before, index)


def _argument(node: tree.Node) -> tuple[tree.Symbol, tree.Symbol, tree.Symbol] | None:
    """w, z and b of ``w^\\top z + b``."""
    match node:
        case tree.Add((tree.Mul((row, tree.Symbol() as before)), tree.Symbol() as b)) if _is_transposed(row):
            base = row.base if isinstance(row, tree.Power) else None
            return (base, before, b) if isinstance(base, tree.Symbol) else None
    return None


def _is_transposed(node: tree.Node) -> bool:
    return isinstance(node, tree.Power) and str(node.exponent) in _TRANSPOSED


def _defines(statement: tree.Statement, name: tree.Symbol) -> bool:
    body = statement.body
    return isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=") and body.members[0] == name


def _named(statement: tree.Statement) -> list[tree.Symbol]:
    """What a statement says something of."""
    left = statement.body.members[0] if isinstance(statement.body, tree.Chain) else None
    head = left.head if isinstance(left, tree.Call) else left
    return [stem_of(head)] if isinstance(head, tree.Symbol) else []


def _draws(statement: tree.Statement, name: tree.Symbol) -> bool:
    """Is the name drawn, or data by its space?"""
    body = statement.body
    if isinstance(body, tree.Chain) and body.relations[0] in ("~", "in") and body.members[0] == name:
        return True
    return any(isinstance(each, tree.Draws) and name in each.names for each in body.walk())


def _is_tanh(body: tree.Node) -> bool:
    """``h(a) = \\tanh(a)``, ``h = \\tanh``."""
    right = body.members[-1] if isinstance(body, tree.Chain) else body
    return isinstance(right, tree.Func | tree.Prefix) and right.name == "tanh"


def _call(step: _Step, span: Span) -> tree.Node:
    head = tree.Symbol(NAME, sub=(step.index,), span=span)
    return tree.Call(head, (replace(step.before, span=span),), span=span)


def _determinant(step: _Step, span: Span) -> tree.Node:
    name = f"\\mathrm{{{NAME}}}_{{{step.index}}}"
    made = parse_one(rf"\log \left| \det \frac{{\partial {name}}}{{\partial {step.before.latex()}}} \right|")
    return placed(made, span)
