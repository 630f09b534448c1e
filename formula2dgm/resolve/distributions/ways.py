"""How a variable is distributed, read off its log-density: by a law, by one of several, by a mixture or a flow of such.

log N(x; m, s)                            a law
sum_i log p(x_i|z)                        the law of every part
log p(x|z) of laws bound value by value   the one that z numbers
log \\sum_k w_k p_k(x)                     a mixture: the parts with their weights
log p_u(f(x)) + log|det df/dx|            a flow: x is f^{-1}(u)
"""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm import registry
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.ir.turned import begun_at
from formula2dgm.reading.names import read_name
from formula2dgm.records import dataclass
from formula2dgm.registry.family import Family
from formula2dgm.syntax import parse_one, tree


@dataclass(frozen=True, slots=True)
class Cases:
    """One of several, the one that the category numbers from 0."""

    category: ir.Node
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One summand of a mixture: the factors of its weight and, for a sum over an index, the axis it runs along."""

    weights: tuple[ir.Node, ...]
    axis: Axis | None
    way: Way


@dataclass(frozen=True, slots=True)
class Mixture:
    """A sum of weighted densities."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """What invertible calls and paths, the one applied to the variable first, make another one of, which is called
    ``name``."""

    calls: tuple[ir.NetCall | ir.Solution, ...]
    base: Way
    name: str


Way = ir.Law | Cases | Mixture | Flow


def facts(law: ir.Law) -> Family:
    """The family of a law, as its binding chose it."""
    return registry.family(law.family).under(law.options)


def way_of(arena: Arena, log: ir.Node, variable: str) -> Way | None:
    """How the variable, read as data, is distributed whose log-density this is; None where it says no such thing."""
    match log:
        case ir.LogProb(law, ir.Data(name)) if name == variable:
            return law
        case ir.LogProbAt(_, category, parts):
            ways = [way_of(arena, each, variable) for each in parts]
            known = tuple(each for each in ways if each is not None)
            return Cases(category, known) if len(known) == len(ways) else None
        case ir.Reduce("sum", axis, body) if axis.kind == "plate":
            return way_of(arena, body, variable)
        case ir.Apply("log", (body,)):
            summed = _parts(arena, body, variable)
            if len(summed) == 1 and summed[0].axis is None:
                return summed[0].way
            return Mixture(summed) if summed else None
        case ir.Add(terms):
            return _flow(arena, terms, variable)
    return None


def _flow(arena: Arena, terms: tuple[ir.Node, ...], variable: str) -> Flow | None:
    """A log-density at the end of a chain of calls beside the log-determinants of all of them."""
    dets = {link for term in terms if (link := _link_of(term)) is not None}
    rest = tuple(term for term in terms if _link_of(term) is None)
    start = next((each for each in walk(*terms) if isinstance(each, ir.Data) and each.name == variable), None)
    calls: list[ir.NetCall | ir.Solution] = []
    value: ir.Node | None = start
    while (call := next((each for each in dets if _begin(each) is value), None)) is not None:
        calls.append(call)
        value = call if isinstance(call, ir.Solution) else arena.make(ir.Head, call, None, None, ir.VALUE)
        if any(reads(each, variable) for each in _beside(arena, call)):
            return None
    if not calls or len(calls) != len(dets) or len(rest) + len(dets) != len(terms) or not rest:
        return None
    inside = arena.make(ir.Data, _INSIDE, start.axes) if isinstance(start, ir.Data) else None
    log = rest[0] if len(rest) == 1 else arena.make(ir.Add, rest)
    log = rewrite(arena, log, lambda each: inside if each is value and inside is not None else each)
    base = None if reads(log, variable) else way_of(arena, log, _INSIDE)
    return None if base is None else Flow(tuple(calls), base, _name_of(base) or f"{variable}_base")


#: The variable that a chain of calls leads to, while its distribution is read off.
_INSIDE = "the end of the flow"


def _link_of(term: ir.Node) -> ir.NetCall | ir.Solution | None:
    """The call, or the path, that a term is the log-determinant of."""
    match term:
        case ir.Head(call, output=ir.LOG_DET) if call.method != "plain":
            return call
        case ir.PathIntegral(path):
            return path
    return None


def _begin(link: ir.NetCall | ir.Solution) -> ir.Node:
    """What a call or a path is applied to."""
    return link.state.start if isinstance(link, ir.Solution) else link.args[0]


def _beside(arena: Arena, link: ir.NetCall | ir.Solution) -> tuple[ir.Node, ...]:
    """What it is given beside that."""
    if isinstance(link, ir.Solution):
        return (begun_at(arena, link, arena.make(ir.Data, _INSIDE, link.state.axes)),)
    return link.args[1:]


def _name_of(way: Way) -> str | None:
    """What the density itself calls its variable: z of ``p(z)``."""
    label = next(iter(laws_of(way))).label
    try:
        call = parse_one(label)
    except FormulaError:
        return None
    first = call.args[0] if isinstance(call, tree.Call) and call.args else None
    return read_name(first, frozenset()).id if isinstance(first, tree.Symbol) else None


def _parts(arena: Arena, node: ir.Node, variable: str) -> tuple[Part, ...]:
    """The summands of a sum of weighted densities; none where it is something else."""
    match node:
        case ir.Apply("exp", (inner,)) if (way := way_of(arena, inner, variable)) is not None:
            return (Part((), None, way),)
        case ir.Add(args):
            found = [_parts(arena, each, variable) for each in args]
            return tuple(each for parts in found for each in parts) if all(found) else ()
        case ir.Reduce("sum" | "mean", axis, body) if axis.kind in ("index", "enumeration"):
            inside = _parts(arena, body, variable)
            if len(inside) == 1 and inside[0].axis is None:
                return (Part(inside[0].weights, axis, inside[0].way),)
            return (Part((total_weight(arena, inside),), axis, Mixture(inside)),) if inside else ()
        case ir.Div(top, bottom) if not reads(bottom, variable):
            inverse = arena.make(ir.Div, arena.make(ir.Const, 1.0), bottom)
            return tuple(_weighted(each, (inverse,)) for each in _parts(arena, top, variable))
        case ir.Mul(args):
            own = [each for each in args if reads(each, variable)]
            if len(own) == 1:
                weights = tuple(each for each in args if each is not own[0])
                return tuple(_weighted(each, weights) for each in _parts(arena, own[0], variable))
    return ()


def _weighted(part: Part, weights: tuple[ir.Node, ...]) -> Part:
    return Part((*weights, *part.weights), part.axis, part.way)


def reads(node: ir.Node, variable: str) -> bool:
    """Does the node depend on a variable that is read as data?"""
    return any(isinstance(each, ir.Data) and each.name == variable for each in walk(node))


def laws_of(way: Way) -> Iterable[ir.Law]:
    """All laws that a value may come from."""
    match way:
        case ir.Law():
            yield way
        case Cases(_, ways):
            for each in ways:
                yield from laws_of(each)
        case Mixture(parts):
            for part in parts:
                yield from laws_of(part.way)
        case Flow(_, base):
            yield from laws_of(base)


def nodes_of(way: Way) -> Iterable[ir.Node]:
    """All nodes that a way is made of: laws, weights, categories, calls."""
    match way:
        case ir.Law():
            yield from walk(way)
        case Cases(category, ways):
            yield from walk(category)
            for each in ways:
                yield from nodes_of(each)
        case Mixture(parts):
            for part in parts:
                yield from walk(*part.weights)
                yield from nodes_of(part.way)
        case Flow(calls, base):
            yield from walk(*calls)
            yield from nodes_of(base)


def with_shape(arena: Arena, way: Way, shape: tuple[int, ...] | None) -> Way:
    """The same with the variable's shape in every law that says none."""
    match way:
        case ir.Law(label, family, params, None, False, options) if shape is not None:
            return arena.make(ir.Law, label, family, params, shape, False, options)
        case Cases(category, ways):
            return Cases(category, tuple(with_shape(arena, each, shape) for each in ways))
        case Mixture(parts):
            return Mixture(tuple(Part(each.weights, each.axis, with_shape(arena, each.way, shape)) for each in parts))
        case Flow(calls, base, name):
            return Flow(calls, with_shape(arena, base, shape), name)
    return way


