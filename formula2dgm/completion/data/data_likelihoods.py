r"""The likelihood of a data set: after ``p(\mathcal{D}|w) = \prod_{i=1}^N p(y_i|x_i, w)``, ``p(\mathcal{D}|w)`` is the
product wherever it stands. One that nothing says, beside what counts once for the whole data set, a divergence of w or
its prior, is refused: of a batch there is the mean over examples, and nothing says how many there are. Where w is drawn
from what is given ``\mathcal{D}``, that is a value of each example.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_NAMES
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_likelihoods(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with every such density as the product that one of them says it is.

    >>> from formula2dgm.syntax import parse
    >>> text = r"log p(D|w); p(D|w) = \\prod_{i=1}^N p(y_i|x_i, w)"
    >>> [str(each) for each in write_likelihoods(parse(text)[0])[0]]
    ['log prod_{i=1}^N p(y_i|x_i, w)']
    """
    said = {call: each for each in statements if (call := _declared(each.body)) is not None}
    if not said:
        return list(statements), []
    used: dict[tree.Call, None] = {}

    def written(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Call) and node in said:
            used[node] = None
            return said[node].body.members[-1].placed(node.span)  # type: ignore[attr-defined]
        return map_children(node, written)

    rest = [each for each in statements if each not in said.values()]
    changed = [each.with_body(written(each.body)) for each in rest]
    notes = [Note(f"{call} is {said[call].body.members[-1]}", said[call].span) for call in used]  # type: ignore[attr-defined]
    return (changed, notes) if used else (list(statements), [])


def refuse_unsaid_likelihoods(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements, of which none weighs the likelihood of a whole data set that nothing says; ``keys`` are bound."""
    nodes = [each for statement in statements for each in statement.body.walk()]
    heads = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    binders = [part for node in nodes if isinstance(node, tree.Expect) for each in node.binders for part in each.walk()]
    inferred = {arg for each in binders if isinstance(each, tree.Call) for arg in each.given or ()}
    for node in nodes:
        call = _scored(node)
        if call is None or call in (*keys, *heads) or call.args[0] in inferred:
            continue
        once = any(isinstance(each, tree.Divergence) and each.name != "MI" for each in nodes) or any(
            {*other.args} & {*(call.given or ())} for each in nodes if (other := _scored(each, whole=False)) is not None
        )
        if once:
            given = ", ".join(map(str, call.given or ()))
            message = f"{call} is of a whole data set, and nothing says of which examples it is the product"
            hint = f"write it: {call} = \\prod_{{i=1}}^N p(y_i|x_i, {given}), or \\prod_{{i=1}}^N p(x_i|{given})"
            raise FormulaError(Diagnostic("F2D-0645", "error", message, call.span, hint))
    return list(statements)


def _scored(node: tree.Node, whole: bool = True) -> tree.Call | None:
    """p of ``\\log p(\\mathcal{D}|w)``; where not ``whole``, of any logarithm of a density."""
    match node:
        case tree.Prefix("log", tree.Call() as call, _) | tree.Func("log", (tree.Call() as call,)):
            if is_density_call(call) and len(call.args) == 1:
                return call if not whole or (call.given and plain(call.args[0]) in DATA_NAMES) else None
    return None


def _declared(node: tree.Node) -> tree.Call | None:
    """The density over a data set that a statement says is a product; None for any other statement."""
    if not isinstance(node, tree.Chain) or node.relations[0] not in ("=", ":=") or len(node.members) != 2:
        return None
    left, right = node.members
    product = isinstance(right, tree.Big) and right.op == "prod"
    if not product or not isinstance(left, tree.Call) or not is_density_call(left) or len(left.args) != 1:
        return None
    return left if plain(left.args[0]) in DATA_NAMES else None
