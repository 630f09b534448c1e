r"""Functions of parameters alone that nothing defines: ``r_t(\theta)``, which the prose of a text says, errors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.syntax import tree

#: Letters of the parameters of networks.
PARAMETERS = frozenset(("theta", "vartheta", "phi", "varphi", "psi", "omega"))


def refuse_parameter_functions(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], sized: Collection[str]
) -> list[tree.Statement]:
    """The statements; an error at the first such function. ``keys`` are what is bound, ``sized`` the data of which the
    caller says the size."""
    nodes = [node for each in statements for node in each.body.walk()]
    values = {each for node in nodes for each in _values(node)} | set(keys)
    heads = {each.head if isinstance(each, tree.Call) else each for each in (*keys, *_lefts(statements))}
    for call in (each for each in nodes if isinstance(each, tree.Call) and each.given is None and not each.params):
        named = isinstance(call.head, tree.Symbol) and call.head not in heads and not names_objective(call)
        alone = all(
            isinstance(each, tree.Symbol) and each.letter in PARAMETERS and not each.accents for each in call.args
        )
        if not named or not alone or not call.args or {*call.args} & values or {*map(str, call.args)} & {*sized}:
            continue
        if is_density_call(call) or _is_normaliser(call.head):
            continue
        message = f"{call} is a function of parameters alone, and nothing says which"
        ratio = f"\\frac{{\\pi_{call.args[0].latex()}(a|s)}}{{\\pi_{{old}}(a|s)}}"
        hint = f"write what it is, {call.latex()} = ..., for a ratio of policies {ratio}"
        raise FormulaError(Diagnostic("F2D-0576", "error", message, call.span, hint))
    return list(statements)


def _is_normaliser(head: tree.Node) -> bool:
    """Z of ``\\log Z(\\theta)``, which the density that it belongs to gives."""
    return isinstance(head, tree.Symbol) and head.letter == "Z"


def _lefts(statements: Sequence[tree.Statement]) -> Iterator[tree.Node]:
    """What the statements say something of."""
    return (each.body.members[0] for each in statements if isinstance(each.body, tree.Chain))


def _values(node: tree.Node) -> Iterator[tree.Node]:
    """The names that a node draws, scores, defines or gives a space."""
    match node:
        case tree.Expect(binders=binders):
            for each in binders:
                yield from each.walk()
        case tree.Draws(names=names):
            yield from names
        case tree.Call() if node.given is not None:
            yield from (*node.args, *node.given)
        case tree.Chain(members=(left, *_), relations=("=" | ":=" | "~" | "in", *_)):
            yield from left.items if isinstance(left, tree.Tuple) else (left,)
        case tree.Divergence(left=left, right=right):
            yield from (*left.walk(), *right.walk())
