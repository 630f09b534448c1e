"""What the user bound to the formula's names, as plain facts: no torch, no modules.

The runtime inspects networks and tensors and describes them in these terms; the resolver decides what the
formula means from the descriptions alone, so that checking a formula never calls or even imports a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from formula2dgm.registry.averages import EMA
from formula2dgm.registry.estimators import Chosen
from formula2dgm.spans import Source


@dataclass(frozen=True, slots=True)
class NetworkValue:
    """An ``nn.Module``.

    named       the named parameters of its ``forward``
    sigmoid     bound as ``f2d.Sigmoid(net)``
    stochastic  it has layers that are random in the forward pass (dropout)
    invertible  it has an ``inverse``: both directions return the value and the log-determinant
    lipschitz   the weights of each of its layers are divided by their spectral norm
    """

    named: tuple[str, ...] = ()
    sigmoid: bool = False
    stochastic: bool = False
    invertible: bool = False
    lipschitz: bool = False


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
    """A tensor (a constant) or an ``nn.Parameter`` (``learned``)."""

    shape: tuple[int, ...]
    learned: bool


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


@dataclass(frozen=True, slots=True)
class Bindings:
    """All entries, in the order given."""

    entries: tuple[Binding, ...] = ()

    @staticmethod
    def of(values: Mapping[str, Value]) -> Bindings:
        """Bindings from a mapping of keys to described values."""
        return Bindings(tuple(Binding(Source(key, f"binding {key!r}"), value) for key, value in values.items()))


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


NO_BINDINGS = Bindings()
DEFAULTS = Options()
