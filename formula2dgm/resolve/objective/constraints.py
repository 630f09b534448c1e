"""What a player's parameters are kept within: ``w \\in [-c, c]^d`` after each of its steps, ``\\|D\\|_L \\le 1``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.bindings import NetworkValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Objective, Parameter, Range
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import read_name
from formula2dgm.reading.spaces import lipschitz_target
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.resolve.objective.terms import as_constant
from formula2dgm.resolve.statements.model import Model
from formula2dgm.syntax import tree

#: The order of a norm that is a Lipschitz constant, and the words in a set of such functions.
LIPSCHITZ = ("L", "Lip", "Lipschitz")


@dataclass(frozen=True, slots=True)
class Constraint:
    """A written constraint. ``target`` is what is constrained; ``interval`` where its parameters lie, None for a bound
    on the Lipschitz constant."""

    target: tree.Symbol
    interval: tree.Interval | None
    written: tree.Node


def read_constraint(node: tree.Node) -> Constraint | None:
    """``w \\in [-c, c]^d``, ``\\|D\\|_L \\le 1``, ``\\mathrm{Lip}(D) \\le 1``, ``D \\in \\text{1-Lipschitz}``,
    ``w := clip(w, -c, c)``, as a relation or as a statement."""
    match node:
        case tree.Relates(left, op, right):
            pass
        case tree.Chain((left, right), (op,)):
            pass
        case _:
            return None
    match left, op, right:
        case tree.Symbol(), "in", tree.Interval() | tree.Power(tree.Interval()):
            return Constraint(left, right.base if isinstance(right, tree.Power) else right, node)  # type: ignore[arg-type]
        case tree.Symbol(), "in", tree.Symbol() if any(word in str(right) for word in LIPSCHITZ[1:]):
            return Constraint(left, None, node)
        case tree.Norm(tree.Symbol() as target, tree.Symbol() as order), "<=" | "<", _ if str(order) in LIPSCHITZ:
            return Constraint(target, None, node)
        case tree.Call() as bounded, "<=" | "<", tree.Number() if (found := lipschitz_target(bounded)) is not None:
            return Constraint(found, None, node)
        case tree.Symbol(), ":=", tree.Func("clip" | "clamp", (tree.Symbol() as clipped, low, high)) if clipped == left:
            return Constraint(left, tree.Interval(low, high, "[]", span=right.span), node)
    return None


def constraints_of(model: Model) -> list[Constraint]:
    """All that are written: as statements, and under the operators of the objectives."""
    under = [each for wanted in model.objectives for each in wanted.constraints]
    return [found for each in (*model.constraints, *under) if (found := read_constraint(each)) is not None]


def constrain(context: Context, objectives: Sequence[Objective], evaluate: Evaluate, scope: Scope) -> list[Objective]:
    """The objectives with the ranges of their parameters; a Lipschitz constraint that nothing enforces is an error."""
    made = list(objectives)
    for each in constraints_of(context.model):
        owned = _owned(context, each.target)
        if not owned:
            said = f"{each.written} constrains nothing: no network and no parameter is named {each.target}"
            known = ", ".join((*context.networks, *context.parameters))
            raise context.refuse("F2D-0504", said, each.written.span, f"name what is trained: {known}")
        if each.interval is not None:
            low, high = (_number(context, end, evaluate, scope) for end in (each.interval.lower, each.interval.upper))
            kept = Range(owned, low, high, each.written.span)
            made = [replace(one, ranges=(*one.ranges, kept)) if _trains(one, owned) else one for one in made]
    for each in constraints_of(context.model):
        if each.interval is None:
            _enforce(context, each, _owned(context, each.target), made)
    return made


def _owned(context: Context, target: tree.Symbol) -> tuple[str, ...]:
    """What is constrained: ``D``, ``w`` of ``D_w``, ``\\theta_D``."""
    own = read_name(target, frozenset(), head=True)
    names = {own.full, own.id}
    owners: list[Network | Parameter] = [*context.networks.values(), *context.parameters.values()]
    for names_of_one in (names, {str(each) for each in target.sub}):
        found = tuple(
            each.name
            for each in owners
            if names_of_one & {each.name, each.label, each.group, *each.label.split("_")[1:]}
        )
        if found:
            return found
    return ()


def _trains(objective: Objective, owned: tuple[str, ...]) -> bool:
    return objective.trains is None or bool(set(owned) & set(objective.trains))


def _number(context: Context, end: tree.Node, evaluate: Evaluate, scope: Scope) -> ir.Node:
    value = evaluate(end, scope)
    if as_constant(value) is None:
        raise context.refuse(
            "F2D-0505", f"{end} is no number to keep parameters within", end.span, "write [-0.01, 0.01]"
        )
    return value


def _enforce(context: Context, written: Constraint, owned: tuple[str, ...], objectives: Sequence[Objective]) -> None:
    """See that something keeps the Lipschitz constant: a range, a gradient penalty, spectral norms."""
    left = [name for name in owned if not _is_kept(context, name, objectives)]
    for name in left:
        network = context.networks.get(name)
        if network is None or network.scaffold is None:
            raise context.refuse(
                "F2D-0506",
                f"nothing keeps {name} within {written.written}",
                written.written.span,
                f"bind f2d.SpectralNorm(net); or clip, {name} \\in [-0.01, 0.01]; or write the gradient penalty",
            )
        context.networks[name] = replace(network, scaffold=replace(network.scaffold, spectral=True))
        context.assume(f"{written.written} is kept by the spectral norm of each layer of {name}", written.written.span)


def _is_kept(context: Context, name: str, objectives: Sequence[Objective]) -> bool:
    if any(name in each.owned for one in objectives for each in one.ranges):
        return True
    nodes = walk(*(term.node for one in objectives for term in one.terms))
    if any(
        isinstance(e, ir.Grad) and any(isinstance(n, ir.NetCall) and n.network == name for n in walk(e)) for e in nodes
    ):
        return True
    network = context.networks.get(name)
    bound = [] if network is None or network.binding is None else [context.named.values.get(network.label)]
    return any(each is not None and isinstance(each.value, NetworkValue) and each.value.lipschitz for each in bound)
