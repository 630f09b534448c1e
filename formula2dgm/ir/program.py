"""A resolved program: what is computed, for whom, from what, and what was assumed."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.denoising import Denoiser
from formula2dgm.ir.evidence import Evidence
from formula2dgm.ir.joints import Factor, Joint, Query, Rollout
from formula2dgm.ir.reversal import Reversal
from formula2dgm.ir.targets import Target
from formula2dgm.records import dataclass
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

Support = Literal[
    "real",
    "binary",
    "unit",
    "category",
    "simplex",
    "positive",
    "sphere",
    "count",
    "integer",
    "angle",
    "grid",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Assumption:
    """One choice made for the user, in a sentence, with the place that called for it; ``code`` where a check speaks of
    it."""

    text: str
    span: Span | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """A data variable: the keyword of a call."""

    name: str
    latex: str
    axes: tuple[Axis, ...]
    shape: tuple[int, ...] | None = None
    support: Support = "unknown"
    classes: int | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """A scalar with a default; ``whole`` where it sizes an axis (K), ``fixed`` where tables of the module are made of
    it."""

    name: str
    default: float | int | None
    whole: bool = False
    span: Span | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers at each step that the module computes once, when it is built, from constants: a schedule."""

    name: str
    node: ir.Node
    label: str
    span: Span | None = None


#: What a default network takes in: its name, and its event shape or the data variable that has the same.
SizedInput = tuple[str, tuple[int, ...] | str | None]


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A default network: what goes in, and each head's name, constraint and event shape.

    ``classes`` are the inputs that are categories, with their number: the network takes them in one-hot.  ``whole`` are
    the inputs that are whole numbers, the position of a step: the network takes them as waves of several lengths.

    A ``flow`` is an invertible function of the first input, given the others: couplings, or one planar step.
    ``spectral``: each layer's weights are divided by their spectral norm.

    A shape is None where it is the data's to say: it is then the shape of the variable named in ``like``, and that of
    an input the shape of the data of its name.  An input's shape may also be the name of a data variable.

    sequence  the inputs are sequences, ``[n, steps, *shape]``: the results of all steps are made of all steps
              (``both``), of those up to the present one (``forward``) or from it to the end (``backward``);
              ``summary``: one result is made of the whole sequence; ``entries``: the steps are the entries of one
              vector, ``[n, entries]``, and the results of each are made of those up to it; ``order``: of those that the
              second input puts before it
    steady    the places of the inputs of such a network that are the same at all steps, ``[n, *shape]``
    ragged    such a network is given the ``lengths`` of the sequences as well, and reads no step behind their end
    state     one step of a recurrence: for each head, the place of the input that is its value at the step before, of
              the same shape; None for a head that is not carried on
    """

    inputs: tuple[SizedInput, ...]
    heads: tuple[tuple[str, Literal["real", "positive", "unit"], tuple[int, ...] | None], ...]
    like: str | None = None
    classes: tuple[tuple[str, int], ...] = ()
    whole: tuple[str, ...] = ()
    flow: Literal["couplings", "planar"] | None = None
    spectral: bool = False
    sequence: Literal["both", "forward", "backward", "summary", "entries", "order"] | None = None
    steady: tuple[int, ...] = ()
    ragged: bool = False
    state: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """A network that the module owns.

    name      the module's attribute: ``q_z_given_x``, ``encoder``
    label     what the formula calls it: ``q(z|x)``, ``mu_phi``
    inputs    the names of its arguments, in the binding's order
    keywords  call it by those names (every one is a named parameter of its ``forward``)
    group     the parameter group it belongs to (``phi``), if the formula shows one
    scaffold  how to make a default, if the user bound nothing
    sigmoid   bound as ``f2d.Sigmoid(net)``: it returns logits of what the formula names
    binding   the user's key and, where bound parameter by parameter, the parameter's name; None for a scaffold
    outputs   how many results it returns, as a tuple where there are several
    stateful  a call changes what it keeps: running averages of batch norm
    random    it has layers that draw: another call is another result
    """

    name: str
    label: str
    inputs: tuple[str, ...]
    keywords: bool = False
    group: str | None = None
    scaffold: Scaffold | None = None
    sigmoid: bool = False
    binding: tuple[str, str] | None = None
    outputs: int = 1
    stateful: bool = False
    random: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that the module owns: a learned parameter (``nn.Parameter``) or a constant (a buffer).

    ``binding`` is the user's key and, where bound parameter by parameter, the parameter's name.  A tensor nobody bound
    is filled with the number ``fill`` (``identity``: on its diagonal, with 0 beside it), or starts at standard normal
    draws (``normal``); one of unknown shape has ``rows`` of the event shape of the data variable ``like``.
    """

    name: str
    label: str
    learned: bool
    shape: tuple[int, ...] | None = None
    group: str | None = None
    binding: tuple[str, str] | None = None
    fill: float | None = None
    identity: bool = False
    normal: bool = False
    rows: int | None = None
    like: str | None = None

    @property
    def made(self) -> bool:
        """Does the module make the tensor itself?"""
        return self.shape is not None and (self.fill is not None or self.normal)


