r"""The factors of a chain of states: ``p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)``.

Whatever letters and bounds its products have, ``\prod_{t=1}^{T-1} p(z_{t+1}|z_t)``, they are brought to one index: to
the state at it and one step before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import read_signature
from formula2dgm.records import dataclass
from formula2dgm.resolve.chains.joints import written_joint
from formula2dgm.resolve.chains.paths import Paths, refused
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.sequences.joints import runs_of
from formula2dgm.resolve.sequences.places import Offset, Place, Step, place_of
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor at step t of a product whose first step is ``first`` and whose last is ``late`` steps after that of the
    chain; ``index`` is None for a factor of no product."""

    node: tree.Node
    index: str | None = None
    first: int = 0
    late: int = 0

    def reads(self, paths: Paths) -> list[Place | None]:
        """The steps of the state that it reads."""
        indices = frozenset((self.index,)) if self.index is not None else frozenset[str]()
        return [_place(each, indices) for each in paths.steps_in(self.node)]

    def offsets(self, paths: Paths) -> set[int]:
        """The same relative to t."""
        return {each.by for each in self.reads(paths) if isinstance(each, Offset)}


def factors_of(context: Context, paths: Paths) -> list[Factor]:
    """All factors, those of products at one index t."""
    found = list(_factors(context, paths, paths.body, None))
    index = next((each.index for each in found if each.index is not None), None)
    if index is None:
        raise refused(context, paths, f"no product over the steps of {paths.state} stands in it")
    return _from_first_step(context, paths, [_at_latest(context, paths, each, index) for each in found])


def _factors(context: Context, paths: Paths, node: tree.Node, within: Factor | None) -> Iterator[Factor]:
    if within is None and isinstance(node, tree.Call) and paths.whole in (*node.args, *(node.given or ())):
        for each in _of_joint(context, paths, node):
            yield from _factors(context, paths, each, None)
    elif isinstance(node, tree.Mul) and "circ" not in node.ops:
        for each in node.factors:
            yield from _factors(context, paths, each, within)
    elif within is None and isinstance(node, tree.Big) and (product := _product(context, paths, node)) is not None:
        yield from _factors(context, paths, node.body, product)
    else:
        yield replace(within or Factor(node), node=_with_two_indices(paths, node))


def _with_two_indices(paths: Paths, node: tree.Node) -> tree.Node:
    """``A_{z_{t-1} z_t}`` as ``A_{z_{t-1}, z_t}``: states side by side in a subscript are an index each."""
    node = map_children(node, lambda child: _with_two_indices(paths, child))
    if not isinstance(node, tree.Symbol) or not any(isinstance(each, tree.Mul) for each in node.sub):
        return node
    items: list[tree.Node] = []
    for each in node.sub:
        states = isinstance(each, tree.Mul) and all(paths.step_of(factor) is not None for factor in each.factors)
        items += each.factors if isinstance(each, tree.Mul) and states else (each,)
    return replace(node, sub=tuple(items))


def _of_joint(context: Context, paths: Paths, call: tree.Call) -> list[tree.Node]:
    """What a joint over all the states is the product of: as a statement writes it, or of its steps' densities."""
    body = written_joint(context, paths, call)
    if body is not None:
        return [body]
    runs = runs_of(context, call) or []
    return [each.call if each.product is None else replace(each.product, body=each.call) for each in runs]


# -- products over the steps ---------------------------------------------------------------------------


def _product(context: Context, paths: Paths, node: tree.Big) -> Factor | None:
    """A product over steps, its body as its only factor; None for any other product."""
    if node.op != "prod" or len(node.binders) != 1:
        return None
    item = node.binders[0]
    name = plain(item.name if isinstance(item, tree.Binds) else item.left if isinstance(item, tree.Relates) else item)
    if name is None:
        return None
    lower, upper = _bounds(paths, node)
    product = Factor(node.body, name)
    if not product.offsets(paths) and str(upper) != str(paths.end):
        return None
    late = 0 if upper is None else _distance(paths.end, upper)
    if lower is None or late is None:
        raise refused(context, paths, f"the bounds of the product over {name} are not understood")
    return Factor(node.body, name, lower, late)


