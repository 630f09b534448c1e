"""Ancestral draws: each variable of a product of densities after those that it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.joints import Factor
from formula2dgm.ir.rewrite import kinds, rewrite, walk
from formula2dgm.resolve.distributions.components import Drawing, NoInverse
from formula2dgm.resolve.distributions.ways import laws_of, way_of, with_shape

Shape = tuple[int, ...]
#: Nodes that a number is made of.
NUMBERS = (ir.Const, ir.Hyper, ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply)


class Undrawable(Exception):
    """A factor whose variables cannot be drawn, and why."""

    def __init__(self, refusal: Diagnostic):
        super().__init__(refusal.message)
        self.refusal = refusal


def ancestral(
    arena: Arena,
    factors: Sequence[Factor],
    axes: tuple[Axis, ...],
    shape_of: Callable[[str], Shape | None],
    mark: str = "",
) -> dict[str, ir.Node]:
    """A value of each variable along the axes, made of draws; parents come first among the factors.

    ``mark`` ends the name of every site. Raises :class:`Undrawable`.
    """
    values: dict[str, ir.Node] = {}
    for each in factors:
        if len(each.variables) != 1:
            raise Undrawable(_unknown(each))
        name = each.variables[0]
        values[name] = _drawn(arena, each, axes, values, shape_of(name), mark)
    return values


def _drawn(
    arena: Arena,
    factor: Factor,
    axes: tuple[Axis, ...],
    values: Mapping[str, ir.Node],
    shape: Shape | None,
    mark: str,
) -> ir.Node:
    """The variable drawn as its log-density says."""
    name = factor.variables[0]
    own = {key: node for key, node in values.items() if key != name}
    way = way_of(arena, substituted(arena, factor.log, own), name)
    if way is None:
        raise Undrawable(_unknown(factor))
    way = with_shape(arena, way, shape)
    if not all(map(is_sized, laws_of(way))):
        raise Undrawable(unsized(name, factor))
    plates = plates_of(factor.log)
    for axis in plates:
        if axis.size is None and not _sized_by_data(factor.log, axis, name):
            raise Undrawable(_uncounted(name, factor, axis))
    try:
        return Drawing(arena, name, (*axes, *plates), mark).value(way)
    except NoInverse as error:
        raise Undrawable(_not_inverted(factor, error.network)) from error


def plates_of(log: ir.Node) -> tuple[Axis, ...]:
    """The plates that a log-density is summed over, outermost first: i of ``\\sum_i \\log p(x_i|z)``."""
    found: tuple[Axis, ...] = ()
    while isinstance(log, ir.Reduce) and log.axis.kind == "plate":
        found, log = (*found, log.axis), log.body
    return found


def _sized_by_data(log: ir.Node, axis: Axis, variable: str) -> bool:
    """Does another variable run along the axis, so that it says how many there are?"""
    return any(isinstance(each, ir.Data) and each.name != variable and axis in each.axes for each in walk(log))


def _uncounted(variable: str, factor: Factor, axis: Axis) -> Diagnostic:
    hint = f"write the number, \\prod_{{{axis.name}=1}}^{{5}}, or bind it: {{'n': 5}}"
    message = f"nothing says how many {variable}_{axis.name} there are"
    return Diagnostic("F2D-0610", "error", message, factor.span, hint)


def substituted(arena: Arena, node: ir.Node, values: Mapping[str, ir.Node]) -> ir.Node:
    """The node with other nodes in place of data."""
    return rewrite(arena, node, lambda each: values.get(each.name, each) if isinstance(each, ir.Data) else each)


def is_sized(law: ir.Law, drawn: bool = True) -> bool:
    """Does anything say the event shape? ``N(0, 1)`` does not; a law with a setting for it says it to a moment."""
    numbers = all(issubclass(each, NUMBERS) for child in law.children for each in kinds(child))
    return law.shape is not None or law.scalar or not numbers or (not drawn and "dim" in dict(law.options))


def unsized(variable: str, factor: Factor) -> Diagnostic:
    """``N(0, 1)`` of how many dimensions?"""
    hint = f"say it: event_shape= where {factor.label} is bound, or dims={{{variable!r}: 16}}"
    return Diagnostic("F2D-0610", "error", f"nothing says the shape of {variable}", factor.span, hint)


def _not_inverted(factor: Factor, network: str) -> Diagnostic:
    message = f"a draw of {factor.variables[0]} takes the inverse of {network}, and what is bound to it has none"
    hint = "bind a module with inverse(y), such as f2d.flows.AffineCoupling, or a transform of zuko"
    return Diagnostic("F2D-0230", "error", message, factor.span, hint)


def _unknown(factor: Factor) -> Diagnostic:
    return Diagnostic(
        "F2D-0447",
        "error",
        f"{factor.label} is known by its logarithm alone: no way to draw from it is known",
        factor.span,
        "declare it by a family, p(x) = N(x; ...), a mixture, \\sum_k \\pi_k N(x; ...), or a flow, x = f(z)",
    )
