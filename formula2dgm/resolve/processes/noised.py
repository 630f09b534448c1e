"""What a noised value is made of: data, or a code of them, and one standard normal draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.ir.text import to_text
from formula2dgm.records import dataclass
from formula2dgm.resolve.calculus.affine import is_number, negative, product, ratio, square, total
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Source:
    """The data of a path, or what is made of them without the time: a code; its name; the noise."""

    data: ir.Node
    name: str
    noise: ir.Draw

    @property
    def inputs(self) -> set[str]:
        """The data that it is made of."""
        return {each.name for each in walk(self.data) if isinstance(each, ir.Data)}


def opened(context: Context, node: ir.Node, time: ir.Draw) -> ir.Node:
    """With draws from Normals around noised values as their means and deviations times noise, scores of Normals as
    what they are, and what is put in order by a plan as it was drawn."""
    arena = context.arena

    def change(node: ir.Node) -> ir.Node:
        match node:
            case ir.Coupled(value) | ir.Permuted(value, to=ir.Node()):
                return value
            case ir.Draw(law) if law.family == "Normal" and not law.scalar and not is_standard(law):
                given = dict(law.params)
                if _is_of_data(node) and not _reads(node, time):
                    return node
                fresh = arena.make(ir.Draw, context.standard_normal(law.shape), f"{node.site} noise", node.axes)
                return total(arena, given["loc"], product(arena, given["scale"], fresh))
            case ir.Grad(ir.LogProb(law, value), wrt) if value is wrt and law.family == "Normal":
                given = dict(law.params)
                away = total(arena, value, negative(arena, given["loc"]))
                return negative(arena, ratio(arena, away, square(arena, given["scale"])))
        return node

    return rewrite(arena, node, change)


def is_coupled(*nodes: ir.Node) -> bool:
    """Is something in them put in order by a plan?"""
    return any(isinstance(each, ir.Coupled) or (isinstance(each, ir.Permuted) and each.to) for each in walk(*nodes))


def source_of(context: Context, nodes: Sequence[ir.Node], time: ir.Draw) -> Source | None:
    """The data, or one code of them, and the standard normal draw that a path and its target are made of."""

    def is_code(node: ir.Node) -> bool:
        made = isinstance(node, ir.Head | ir.StopGrad | ir.Draw) and node.event != "number"
        return made and _is_of_data(node) and not _reads(node, time)

    def below(node: ir.Node) -> Iterable[ir.Node]:
        return () if is_code(node) else node.children

    found = list(walk(*nodes, below=below))
    data = [each for each in found if (isinstance(each, ir.Data) and each.name in context.inputs) or is_code(each)]
    draws = [each for each in found if isinstance(each, ir.Draw) and each is not time and each not in data]
    if len(data) != 1 or len(draws) != 1 or not is_standard(draws[0].law) or data[0].axes != draws[0].axes:
        return None
    return Source(data[0], _name(context, data[0]), draws[0])


def is_standard(law: ir.Law) -> bool:
    """Is this a standard normal law?"""
    given = dict(law.params)
    return law.family == "Normal" and is_number(given["loc"], 0) and is_number(given["scale"], 1)


def _is_of_data(node: ir.Node) -> bool:
    return any(isinstance(each, ir.Data) for each in walk(node))


def _reads(node: ir.Node, time: ir.Draw) -> bool:
    return any(each is time for each in walk(node))


def _name(context: Context, node: ir.Node) -> str:
    """The name of data or of a draw, or the one that the text gives a code."""
    match node:
        case ir.Data(name):
            return name
        case ir.Draw(site=site):
            return site
    said = context.arena.origins(node)
    named = [each for each in said if isinstance(each, tree.Symbol)] + [
        each for each in said if isinstance(each, tree.Call)
    ]
    return next((str(each) for each in named), to_text(node))
