"""What the user bound to the formula's names, as plain facts: no torch, no modules.

The runtime inspects networks and tensors and describes them in these terms; the resolver decides what the
formula means from the descriptions alone, so that checking a formula never calls or even imports a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache

from formula2dgm.records import dataclass
from formula2dgm.registry.averages import EMA
from formula2dgm.registry.estimators import Chosen
from formula2dgm.spans import Source


@dataclass(frozen=True, slots=True)
class Recurrent:
    """A recurrent layer of torch, called once with a sequence ``[n, steps, ...]``, or a cell, called for one step.

    name           ``nn.GRU``, ``nn.LSTMCell``
    carried        how many values it carries from step to step
    size           the size of its result at a step
    cell           it is a cell: called with the input first, then the state (of an LSTM a tuple)
    bidirectional  each result reads all steps
    backward       it runs from the last step to the first (``f2d.Reversed``)
    """

    name: str
    carried: int
    size: int
    cell: bool
    bidirectional: bool = False
    backward: bool = False

    @property
    def returns_tuple(self) -> bool:
        """Does it return a tuple, of which the first is the result: a layer's results and its state, an LSTM's h and
        c?"""
        return self.carried == 2 if self.cell else not self.backward


@dataclass(frozen=True, slots=True)
class NetworkValue:
    """An ``nn.Module``.

    named       the named parameters of its ``forward``
    sigmoid     bound as ``f2d.Sigmoid(net)``
    stochastic  it has layers that are random in the forward pass (dropout)
    invertible  it has an ``inverse``: both directions return the value and the log-determinant
    lipschitz   the weights of each of its layers are divided by their spectral norm
    recurrent   what is known of a recurrent layer or cell of torch
    hidden_size the size of what it carries from step to step, where it says so
    stateful    a call changes what it keeps (the running averages of batch norm)
    fixed       nothing of it is trained: it has no parameters, or none that needs a gradient
    """

    named: tuple[str, ...] = ()
    sigmoid: bool = False
    stochastic: bool = False
    invertible: bool = False
    lipschitz: bool = False
    recurrent: Recurrent | None = None
    hidden_size: int | None = None
    stateful: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class SequenceValue:
    """A list of modules, ``f_1`` first."""

    members: tuple[NetworkValue, ...]


@dataclass(frozen=True, slots=True)
class NumberValue:
    """A Python number."""

    number: float | int


@dataclass(frozen=True, slots=True)
class TensorValue:
    """A tensor (a constant) or an ``nn.Parameter`` (``learned``); the ``total`` of a constant vector."""

    shape: tuple[int, ...]
    learned: bool
    total: float | None = None


@dataclass(frozen=True, slots=True)
class VariableValue:
    """A string: the name of a conditioning variable that is the parameter itself."""

    name: str


ParameterValue = NetworkValue | NumberValue | TensorValue | VariableValue


@dataclass(frozen=True, slots=True)
class FamilyValue:
    """A family around one network (``network``) or parameter by parameter (``parameters``)."""

    family: str
    network: NetworkValue | None = None
    parameters: tuple[tuple[str, ParameterValue], ...] = ()
    event_shape: tuple[int, ...] | None = None
    options: tuple[tuple[str, object], ...] = ()


Value = FamilyValue | NetworkValue | NumberValue | TensorValue | SequenceValue | EMA


@dataclass(frozen=True, slots=True)
class Binding:
    """One entry: the key as written (its own source, for carets) and the described value; of a list's member its
    number (``part``)."""

    key: Source
    value: Value
    part: str = ""


@lru_cache(maxsize=1024)
def source_of(key: str) -> Source:
    """The source that a key is: one for each text, so that what is read of it can be kept."""
    return Source(key, f"binding {key!r}")


@dataclass(frozen=True, slots=True)
class Bindings:
    """All entries, in the order given."""

    entries: tuple[Binding, ...] = ()

    @staticmethod
    def of(values: Mapping[str, Value]) -> Bindings:
        """Bindings from a mapping of keys to described values."""
        return Bindings(tuple(Binding(source_of(key), value) for key, value in values.items()))


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of ``f2d.compile`` that change what a formula means."""

    maximize: bool | None = None
    samples: int | Mapping[str, int] = 1
    estimators: Mapping[str, Chosen] = field(default_factory=dict)
    divergences: str | Mapping[str, str] = "auto"
    share_samples: bool = True
    share_stochastic: bool = True
    reduction: str = "mean"
    dims: Mapping[str, int] = field(default_factory=dict)
    scaffold: bool = False
    non_saturating: bool = False
    ragged: bool = False
    solver_steps: int = 20

    def chosen(self) -> dict[str, object]:
        """What is not as it is by itself, by name; defaults for the unbound are listed as assumptions."""
        own = {each: getattr(self, each) for each in self.__slots__ if each != "scaffold"}
        return {name: value for name, value in own.items() if value != getattr(DEFAULTS, name)}


NO_BINDINGS = Bindings()
DEFAULTS = Options()
