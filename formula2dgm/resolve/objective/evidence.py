"""The importance weight of a model whose latents the objective draws from data: p(x, z) / q(z|x).

Its mean over draws of z is p(x), whatever the objective is, so that the logarithm of the mean of K weights is on
average at most log p(x), and nearer to it the larger K is. It is made of the model's own densities and of the laws that
the objective draws its latents from; nothing is asked of how the objective is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import BATCH
from formula2dgm.ir.evidence import Evidence
from formula2dgm.ir.joints import Factor
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import has, rewrite, walk
from formula2dgm.resolve.distributions.ways import way_of
from formula2dgm.resolve.draws.ancestral import is_sized, substituted

#: Nodes that compare examples, or read other draws than those of the latents: a weight of one example has none.
_OTHER = (ir.Draw, ir.Enumerated, ir.Permuted, ir.Coupled)
#: The family of one certain value, which has no density.
_CERTAIN = "Delta"
#: Derivatives inside a density, which need gradients where the bound wants none.
_DERIVATIVES = (ir.Grad, ir.LogDetJacobian, ir.JacobianTrace, ir.Jvp)


def evidence(program: Program) -> Evidence | None:
    """The weight of a program's model; None where it has no latents, where a latent is drawn from no law or the model
    is no product of densities, and where the objective reads data that the weight does not."""
    data = {each.name for each in program.inputs if each.axes == (BATCH,)}
    latents = [name for each in program.model for name in each.variables if name not in data]
    densities = all(_is_density(program.arena, each) for each in program.model)
    if not latents or len(data) < len(program.inputs) or not densities:
        return None
    found = _drawn_from(program, latents)
    laws = {name: law for name in latents if (law := _of_all_data(found.get(name, ()))) is not None}
    order = _order(laws)
    if order is None or len(laws) < len(latents):
        return None
    draws = _draws(program.arena, {name: laws[name] for name in order})
    above = {substituted(program.arena, each.log, draws): each.label for each in reversed(program.model)}
    below = {_log_of(program.arena, draws[name]): laws[name].label for name in order}
    above, below = _without(above, below), _without(below, above)  # latents that are drawn from the model cancel
    parts = (*above, *(program.arena.make(ir.Neg, each) for each in below))
    log = program.arena.make(ir.Add, parts) if len(parts) > 1 else parts[0]
    read = {each.name for each in walk(log) if isinstance(each, ir.Data)}
    if has(log, *_DERIVATIVES) or any(isinstance(each, ir.Law) and each.family == _CERTAIN for each in walk(log)):
        return None
    if read != data or any(each.axes != (BATCH,) for each in parts):
        return None
    drawn, inputs = tuple(laws[name].label for name in order), tuple(each.name for each in program.inputs)
    return Evidence(_name(program, data), _ratio(list(above.values()), list(below.values())), drawn, inputs, log)


def _is_density(arena: Arena, factor: Factor) -> bool:
    """Is the factor a law, or made of laws, so that it integrates to one?"""
    return len(factor.variables) == 1 and way_of(arena, factor.log, factor.variables[0]) is not None


def _drawn_from(program: Program, latents: Sequence[str]) -> dict[str, list[ir.Law]]:
    """For each latent, the laws that the objective draws it from, or takes all values of, at other latents as data."""
    arena, variables = program.arena, {each.name: each.variable for each in program.sites}
    relaxed = {each.name for each in program.sites if each.estimator == "relaxed"}
    places = {name: arena.make(ir.Data, name, (BATCH,)) for name in latents}

    def at_data(node: ir.Node) -> ir.Node:
        match node:
            case ir.Draw(site=site) if variables.get(site) in places:
                return places[variables[site]]
            case ir.Enumerated(_, axis) if axis.name in places:
                return places[axis.name]
            case ir.StopGrad(body):
                return body
            case ir.NetCall(network, args, True, copy, method):
                return arena.make(ir.NetCall, network, args, False, copy, method)
            case ir.Param(name, learned, True, own, number):
                return arena.make(ir.Param, name, learned, False, own, number)
        return node

    found: dict[str, dict[ir.Law, None]] = {name: {} for name in latents}
    memo: dict[ir.Node, ir.Node] = {}
    for node in walk(*program.roots):
        if isinstance(node, ir.Draw | ir.Enumerated):
            name = variables.get(node.site, "") if isinstance(node, ir.Draw) else node.axis.name
            if isinstance(node, ir.Draw) and (BATCH not in node.axes or node.site in relaxed):
                found.pop(name, None)  # one draw for all examples, or of another law than the model's
            law = rewrite(arena, node.law, at_data, memo)
            if name in found and isinstance(law, ir.Law):
                found[name][law] = None
    return {name: list(laws) for name, laws in found.items()}


def _of_all_data(laws: Sequence[ir.Law]) -> ir.Law | None:
    """The law of which the others read a part: the posterior beside a prior that is drawn from too, the one of all data
    beside those of some. None where there is none, or two, or where it reads nothing: a law of weights is of all
    examples together."""
    read = [{each.name for each in walk(law) if isinstance(each, ir.Data)} for law in laws]
    most = [law for law, own in zip(laws, read, strict=True) if own == set().union(*read)]
    usable = [each for each in most if not any(isinstance(node, _OTHER) for node in walk(each)) and is_sized(each)]
    return usable[0] if len(most) == len(usable) == 1 and any(read) else None


def _order(laws: Mapping[str, ir.Law]) -> list[str] | None:
    """The latents, each after those that its law reads."""
    needs = {
        name: {each.name for each in walk(law) if isinstance(each, ir.Data)} & laws.keys() for name, law in laws.items()
    }
    order: list[str] = []
    while len(order) < len(laws):
        ready = [name for name in laws if name not in order and needs[name] <= set(order)]
        if not ready:
            return None
        order += ready
    return order


def _draws(arena: Arena, laws: Mapping[str, ir.Law]) -> dict[str, ir.Node]:
    """A draw of each latent for each example, in this order."""
    draws: dict[str, ir.Node] = {}
    for name, law in laws.items():
        at = substituted(arena, law, draws)
        own = () if BATCH in at.axes else (BATCH,)
        draws[name] = arena.make(ir.Draw, at, f"{name} generated", own, 0)
    return draws


def _log_of(arena: Arena, draw: ir.Node) -> ir.Node:
    assert isinstance(draw, ir.Draw)
    return arena.make(ir.LogProb, draw.law, draw)


def _without(densities: Mapping[ir.Node, str], others: Mapping[ir.Node, str]) -> dict[ir.Node, str]:
    return {log: label for log, label in densities.items() if log not in others}


def _ratio(above: list[str], below: list[str]) -> str:
    """``p(x|z) p(z) / q(z|x)``"""
    divisor = f"({' '.join(below)})" if len(below) > 1 else "".join(below)
    return " ".join(above) + (f" / {divisor}" if below else "")


def _name(program: Program, data: set[str]) -> str:
    """``log p(x|y)``: the density of the data that the model scores, given those that it only reads."""
    scored = [each for each in program.model if each.variables[0] in data]
    names = [name for each in program.inputs for factor in scored for name in factor.variables if name == each.name]
    given = [each.name for each in program.inputs if each.name not in names and _read_by(program, each.name)]
    heads = {each.label.partition("(")[0] for each in scored}
    head = heads.pop() if len(heads) == 1 else "p"
    return f"log {head}({', '.join(names)}{'|' if given else ''}{', '.join(given)})"


def _read_by(program: Program, name: str) -> bool:
    logs = [each.log for each in program.model]
    return any(isinstance(each, ir.Data) and each.name == name for each in walk(*logs))
