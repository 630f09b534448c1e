"""What a network that undoes noise is given beside x_t and t: data, and draws of 0 or 1 that leave them out."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.records import dataclass
from formula2dgm.resolve.calculus.affine import negative, product, total
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.processes.noised import Source


@dataclass(frozen=True, slots=True)
class Conditions:
    """The call of the network, its draws of 0 or 1 as values that are given; the names of the data it is given; what
    stands for the draws, with the value that leaves nothing out."""

    call: ir.Node
    names: tuple[str, ...]
    kept: tuple[tuple[ir.Data, int], ...]

    @staticmethod
    def read(context: Context, call: ir.Node, path: tuple[ir.Node, ...], source: Source) -> Conditions | None:
        """None where the call reads what nobody could give: the data themselves, draws of any other kind."""
        arena, axes, made = context.arena, source.noise.axes, call
        kept: dict[ir.Data, int] = {}
        for draw in (each for each in walk(call) if isinstance(each, ir.Draw)):
            value = _keeps(arena, call, draw, path)
            if draw.law.family != "Bernoulli" or draw.event != "number" or draw.axes != axes or value is None:
                return None
            stands = arena.make(ir.Data, draw.site, axes, True)
            made = _put(arena, made, draw, stands)
            kept[stands] = value
        data = [each for each in walk(made) if isinstance(each, ir.Data) and each not in (*path, *kept)]
        if any(each.name in source.inputs or each.name not in context.inputs or each.axes != axes for each in data):
            return None
        if any(isinstance(each, ir.Enumerated) for each in walk(made)):
            return None
        return Conditions(made, tuple(dict.fromkeys(each.name for each in data)), tuple(kept.items()))


def _keeps(arena: Arena, call: ir.Node, draw: ir.Draw, path: tuple[ir.Node, ...]) -> int | None:
    """The value of a draw at which the network is given more data than at the other one."""
    at_0, at_1 = (_data(_at(arena, call, draw, value)) - set(path) for value in (0, 1))
    return 1 if at_0 < at_1 else 0 if at_1 < at_0 else None


def _put(arena: Arena, node: ir.Node, old: ir.Node, new: ir.Node) -> ir.Node:
    return rewrite(arena, node, lambda each: new if each is old else each)


def _data(node: ir.Node) -> set[ir.Node]:
    return {each for each in walk(node) if isinstance(each, ir.Data)}


def _at(arena: Arena, node: ir.Node, draw: ir.Draw, value: int) -> ir.Node:
    """A call where a draw has a value, products with 0 left out."""

    def change(each: ir.Node) -> ir.Node:
        if each is draw:
            return arena.make(ir.Const, value)
        match each:
            case ir.Mul(args):
                return product(arena, *args)
            case ir.Add(args):
                return total(arena, *args)
            case ir.Neg(body):
                return negative(arena, body)
        return each

    return rewrite(arena, node, change)
