"""Slips that parse and mean nothing: what an author left out, found by what cannot stand where it stands.

Each is a located error with the likely correction, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import DENSITY_LETTERS, GREEK


def slips(statement: tree.Statement) -> list[Diagnostic]:
    """What is wrong with a statement that the grammar accepts.

    >>> from formula2dgm.syntax import parse
    >>> [each.message for each in parse(r"\\mathbb{E}_{\\hat{x} \\hat{p}}[f(\\hat{x})]")[1]]
    ["a '~' is missing between x_hat and p_hat"]
    """
    found: list[Diagnostic] = []
    for node in statement.walk():
        match node:
            case tree.Expect():
                found += _undrawn(node)
            case tree.Mul():
                found += [*_draws_elsewhere(node), *_gradients_of_nothing(node.factors), *_sets_as_factors(node)]
                found += _relations_in(node.factors)
            case tree.Chain():
                found += [*_lost_marks(node), *_relations_in(node.members)]
            case tree.Call():
                found += _missing_commas(node)
            case tree.Prefix(name="log", operand=tree.Number(text="1")):
                hint = "put the argument in brackets: log(1 - D(x))"
                found.append(Diagnostic("F2D-0129", "error", "log 1 is 0: its brackets are missing", node.span, hint))
            case tree.Norm() | tree.Abs():
                found += _gradients_of_nothing((node.body,))
            case tree.Big(binders=(tree.Binds(value=tree.Number(first)),), upper=tree.Number(last)):
                found += _empty_range(node, first, last)
    return found


def _empty_range(node: tree.Big, first: str, last: str) -> Iterator[Diagnostic]:
    """``\\sum_{i=1}^0``: there is no term."""
    if float(last) < float(first):
        message = f"the {'product' if node.op == 'prod' else node.op} runs from {first} to {last}: over nothing"
        yield Diagnostic("F2D-0667", "error", message, node.span, f"write its last index: {int(float(first)) + 9}")


def _undrawn(node: tree.Expect) -> Iterator[Diagnostic]:
    """``E_{x p}``: a variable and its distribution with nothing between them."""
    for item in node.binders:
        if not isinstance(item, tree.Mul) or any(item.ops) or len(item.factors) != 2:
            continue
        name, density = item.factors
        head = density.head if isinstance(density, tree.Call) else density
        if isinstance(name, tree.Symbol) and isinstance(head, tree.Symbol) and head.letter in DENSITY_LETTERS:
            hint = f"write {tree.Draws((name,), density, span=item.span)} under the expectation"
            yield Diagnostic("F2D-0124", "error", f"a '~' is missing between {name} and {density}", item.span, hint)


def _draws_elsewhere(node: tree.Mul) -> Iterator[Diagnostic]:
    """``\\mathbb{P}_{z \\sim p} f(z)``: something is drawn under a letter that is no expectation."""
    for factor, op in zip(node.factors, node.ops, strict=False):
        if isinstance(factor, tree.Symbol) and op == "" and any(isinstance(each, tree.Draws) for each in factor.sub):
            bare = tree.Symbol(factor.letter, factor.accents, style=factor.style, span=factor.span)
            hint = "if the expectation is meant, write \\mathbb{E}"
            message = f"{bare} is no expectation, and draws stand under it"
            yield Diagnostic("F2D-0125", "error", message, factor.span, hint)


def _gradients_of_nothing(nodes: tuple[tree.Node, ...]) -> Iterator[Diagnostic]:
    for node in nodes:
        if isinstance(node, tree.Symbol) and node.letter in ("nabla", "grad") and node.sub:
            gradient = tree.Prefix("grad", _blank_call(node.sub[0]), (node.sub[0],), span=node.span)
            hint = f"name what is differentiated: {gradient}"
            yield Diagnostic("F2D-0107", "error", "this gradient is taken of nothing", node.span, hint)


def _sets_as_factors(node: tree.Mul) -> Iterator[Diagnostic]:
    """``x \\; \\epsilon \\; \\mathbb{R}^2``: a set of numbers is no factor."""
    for op, factor in zip(node.ops, node.factors[1:], strict=True):
        base = factor.base if isinstance(factor, tree.Power) else factor
        if op == "" and isinstance(base, tree.Symbol) and base.style == "bb" and base.letter in ("R", "N", "Z"):
            message = f"{factor} is a set of numbers and no factor"
            hint = f"was the relation \\in meant? write x in {factor}"
            yield Diagnostic("F2D-0120", "error", message, factor.span, hint)


def _relations_in(nodes: tuple[tree.Node, ...]) -> Iterator[Diagnostic]:
    """``{x \\sim p}[f(x)]``: a relation in brackets is no value, so a letter is missing in front of it."""
    for node in nodes:
        if isinstance(node, tree.Chain):
            draws = "~" in node.relations
            hint = f"if the expectation is meant, write E_{{{node}}}[…]" if draws else f"write \\mathbb{{1}}[{node}]"
            yield Diagnostic("F2D-0120", "error", f"the relation {node} is no factor and no value", node.span, hint)


def _lost_marks(node: tree.Chain) -> Iterator[Diagnostic]:
    """``\\mathcal{L}{\\text{FM}}(\\theta) = …``: nobody defines a product, so the word is the letter's subscript."""
    left = node.members[0]
    if node.relations[0] not in ("=", ":=") or not isinstance(left, tree.Mul) or left.ops != ("",):
        return
    name, label = left.factors
    word = label.head if isinstance(label, tree.Call) else label
    if not isinstance(name, tree.Symbol) or not isinstance(word, tree.Symbol) or name.sub or word.letter in GREEK:
        return
    if (name.style == "cal" or name.letter in ("L", "J")) and len(word.letter) > 1:
        hint = f"write {name}_{{\\text{{{word.letter}}}}}"
        yield Diagnostic("F2D-0124", "error", f"a '_' is missing between {name} and {word}", left.span, hint)


def _blank_call(variable: tree.Node) -> tree.Call:
    return tree.Call(tree.Symbol("D", span=variable.span), (variable,), span=variable.span)


def _missing_commas(node: tree.Call) -> Iterator[Diagnostic]:
    """``p(x_j | x_{<j} \\theta)``: a history is no factor, so a comma is missing beside it."""
    for item in (*node.args, *(node.given or ()), *(node.params or ())):
        if not isinstance(item, tree.Mul) or any(item.ops):
            continue
        for left, right in pairwise(item.factors):
            if _is_history(left) or _is_history(right):
                hint = f"write {left}, {right}"
                message = f"a comma is missing between {left} and {right}"
                yield Diagnostic("F2D-0126", "error", message, left.span | right.span, hint)


def _is_history(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and any(isinstance(each, tree.Range | tree.OpenRange) for each in node.sub)