@dataclass(frozen=True, slots=True)
class Site:
    """A place of randomness. ``noise``: what fixes it (``standard``: the family's standard member; ``value``;
    ``permutation``). ``estimator``: how the gradient of what is learned before it is estimated (``detached``: nothing
    is)."""

    name: str
    variable: str
    law: ir.Law | None
    node: ir.Node
    axes: tuple[Axis, ...]
    noise: Literal["standard", "value", "permutation"]
    estimator: str = "pathwise"


@dataclass(frozen=True, slots=True)
class Term:
    """A summand: ``coefficient * node``. The coefficient is a sign, numbers and hyperparameters; ``node`` has no axis
    left (but the batch under ``reduction="none"``)."""

    name: str
    coefficient: ir.Node
    node: ir.Node
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Where the parameters of networks, or tensors, are kept: they are clipped to it after each step."""

    owned: tuple[str, ...]
    low: ir.Node
    high: ir.Node
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """The sum of its terms, to be maximised or minimised by one player (None: the only one).

    ``trains`` names the networks and parameters that the player owns; None means all that is not frozen.
    ``ranges`` say where parameters are kept.
    """

    terms: tuple[Term, ...]
    maximize: bool
    player: str | None = None
    trains: tuple[str, ...] | None = None
    name: str | None = None
    span: Span | None = None
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """All that later stages need; nothing after the resolver looks at bindings again, and at syntax only to print it.

    ``statements`` are the formula as it was understood: what is defined, and what is wanted.
    ``model`` are the densities that the objective's own make a joint of, parents first (``p(z)``, ``p(x|z)``), and
    ``generative`` its ancestral draws by variable, where it can be drawn without data; their batch is an axis of their
    own.  ``decoded`` is what data are compared with and is made of themselves.  A distribution has a ``joint`` and the
    ``queries`` that it answers in place of objectives.  ``targets`` are copies that follow networks and parameters.
    ``rollout`` makes new steps of sequences.  ``tables`` are schedules that the module computes when it is built.
    ``denoiser`` is what a network that undoes noise knows of the data, ``reversal`` a chain that is drawn backwards.
    ``evidence`` is what a tighter bound on the data's log-density averages.
    ``unread`` are the definitions at steps that nothing asked for.
    ``options`` are those of the compilation that were given.
    """

    arena: Arena
    statements: tuple[tree.Node, ...]
    objectives: tuple[Objective, ...]
    inputs: tuple[Input, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    networks: tuple[Network, ...]
    parameters: tuple[Parameter, ...]
    sites: tuple[Site, ...]
    assumptions: tuple[Assumption, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    generative: tuple[tuple[str, ir.Node], ...] = ()
    model: tuple[Factor, ...] = ()
    decoded: tuple[tuple[str, ir.Node], ...] = ()
    reduction: Literal["mean", "sum", "none"] = "mean"
    options: dict[str, object] = field(default_factory=dict)
    joint: Joint | None = None
    queries: tuple[Query, ...] = ()
    targets: tuple[Target, ...] = ()
    rollout: Rollout | None = None
    tables: tuple[Table, ...] = ()
    denoiser: Denoiser | None = None
    reversal: Reversal | None = None
    evidence: Evidence | None = None
    unread: tuple[str, ...] = ()

    @property
    def ascii(self) -> str:
        """The formula as plain text, a statement a line."""
        return "\n".join(map(str, self.statements))

    @property
    def latex(self) -> str:
        """The formula as LaTeX, a statement a line."""
        return "\n".join(each.latex() for each in self.statements)

    @property
    def called(self) -> list[Network]:
        """All networks that may be called: those that the module is given, and targets."""
        return [*self.networks, *(each.owner for each in self.targets if isinstance(each.owner, Network))]

    @property
    def tensors(self) -> list[Parameter]:
        """All tensors: those that the module is given or makes, and targets."""
        return [*self.parameters, *(each.owner for each in self.targets if isinstance(each.owner, Parameter))]

    @property
    def roots(self) -> list[ir.Node]:
        """All that is computed: the terms of every objective, the answers to every query."""
        terms = [term.node for objective in self.objectives for term in objective.terms]
        return terms + [node for query in self.queries for node in query.nodes]
