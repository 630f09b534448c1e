r"""A likelihood without an upper bound: ``\log p_\theta(x) = -E_\theta(x)`` raised at the data, and nothing else.

What a network gives is as large as it likes, and nothing normalises it. Beside a ratio of densities (noise-contrastive
estimation), or lowered elsewhere (draws of a chain), the same density is no such thing; nor is a target of draws.
"""

from __future__ import annotations

from formula2dgm.reading.linear_terms import linear_terms
from formula2dgm.reading.polarity import Known
from formula2dgm.reading.signature import is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def warn_of_unbounded(context: Context, body: tree.Node, known: Known, maximise: bool) -> None:
    """Warn of a density that is the exponential of a network, where its logarithm is raised wherever it stands."""
    up = 1 if maximise else -1
    raised = [call for each, sign in linear_terms(known, body, up) if sign == 1 and (call := _scored(each)) is not None]
    for declared in context.model.densities:
        label = declared.signature.label
        drawn = any(name.id in context.latent for name in declared.signature.variables if name)
        if declared.kind not in ("expression", "log") or drawn or not _is_free(declared):
            continue
        everywhere = [each for root in context.model.expressions() for each in root.walk() if _is(context, each, label)]
        here = [each for each in raised if _is(context, each, label)]
        if here and len(here) == len(everywhere):
            context.found.warning(
                "F2D-0538",
                f"{here[0]} is raised without bound: nothing normalises what it is said to be",
                here[0].span,
                f"write {declared.signature.label} \\propto, and what lowers it elsewhere: docs/energies.md",
            )


def _is(context: Context, node: tree.Node, label: str) -> bool:
    if not isinstance(node, tree.Call) or not is_density_call(node):
        return False
    return read_signature(node, context.model.indices, context.model.parameters).label == label


def _scored(node: tree.Node) -> tree.Call | None:
    """``p(x)`` of ``\\log p(x)``."""
    match node:
        case tree.Prefix("log", tree.Call() as call, _) | tree.Func("log", (tree.Call() as call,)):
            return call
    return None


def _is_free(declared: Declared) -> bool:
    """Is a network's value a term of the log-density, and no logarithm, of a sum or a determinant, beside it?"""
    exponent = declared.body if declared.kind == "log" else _exponent(declared.body)
    if exponent is None or any(_is_logarithm(each) for each in exponent.walk()):
        return False
    terms = exponent.terms if isinstance(exponent, tree.Add) else (exponent,)
    return any(_is_free_term(each) for each in terms)


def _exponent(node: tree.Node) -> tree.Node | None:
    match node:
        case tree.Prefix("exp", operand, _) | tree.Func("exp", (operand,)):
            return operand
        case tree.Power(tree.Symbol("e"), exponent):
            return exponent
        case tree.Mul(factors, _):
            return next((found for each in factors if (found := _exponent(each)) is not None), None)
        case tree.Div(top, _):
            return _exponent(top)
    return None


def _is_logarithm(node: tree.Node) -> bool:
    return isinstance(node, tree.Prefix | tree.Func) and node.name in ("log", "logsumexp")


def _is_free_term(node: tree.Node) -> bool:
    match node:
        case tree.Neg(inner) | tree.Div(inner, _):
            return _is_free_term(inner)
        case tree.Mul(factors, _):
            return any(_is_free_term(each) for each in factors)
        case tree.Call(tree.Symbol()):
            return not is_density_call(node)
    return False