def _bounds(paths: Paths, node: tree.Big) -> tuple[int | None, tree.Node | None]:
    """The first step, as a number, and the last."""
    match node.binders[0]:
        case tree.Binds(_, tree.Range(lower, upper)):
            return _number(lower), upper
        case tree.Binds(_, lower):
            return _number(lower), node.upper
        case tree.Relates(_, ">" | ">=" as op, lower):
            number = _number(lower)
            return None if number is None else number + (op == ">"), node.upper
        case tree.Symbol():
            return paths.start, node.upper
    return None, node.upper


def _number(node: tree.Node) -> int | None:
    return int(node.text) if isinstance(node, tree.Number) and node.text.isdigit() else None


def _distance(end: tree.Node, upper: tree.Node) -> int | None:
    """How far a bound lies behind the last step: -1 for T - 1."""
    name = plain(end)
    if name is None or str(end) == str(upper):
        return 0 if str(end) == str(upper) else None
    place = _place(upper, frozenset((name,)))
    return place.by if isinstance(place, Offset) else None


def _place(node: tree.Node, indices: frozenset[str]) -> Place | None:
    place = place_of(node, indices, frozenset())
    return place if isinstance(place, Offset | Step) else None


# -- one index -----------------------------------------------------------------------------------------


def _at_latest(context: Context, paths: Paths, factor: Factor, index: str) -> Factor:
    """The factor at the step of its latest state: ``p(z_{t+1}|z_t)`` to T - 1 is ``p(z_t|z_{t-1})`` from 2 to T."""
    reads, offsets = factor.reads(paths), factor.offsets(paths)
    if factor.index is None:
        if any(each != Step(paths.start) for each in reads):
            raise refused(context, paths, f"{factor.node} reads the state at another step than the first")
        return factor
    if len(offsets) < len(set(reads)):
        raise refused(context, paths, f"{factor.node} reads one state at every step")
    by = max(offsets, default=0)
    if offsets and min(offsets) < by - 1:
        raise refused(context, paths, f"{factor.node} reads more than one state before its own")
    if factor.late + by != 0:
        raise refused(context, paths, f"the product of {factor.node} does not end with the last state")
    return Factor(_moved(factor.node, factor.index, index, by), index, factor.first + by)


def _moved(node: tree.Node, index: str, to: str, by: int) -> tree.Node:
    """A factor with ``to - by`` for its index: what it is at the step that is now called ``to``."""
    place = _place(node, frozenset((index,)))
    if isinstance(place, Offset):
        return step(to, place.by - by, node)
    return map_children(node, lambda child: _moved(child, index, to, by))


def step(index: str, by: int, like: tree.Node) -> tree.Node:
    """``t``, ``t - 1``, ``t + 1``"""
    name = tree.Symbol(index, span=like.span)
    if by == 0:
        return name
    number = tree.Number(str(abs(by)), span=like.span)
    return tree.Add((name, number if by > 0 else tree.Neg(number, span=like.span)), span=like.span)


def _from_first_step(context: Context, paths: Paths, factors: list[Factor]) -> list[Factor]:
    """``p(x_1|z_1) \\prod_{t=2}^T p(x_t|z_t)`` as ``\\prod_{t=1}^T p(x_t|z_t)``."""
    alone, products = [each for each in factors if each.index is None], [each for each in factors if each.index]
    for each in list(alone):
        same = next((other for other in products if _is_at_first(context, paths, each.node, other)), None)
        if same is not None:
            alone.remove(each)
            products[products.index(same)] = replace(same, first=paths.start)
    return [*alone, *products]


def _is_at_first(context: Context, paths: Paths, node: tree.Node, factor: Factor) -> bool:
    """Is this what a product from the second step on has at the first one?"""
    if factor.first != paths.start + 1 or factor.index is None:
        return False
    index, first = step(factor.index, 0, node), tree.Number(str(paths.start), span=node.span)

    def moved(each: tree.Node) -> tree.Node:
        each = map_children(each, moved)
        if isinstance(each, tree.Symbol):
            return replace(each, sub=tuple(index if item == first else item for item in each.sub))
        return each

    return moved(node) == factor.node and not _is_known(context, node)


def _is_known(context: Context, node: tree.Node) -> bool:
    """Is a density at the first step known by itself: ``p(x_1|z_1)`` beside ``p(x_t|z_t)``?"""
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol):
        return False
    signature = read_signature(node, context.model.indices, context.model.parameters)
    known = (each.signature for each in context.densities.all)
    return any(each.head == signature.head and each.slots == signature.slots for each in known)
