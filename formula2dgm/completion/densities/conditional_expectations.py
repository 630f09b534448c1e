r"""Expectations under a law that only the model says: ``E[\log p_\theta(z, Y) | Y]``, over z given Y.

The latents that densities in the bracket are over, that it is not given, and that nothing draws, follow the posterior.
Whether a gradient passes through it is not written: in the steps of EM it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def refuse_unsaid_posteriors(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements, of which none has such an expectation."""
    said = {name for each in statements for name in _said(each.body)}
    for each in statements:
        _refuse(each.body, said)
    return list(statements)


def _refuse(node: tree.Node, drawn: set[tree.Node]) -> None:
    if isinstance(node, tree.Expect):
        drawn = drawn | {_bare(each) for each in _bound(node)}
        if not node.binders and node.given:
            known = {_bare(each) for each in node.given} | drawn
            calls = [each for each in node.body.all(tree.Call) if is_density_call(each)]
            latent = {arg: call for call in calls for arg in call.args if _is_latent(arg) and _bare(arg) not in known}
            if latent:
                raise _unsaid(node, latent)
    for each in node.children:
        _refuse(each, drawn)


def _unsaid(node: tree.Expect, latent: dict[tree.Node, tree.Call]) -> FormulaError:
    names, given = ", ".join(map(str, latent)), ", ".join(map(str, node.given or ()))
    head = next(iter(latent.values())).head
    hint = (
        f"write E_{{{head}({names}|{given})}}[{node.body}]\n"
        f"or, for a posterior that is held constant as in EM, E_{{{names} ~ sg[{head}({names}|{given})]}}[{node.body}]"
    )
    message = f"{names} is neither given nor drawn: does a gradient pass through its posterior?"
    return FormulaError(Diagnostic("F2D-0585", "error", message, node.span, hint))


def _is_latent(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and node.letter in NOISE_LETTERS


def _bare(node: tree.Node) -> tree.Node:
    return replace(node, sub=(), sup=()) if isinstance(node, tree.Symbol) else node


def _said(body: tree.Node) -> Iterator[tree.Node]:
    """What a statement draws or defines."""
    if isinstance(body, tree.Chain) and body.relations[0] != "in":
        left = body.members[0]
        yield from map(_bare, left.items if isinstance(left, tree.Tuple) else (left,))


def _bound(node: tree.Expect) -> Iterator[tree.Node]:
    for each in node.binders:
        yield from each.names if isinstance(each, tree.Draws) else each.args if isinstance(each, tree.Call) else (each,)
