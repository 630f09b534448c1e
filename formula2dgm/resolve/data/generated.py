r"""What a formula without a density of the data makes of them: ``x = G(z)`` of a game, ``G(z)`` of an autoencoder.

Where data stand in a network, ``D(x)``, or in a distance, ``\|x - G(z)\|``, what stands there in their place, and is
made of draws, is made to be like them. At draws of the prior it is what the formula generates; at what is drawn given
the data themselves, their reconstruction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.draws.ancestral import is_sized

SAMPLES = Axis("batch", "samples")
#: What cannot be made without a batch of data.
_OF_A_BATCH = (ir.Data, ir.Enumerated, ir.Permuted, ir.Coupled, ir.At, ir.Reduce, ir.Size)

Made = tuple[tuple[str, ir.Node], ...]


def generated(context: Context, objectives: Sequence[Objective]) -> Made:
    """For each data variable the value that draws of the priors make in its place; ``()`` where there is none."""
    found: dict[str, ir.Node] = {}
    roots = _roots(objectives)
    for name, value in sorted((*_in_networks(roots), *_in_distances(roots)), key=lambda each: _reads_data(each[1])):
        if name in found or not any(isinstance(each, ir.Draw) for each in walk(value)) or not _is_learned(value):
            continue
        made = _Generation(context.arena, roots)(value)
        if made is not None:
            found[name] = _stopped(context.arena, made)
            what = "of draws of the prior: it stands where the data do"
            context.assume(f"sample makes {name} as the formula does, {what}")
    return tuple(found.items())


def decoded(context: Context, objectives: Sequence[Objective]) -> Made:
    """For each data variable what a distance compares it with, where that is made of the data themselves."""
    found: dict[str, ir.Node] = {}
    for name, value in _in_distances(_roots(objectives)):
        read = {each.name for each in walk(value) if isinstance(each, ir.Data)}
        coded = any(isinstance(each, ir.NetCall) for each in walk(value))
        if name in read and coded and all(axis.kind in ("batch", "sample", "replicate") for axis in value.axes):
            found.setdefault(name, _thawed(context.arena, value))
    return tuple(found.items())


def _roots(objectives: Sequence[Objective]) -> list[ir.Node]:
    return [term.node for objective in objectives for term in objective.terms]


def _reads_data(value: ir.Node) -> bool:
    return any(isinstance(each, ir.Data) for each in walk(value))


# -- where the data stand ------------------------------------------------------------------------------


def _in_networks(roots: Sequence[ir.Node]) -> Iterator[tuple[str, ir.Node]]:
    """What stands as the argument of a network that data stand as, too."""
    places: dict[tuple[str, int], list[ir.Node]] = {}
    for each in walk(*roots):
        if isinstance(each, ir.NetCall):
            for position, value in enumerate(each.args):
                places.setdefault((each.network, position), []).append(_itself(value))
    for values in places.values():
        for name in dict.fromkeys(each.name for each in values if isinstance(each, ir.Data)):
            yield from ((name, each) for each in values if not isinstance(each, ir.Data))


def _in_distances(roots: Sequence[ir.Node]) -> Iterator[tuple[str, ir.Node]]:
    """What data are compared with, ``\\|x - v\\|``."""
    for each in walk(*roots):
        match each:
            case ir.Norm(ir.Add((ir.Data(name), ir.Neg(value)))) | ir.Norm(ir.Add((value, ir.Neg(ir.Data(name))))):
                yield name, _itself(value)


def _itself(value: ir.Node) -> ir.Node:
    return _itself(value.body) if isinstance(value, ir.StopGrad) else value


def _is_learned(value: ir.Node) -> bool:
    """Is anything learned in what makes the value? Noise that data are told from is no model of them."""
    return any(isinstance(each, ir.NetCall) or (isinstance(each, ir.Param) and each.learned) for each in walk(value))


def _stopped(arena: Arena, value: ir.Node) -> ir.Node:
    """The value; of a chain that takes gradients at each step without one of its own: it keeps no graph of them."""
    steps = any(isinstance(each, ir.Previous) for each in walk(value))
    return arena.make(ir.StopGrad, value) if steps and any(isinstance(each, ir.Grad) for each in walk(value)) else value


def _thawed(arena: Arena, value: ir.Node) -> ir.Node:
    """The value with no network or tensor held constant."""

    def thaw(node: ir.Node) -> ir.Node:
        match node:
            case ir.NetCall(network, args, True, copy, method):
                return arena.inherit(arena.make(ir.NetCall, network, args, False, copy, method), node)
            case ir.Param(name, learned, True, own, number):
                return arena.inherit(arena.make(ir.Param, name, learned, False, own, number), node)
        return node

    return rewrite(arena, value, thaw)


# -- at draws of the prior -----------------------------------------------------------------------------


class _Generation:
    """Values at draws of their own, of the priors where the formula draws given data."""

    def __init__(self, arena: Arena, roots: Sequence[ir.Node]):
        self.arena = arena
        self.states = {each.site: each for each in walk(*roots) if isinstance(each, ir.State)}
        self.priors = {
            _variable(each): each.law for each in walk(*roots) if isinstance(each, ir.Draw) and not _reads_data(each)
        }
        self.beside = {
            each.left: each.right
            for each in walk(*roots)
            if isinstance(each, ir.Divergence) and not _reads_data(each.right)
        }

    def __call__(self, value: ir.Node) -> ir.Node | None:
        """The value along an axis of samples; None where it cannot be made without data."""
        made = _thawed(self.arena, rewrite(self.arena, self._whole(value), self._drawn))
        if any(isinstance(each, _OF_A_BATCH) for each in walk(made)) or made.axes != (SAMPLES,):
            return None
        if any(axis.size is None for each in walk(made) for axis in each.axes if axis.kind == "time"):
            return None  # the data say how many steps there are
        laws = [each.law for each in walk(made) if isinstance(each, ir.Draw)]
        return made if all(map(is_sized, laws)) else None

    def _whole(self, value: ir.Node) -> ir.Node:
        """The value with the states whose steps it reads and that stand nowhere in it, as in the objective."""
        carried: list[ir.Node] = []
        while True:
            known = list(walk(value, *carried))
            there = {each.site for each in known if isinstance(each, ir.State)}
            read = dict.fromkeys(each.site for each in known if isinstance(each, ir.Previous))
            missing = [self.states[site] for site in read if site in self.states and site not in there]
            if not missing:
                return self.arena.make(ir.Carrying, value, tuple(carried)) if carried else value
            carried += missing

    def _drawn(self, node: ir.Node) -> ir.Node:
        if isinstance(node, ir.Previous):
            own = _of_samples(node.own)
            return self.arena.inherit(
                self.arena.make(ir.Previous, node.site, node.time, node.initial, own, node.lag, node.lengths), node
            )
        if not isinstance(node, ir.Draw):
            return node
        law = node.law
        if _reads_data(law):
            law = self.beside.get(law) or self.priors.get(_variable(node)) or law
            if law.shape is None and node.law.shape is not None and law.family == node.law.family:
                law = self.arena.make(
                    ir.Law, law.label, law.family, law.params, node.law.shape, law.scalar, law.options
                )
        steps = tuple(axis for axis in node.own if axis.kind == "time")
        made = self.arena.make(ir.Draw, law, f"{_variable(node)} generated", (SAMPLES, *steps))
        return self.arena.inherit(made, node)


def _of_samples(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    return tuple(SAMPLES if axis.kind == "batch" else axis for axis in axes)


def _variable(draw: ir.Draw) -> str:
    return draw.site.split("@")[0]
