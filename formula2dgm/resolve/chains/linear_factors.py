r"""The factors of a chain with a continuous state: ``p(z_1)``, ``p(z_t|z_{t-1})`` and ``p(x_t|z_t)``, one of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm import registry
from formula2dgm.bindings import FamilyValue
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import read_name
from formula2dgm.records import dataclass
from formula2dgm.resolve.chains.factors import Factor, factors_of
from formula2dgm.resolve.chains.paths import Paths, refused
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class LinearFactors:
    """The factors of a chain: the density of the first state, if one is written, ``p(z_t|z_{t-1})``, ``p(x_t|z_t)``."""

    paths: Paths
    start: tree.Call | None
    motion: tree.Call
    emission: tree.Call
    before: bool

    @staticmethod
    def read(context: Context, paths: Paths) -> LinearFactors:
        starts: list[Factor] = []
        motions: list[Factor] = []
        emissions: list[Factor] = []
        for each in factors_of(context, paths):
            if not isinstance(each.node, tree.Call):
                raise refused(context, paths, f"{each.node} is no density")
            over = any(paths.step_of(slot) is not None for slot in each.node.args)
            (emissions if not over else starts if each.index is None else motions).append(each)
        for found, what in ((motions, "p(z_t|z_{t-1})"), (emissions, "p(x_t|z_t)")):
            if len(found) != 1:
                raise refused(context, paths, f"one factor {what} is wanted, and {len(found)} stand in it")
        motion, emission = motions[0], emissions[0]
        return LinearFactors(
            paths,
            _start(context, paths, starts, motion),
            _call(motion),
            _call(emission),
            _is_before(context, paths, bool(starts), motion, emission),
        )


def _call(factor: Factor) -> tree.Call:
    assert isinstance(factor.node, tree.Call)
    return factor.node


def _start(context: Context, paths: Paths, starts: Sequence[Factor], motion: Factor) -> tree.Call | None:
    """The density of the first state; where the product over the steps has it, that of the state before, if known."""
    if len(starts) > 1 or (starts and motion.first != paths.start + 1):
        raise refused(context, paths, f"{paths.state}_{paths.start} has two laws, or a step between has none")
    if starts:
        return _call(starts[0])
    if motion.first != paths.start:
        raise refused(context, paths, f"{paths.state}_{paths.start} has no law")
    symbol = paths.at(tree.Number(str(paths.start - 1), span=paths.node.span))
    assert isinstance(motion.node, tree.Call)
    density = tree.Call(motion.node.head, (symbol,), None, None, span=paths.node.span)
    wanted = read_name(symbol, context.model.indices).id
    known = [each.signature for each in context.densities.all if each.binding is not None or each.declared is not None]
    if not any(each.ids == (frozenset((wanted,)), frozenset()) for each in known):
        return None
    context.assume(f"{symbol} is integrated, too, with its density {density}", paths.node.span)
    return density


def _is_before(context: Context, paths: Paths, written: bool, motion: Factor, emission: Factor) -> bool:
    """Is what the chain starts from one step before the first that is observed?"""
    first = motion.first - 1
    if emission.first not in (first, first + 1) or (not written and emission.first == first):
        raise refused(context, paths, f"the product of {emission.node} does not start with the first state")
    return emission.first == first + 1


def family_of(density: Density) -> str | None:
    """The family of a density that is bound or declared as one."""
    if density.binding is not None:
        return density.binding.value.family if isinstance(density.binding.value, FamilyValue) else None
    body = density.declared.body if density.declared is not None else None
    found = registry.family_by_spelling(spelling(body.head)) if isinstance(body, tree.Call) else None
    return found.name if found is not None else None


def _written_families(context: Context, paths: Paths) -> Iterator[str]:
    """The families that the factors over the state are written as: ``Cat(z_t | A_{z_{t-1}})``."""
    for each in factors_of(context, paths):
        call = each.node
        if isinstance(call, tree.Call) and call.args and paths.step_of(call.args[0]) is not None:
            if (found := registry.family_by_spelling(spelling(call.head))) is not None:
                yield found.name


def is_finite(context: Context, paths: Paths) -> bool:
    """Is the state a category, by its space or by a density over it?"""
    state = read_name(paths.state, context.model.indices)
    space = context.model.spaces.get(state.id)
    over = [
        each for each in context.densities.all if any(name and name.id == state.id for name in each.signature.variables)
    ]
    families = {family_of(each) for each in over} | set(_written_families(context, paths)) - {None}
    return (space is not None and space.kind == "category") or any(
        registry.family(each).finite for each in families if each
    )
