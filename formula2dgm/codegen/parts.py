"""Which parts of a term get a variable: densities, and what is used more than once, in one term or in several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from formula2dgm.codegen.log_ratios import log_ratio, log_ratios_in
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import computed_from, is_piece
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk

_NAMED = (ir.LogProb, ir.Divergence, ir.Entropy, ir.Grad, ir.LogDetJacobian, ir.JacobianTrace)
_LEAVES = (ir.Const, ir.Hyper, ir.Data, ir.Param, ir.Draw, ir.Law, ir.NetCall, ir.Head, ir.Index, ir.Enumerated)


def uses_in(roots: list[ir.Node]) -> Counter[ir.Node]:
    """How often the code of all terms reads each node."""
    return Counter(child for node in walk(*roots, below=computed_from) for child in computed_from(node))


def parts_of(scope: Scope, body: ir.Node) -> list[ir.Node]:
    """The parts of a term that get a variable, each after those that it is computed from."""
    if body in scope.bound:
        return []
    if isinstance(body, _NAMED):
        return _with_entries(scope, body) if scope.uses[body] > 1 else []

    def unbound(node: ir.Node) -> Iterable[ir.Node]:
        return () if node in scope.bound else computed_from(node)

    below = [node for node in walk(body, below=unbound) if node not in scope.bound]
    inner = set(walk(*(node for node in below if isinstance(node, ir.Draw | ir.NetCall | ir.Law))))
    uses = uses_in([body]) | scope.uses
    title = scope.program.arena.title
    ratios = {pair.children[0]: pair for node in below for pair in log_ratios_in(scope, node) if node is not pair}
    merged = {part for node in below for pair in log_ratios_in(scope, node) for part in log_ratio(scope, pair) or ()}
    found = [node for node in below if node not in inner and _is_part(node, body, uses[node], title(node) is not None)]
    found = [ratios.get(node, node) for node in found if node in ratios or node not in merged]
    return list(dict.fromkeys(each for node in found for each in _with_entries(scope, node)))


def _is_part(node: ir.Node, body: ir.Node, uses: int, titled: bool) -> bool:
    if uses > 1 and not _is_leaf(node):
        return True
    return node is not body and (isinstance(node, _NAMED) or is_piece(node) or titled)


def _with_entries(scope: Scope, node: ir.Node) -> list[ir.Node]:
    """A log-density, after its own entries where another term sums them otherwise."""
    if isinstance(node, ir.LogProb) and not node.elementwise:
        entries = scope.program.arena.make(ir.LogProb, node.law, node.value, True)
        if scope.uses[entries] and entries not in scope.bound:
            return [entries, node]
    return [node]


def _is_leaf(node: ir.Node) -> bool:
    """Is the node a variable or a number, minus one, or another view of one?"""
    node = node.body if isinstance(node, ir.Neg | ir.StopGrad) else node
    view = isinstance(node, ir.At) and isinstance(node.index, ir.Index)
    size = isinstance(node, ir.Add) and all(isinstance(each, ir.Size | ir.Const) for each in node.args)
    return view or size or isinstance(node, (ir.Size, *_LEAVES))
