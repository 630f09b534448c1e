"""A mean over entries beside a sum over entries: ``\\frac1D \\sum_{i=1}^D \\log p(x_i|z) - KL[q(z|x) || p(z)]``.

The divergence then weighs D times as much as in the bound, and nothing in the formula says that this is meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.lint.terms import divisors, parts
from formula2dgm.syntax import tree

#: The smallest number of a space that is read as a number of entries where it divides a term: 1/2 and 1/4 are weights.
_MANY = 5


def _find(text: Text) -> Iterator[Finding]:
    for objective in text.program.objectives:
        counts = _entry_counts(text, objective)
        summed = [each for each in objective.terms if _sums_entries(each)]
        averaged = [(each, min(common)) for each in summed if (common := divisors(each) & counts)]
        whole = [each for each in summed if not divisors(each) & counts]
        if not averaged or not whole:
            continue
        term, count = averaged[0]
        yield Finding(
            f"{term.name} is divided by {count}, the number of entries, and {whole[0].name}, a sum over entries too, "
            f"is not: it weighs {count} times as much",
            term.span,
            f"leave \\frac{{1}}{{{count}}} out, or divide every term by it; name a weight that is meant",
        )


def _sums_entries(term: Term) -> bool:
    """Is it a log-density, a divergence or a norm, which is summed over entries?"""
    found = [each for _, each in parts(term.node)]
    return bool(found) and all(_is_sum(each) for each in found)


def _is_sum(node: ir.Node) -> bool:
    match node:
        case ir.LogProb(elementwise=False) | ir.Divergence(elementwise=False) | ir.Norm() | ir.Pow(ir.Norm()):
            return True
    return False


def _entry_counts(text: Text, objective: Objective) -> set[str]:
    """What counts entries: the bound of a sum that became no axis, and the size of a space."""
    nodes = list(walk(*(each.node for each in objective.terms)))
    axes = {each.axis.name for each in nodes if isinstance(each, ir.Reduce)}
    axes |= {axis.name for each in nodes for axis in each.axes}
    counts = {str(size) for size in _spaces(text)}
    for node in text.nodes():
        match node:
            case tree.Big(op="sum", binders=(tree.Binds(tree.Symbol() as index, tree.Number("1")),), upper=upper):
                if upper is not None and str(index) not in axes and _is_entry(node.body, index):
                    counts.add(str(upper))
    return counts - text.model.data_sizes


def _is_entry(body: tree.Node, index: tree.Symbol) -> bool:
    """Is something read at the index below it: ``x_i``? (``x^{(i)}`` counts examples.)"""
    return any(isinstance(each, tree.Symbol) and index in each.sub for each in body.walk())


def _spaces(text: Text) -> Iterator[tree.Node]:
    """The sizes that spaces are written with: D of ``x \\in \\mathbb{R}^D``, and whole numbers that are no weights."""
    for each in text.statements:
        match each.body:
            case tree.Chain((_, tree.Power(_, tree.Symbol() as size)), ("in",)):
                yield size
            case tree.Chain((_, tree.Power(_, tree.Number(digits) as size)), ("in",)) if digits.isdigit():
                if int(digits) >= _MANY:
                    yield size


RULE = Rule("F2D-0911", "warning", _find)
