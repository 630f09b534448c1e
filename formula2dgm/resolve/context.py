"""What a resolution knows and collects, and what is visible at one place of the formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from formula2dgm.bindings import Options
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Assumption, Hyperparameter, Input, Network, Parameter
from formula2dgm.ir.targets import Target
from formula2dgm.reading.names import Name
from formula2dgm.records import dataclass
from formula2dgm.resolve.densities.finding import Densities
from formula2dgm.resolve.draws.estimators import Estimators
from formula2dgm.resolve.draws.sharing import DrawBook
from formula2dgm.resolve.statements.meeting import Meetings
from formula2dgm.resolve.statements.model import Declared, Model
from formula2dgm.resolve.statements.named import NamedValues
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.registry.estimators import Chosen
    from formula2dgm.resolve.draws.scores import ScoredDraw, Surrogate
    from formula2dgm.resolve.sequences.timeline import Timeline
    from formula2dgm.resolve.values.averages import Average
    from formula2dgm.resolve.values.followed import Following


T = TypeVar("T")
#: How many definitions stand in one another.
MAX_DEPTH = 60


class Refused(Exception):
    """Raised once an error is in the diagnostics, to leave an expression that has no value."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is visible at one place.

    values      variables that an enclosing operator binds
    indices     index names with their axes
    replicates  axes over which every draw below is repeated
    statement   the distribution statement whose arguments are being evaluated
    path        the nodes above, each with whether this branch enters it linearly: decides shared draws
    batch       the plate of the draws here
    common      a draw here is one for all examples: a sum over the examples is written below
    scores      variables with respect to which a gradient around this place is taken
    argument    an argument of a family is being evaluated: what is applied there is a network
    """

    batch: Axis
    values: Mapping[str, ir.Node] = field(default_factory=dict)
    indices: Mapping[str, Axis] = field(default_factory=dict)
    replicates: tuple[Axis, ...] = ()
    statement: Declared | None = None
    path: tuple[tuple[int, bool], ...] = ()
    common: bool = False
    scores: frozenset[str] = frozenset()
    argument: bool = False

    def under(self, node: tree.Node, linear: bool = True) -> Scope:
        """The scope one level below ``node``."""
        return replace(self, path=(*self.path, (id(node), linear)))

    def bind(self, values: Mapping[str, ir.Node]) -> Scope:
        return replace(self, values={**self.values, **values})

    def fresh(self, axis: Axis, shadowed: str = "") -> Axis:
        """The axis, under another name where a value that is visible here runs along it: ``log p(x)`` sums over its own
        k where x was drawn for each k. The variable ``shadowed`` is about to be bound anew."""
        used = {each for name, value in self.values.items() if name != shadowed for each in value.axes}
        while axis in used:
            axis = replace(axis, name=axis.name + "'")
        return axis

    def index(self, name: str, axis: Axis) -> Scope:
        return replace(self, indices={**self.indices, name: axis})


@dataclass(slots=True)
class Context:
    """One resolution: its inputs, the arena, and everything collected on the way.

    plates   the axes of indices that run inside an example, by the index and its upper bound
    plated   the data variables that have such axes
    scored   the values whose gradient is a score; surrogates: the costs that have scores already
    relaxed  the values that stand for those of a discrete variable
    functionals  the divergences and entropies that were evaluated, as they are written
    time        the steps of the formula's sequences, if it has any
    traces      what the volume around a path changes by, by the path
    averages    the parameters that follow others; followed: the copies that they are weights of
    made_of     the names whose owner owns what goes by a name
    """

    model: Model
    named: NamedValues
    densities: Densities
    options: Options
    found: Diagnostics
    arena: Arena = field(default_factory=Arena)
    draws: DrawBook = field(default_factory=DrawBook)
    latent: frozenset[str] = frozenset()
    sample_axes: dict[str, Axis] = field(default_factory=dict)
    statement_draws: dict[str, ir.Node] = field(default_factory=dict)
    written_draws: dict[str, list[tuple[tree.Node, tuple[Axis, ...]]]] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    hyperparameters: dict[str, Hyperparameter] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    assumptions: dict[str, Assumption] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unsized: dict[str, tree.Node] = field(default_factory=dict)
    resolving: list[str] = field(default_factory=list)
    unfolded: set[str] = field(default_factory=set)
    pseudo_inputs: dict[str, Name] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    plates: dict[tuple[str, str], Axis] = field(default_factory=dict)
    plated: dict[str, tuple[Axis, ...]] = field(default_factory=dict)
    estimators: Estimators = field(default_factory=Estimators)
    scored: dict[ir.Node, ScoredDraw] = field(default_factory=dict)
    surrogates: dict[ir.Node, Surrogate] = field(default_factory=dict)
    relaxed: dict[ir.Node, Chosen] = field(default_factory=dict)
    meetings: Meetings | None = None
    volumes: frozenset[str] | None = None
    batch_sizes: frozenset[str] = frozenset()
    averages: tuple[Average, ...] = ()
    followed: dict[str, Following] = field(default_factory=dict)
    made_of: dict[str, frozenset[str]] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    data_sets: dict[str, frozenset[str]] | None = None
    functionals: dict[str, None] = field(default_factory=dict)
    codebook_rows: dict[str, int] = field(default_factory=dict)
    time: Timeline | None = None
    traces: dict[ir.Node, ir.Node] = field(default_factory=dict)

    def assume(self, text: str, span: Span | None = None, code: str | None = None) -> None:
        """List a choice made for the user, once; ``code``: a check speaks of it."""
        if text not in self.assumptions:
            self.assumptions[text] = Assumption(text, span, code)

    def refuse(self, code: str, message: str, span: Span | None, hint: str | None = None) -> Refused:
        """Record an error; ``raise context.refuse(...)``."""
        self.found.error(code, message, span, hint)
        return Refused(message)

    def call(
        self,
        name: str,
        args: tuple[ir.Node, ...],
        frozen: bool = False,
        stochastic: bool = False,
        origin: tree.Node | None = None,
    ) -> ir.NetCall:
        """One call of a network: the same node for the same inputs, unless random layers are to be drawn again."""
        copy = 0
        if stochastic and self.options.share_stochastic:
            self.assume(f"{name} has random layers: one call for the same inputs, its random layers shared")
        elif stochastic:
            copy = self.calls[name] = self.calls.get(name, 0) + 1
        return self.arena.make(ir.NetCall, name, args, frozen, copy, origin=origin)

    def default_network(self, network: Network, place: tree.Node) -> None:
        """Enter a network that is made by default; wherever its name is called again, it takes the same values."""
        known = self.networks.setdefault(network.name, network)
        if known is network or known.scaffold is None or network.scaffold is None:
            return
        one, other = ([shape for _, shape in each.scaffold.inputs] for each in (known, network))  # type: ignore[union-attr]
        if len(one) == len(other) and all(
            a == b for a, b in zip(one, other, strict=True) if _is_sized(a) and _is_sized(b)
        ):
            if len(network.scaffold.whole) > len(known.scaffold.whole):
                self.networks[network.name] = network  # known at one step, and called at all of them
            return
        raise self.refuse(
            "F2D-0218",
            f"{network.label} is made by default, from {_sized(known)} elsewhere and from {_sized(network)} here",
            place.span,
            "give different networks different names, or bind one that takes both",
        )

    def network(self, name: str) -> Network:
        """A network that has been entered; of a target, the network that it follows."""
        return self.networks[self.followed[name].of if name in self.followed else name]

    def parameter(self, name: str) -> Parameter:
        """A tensor that has been entered; of a target, the tensor that it follows."""
        return self.parameters[self.followed[name].of if name in self.followed else name]

    @contextmanager
    def unfolding(self, name: str, span: Span) -> Iterator[None]:
        """While a definition is unfolded, its own name in it is an error."""
        if name in self.resolving:
            hint = "what one step makes of the step before is written with it in the subscript: h_t = f(h_{t-1}, x_t)"
            raise self.refuse("F2D-0206", f"{name} is defined through itself", span, hint)
        if len(self.resolving) >= MAX_DEPTH:
            hint = "write a step of a sequence with its index, h_t = f(h_{t-1}); join definitions that are used once"
            says = f"{name} stands in a definition in a definition, {MAX_DEPTH} deep"
            raise self.refuse("F2D-0664", says, span, hint)
        self.resolving.append(name)
        self.unfolded.add(name)
        try:
            yield
        finally:
            self.resolving.pop()

    def collected(self) -> tuple[dict[str, Any], ...]:
        """What the resolution has entered in the program so far, to be restored where an expression is given up."""
        return tuple(dict(each) for each in self._tables)

    def restore(self, before: tuple[dict[str, Any], ...]) -> None:
        """Forget what was entered since ``before``."""
        for table, old in zip(self._tables, before, strict=True):
            table.clear()
            table.update(old)

    def attempted(self, make: Callable[[], T]) -> T | None:
        """What is made beside the objective, a sampler; None where that is refused. What it entered stays where it is
        made; inputs, findings and assumptions on the way do not."""
        kept = self.found, self.time, self.latent, dict(self.inputs), dict(self.assumptions)
        entered = self.collected()
        self.found = Diagnostics()
        made: T | None = None
        try:
            made = make()
        except Refused:
            pass
        if made is None:
            self.restore(entered)
        self.found, self.time, self.latent, self.inputs, self.assumptions = kept
        return made

    @property
    def _tables(self) -> tuple[dict[str, Any], ...]:
        entered = (self.networks, self.parameters, self.hyperparameters, self.inputs, self.followed)
        return (*entered, self.groups, self.unsized)

    def claim_group(self, label: str, own: tuple[str, ...], group: tuple[str, ...], place: tree.Node) -> None:
        """Note that a binding without a parameter group stands for one; to stand for two is an error."""
        if own or not group:
            return
        known = self.groups.setdefault(label, group)
        if known != group:
            raise self.refuse(
                "F2D-0221",
                f"{label} is bound without a parameter group and stands for two: "
                f"{', '.join(known)} and {', '.join(group)}",
                place.span,
                f"bind each of them: {label} with _{known[0]} and with _{group[0]}",
            )

    def const(self, value: float | int) -> ir.Const:
        return self.arena.make(ir.Const, value)

    def standard_normal(self, shape: tuple[int, ...] | str | None) -> ir.Law:
        """``N(0, I)`` over an event shape."""
        params = (("loc", self.const(0.0)), ("scale", self.const(1.0)))
        return self.arena.make(ir.Law, "Normal(0, I)", "Normal", params, shape)


def _is_sized(shape: tuple[int, ...] | str | None) -> TypeGuard[tuple[int, ...]]:
    return isinstance(shape, tuple) and bool(shape)


def _sized(network: Network) -> str:
    """What a default network takes, as an error lists it."""
    assert network.scaffold is not None
    inputs = [
        f"{name} of {'x'.join(map(str, shape))}" if _is_sized(shape) else name
        for name, shape in network.scaffold.inputs
    ]
    return f"({', '.join(inputs)})"