# -- weights -------------------------------------------------------------------------------------------


def weight_of(arena: Arena, part: Part) -> ir.Node:
    """The weight of a part, for every position of its axis."""
    weights = part.weights or (arena.make(ir.Const, 1.0),)
    return weights[0] if len(weights) == 1 else arena.make(ir.Mul, weights)


def total_weight(arena: Arena, parts: tuple[Part, ...]) -> ir.Node:
    """The sum of the weights of all parts."""
    weights = [weight_of(arena, each) for each in parts]
    sums = tuple(
        weight if part.axis is None or part.axis not in weight.axes else arena.make(ir.Reduce, "sum", part.axis, weight)
        for part, weight in zip(parts, weights, strict=True)
    )
    return sums[0] if len(sums) == 1 else arena.make(ir.Add, sums)


def log_weight(arena: Arena, part: Part) -> ir.Node:
    """Its logarithm."""
    logs: tuple[ir.Node, ...] = tuple(arena.make(ir.Apply, "log", (each,)) for each in part.weights)
    if part.axis is not None and not any(part.axis in each.axes for each in logs):
        logs = (*logs, _nothing_along(arena, part.axis))
    return logs[0] if len(logs) == 1 else arena.make(ir.Add, logs) if logs else arena.make(ir.Const, 0.0)


def _nothing_along(arena: Arena, axis: Axis) -> ir.Node:
    """The number 0 at every position of an axis: its index times 0."""
    return arena.make(ir.Mul, (arena.make(ir.Const, 0.0), arena.make(ir.Index, axis)))


def values_weighed(part: Part) -> ir.Enumerated | None:
    """The values of a finite variable whose probabilities weigh along the axis: ``\\sum_z p(x|z) p(z)``."""
    along = [each for each in part.weights if part.axis in each.axes]
    match along:
        case [ir.Apply("exp", (ir.LogProb(law, ir.Enumerated(own) as values),))] if own is law:
            return values if values.axis == part.axis else None
    return None


def sum_to_one(arena: Arena, mixture: Mixture) -> bool:
    """Do the weights sum to 1 by what they are: numbers that do, a vector of weights, probabilities of all values?"""
    if len(mixture.parts) == 1:
        (part,) = mixture.parts
        alone = len(part.weights) == 1 and isinstance(part.weights[0], ir.Param) and part.weights[0].number
        return part.axis is not None and (alone or (len(part.weights) == 1 and values_weighed(part) is not None))
    numbers = [weight_of(arena, each) for each in mixture.parts if each.axis is None]
    known = [float(each.value) for each in numbers if isinstance(each, ir.Const)]
    return len(known) == len(mixture.parts) and abs(sum(known) - 1) < 1e-6
