"""The bindings a user writes, ``f2d.Normal(encoder)``, and their description for the resolver."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import torch
from torch import Tensor, nn

from formula2dgm import registry
from formula2dgm.bindings import (
    Binding,
    Bindings,
    FamilyValue,
    NetworkValue,
    NumberValue,
    ParameterValue,
    SequenceValue,
    TensorValue,
    Value,
    VariableValue,
    source_of,
)
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.records import dataclass
from formula2dgm.registry.averages import EMA
from formula2dgm.registry.family import Family
from formula2dgm.runtime.binding_checks import event_shape_of, impossible
from formula2dgm.runtime.invertible import as_module, members_of
from formula2dgm.runtime.network_facts import add_spectral_norms, network_value, unfit_recurrent
from formula2dgm.spans import Span


class Sigmoid:
    """Marks a network that returns the logits of what the formula names.

    Under ``log D(x)`` the formula's ``D`` is then ``sigmoid(net)``, emitted as a stable log-sigmoid.

    >>> from torch import nn
    >>> Sigmoid(nn.Linear(2, 1)).network
    Linear(in_features=2, out_features=1, bias=True)
    """

    def __init__(self, network: nn.Module):
        self.network = network


class Function(nn.Module):
    """A plain function that is bound to a name: a kernel, an energy. It has no parameters.

    >>> Function(torch.add)(torch.ones(2), torch.ones(2))
    tensor([2., 2.])
    """

    def __init__(self, function: Callable[..., Tensor]):
        super().__init__()
        self.function = function

    def forward(self, *args: Tensor) -> Tensor:
        """The function's result."""
        return self.function(*args)


def SpectralNorm(network: nn.Module) -> nn.Module:  # noqa: N802 (it is written as a binding, like Sigmoid)
    """Divide the weights of each layer of a network by their spectral norm, in place, and return the network.

    Linear and convolutional layers are then 1-Lipschitz, and so is the network where its activations are (ReLU, tanh):
    the formula may say ``\\|D\\|_L \\le 1``.  The norm is estimated by one step of power iteration in each forward
    pass of training (``torch.nn.utils.parametrizations.spectral_norm``).

    >>> from torch import nn
    >>> network = SpectralNorm(nn.Linear(4, 3))
    >>> bool(torch.linalg.matrix_norm(network.weight, 2) < 1.2)
    True
    """
    add_spectral_norms(network)
    return network


class BoundFamily:
    """A family of distributions around a network, or given parameter by parameter; see the subclasses."""

    family: Family

    def __init__(
        self,
        network: nn.Module | None = None,
        /,
        *,
        event_shape: int | tuple[int, ...] | None = None,
        **parameters: object,
    ):
        choices = (*self.family.options, *(name for name, _ in self.family.settings))
        options = {name: parameters.pop(name) for name in choices if name in parameters}
        accepted = set(self.family.parameters).union(*self.family.alternatives.values())
        unknown = sorted(set(parameters) - accepted)
        if unknown:
            takes = ", ".join(sorted(accepted | set(choices))) or "no parameters"
            raise TypeError(f"{self.family.name} has no parameter {', '.join(unknown)}; it takes {takes}")
        if not self.family.parameters and network is not None:
            raise TypeError(f"{self.family.name} has no parameters, so it takes no network")
        if self.family.parameters and (network is None) == (not parameters):
            raise TypeError(f"{self.family.name} takes one network, or its parameters by name")
        self.network = network
        self.parameters = parameters
        self.event_shape = event_shape_of(event_shape)
        self.options = options

    def __reduce__(self) -> tuple[object, ...]:
        return _bound, (self.family.name, self.__dict__)

    def __repr__(self) -> str:
        inside = [type(self.network).__name__] if self.network is not None else []
        inside += [f"{name}={value!r}" for name, value in self.parameters.items()]
        return f"{self.family.name}({', '.join(inside)})"


def _bound(family: str, state: dict[str, object]) -> BoundFamily:
    """What was bound, from a pickle or a copy: the classes are made when they are asked for."""
    kind = class_named(family)
    made: BoundFamily = kind.__new__(kind)
    made.__dict__.update(state)
    return made


def family_class(family: Family) -> type[BoundFamily]:
    """The binding class of a registered family: ``f2d.Normal`` and its kin."""
    lines = [f"Binds a density to the {family.name} family.", ""]
    if family.parameters:
        others = {name: " or ".join(family.alternatives.get(name, ())) for name in family.parameters}
        takes = ", ".join(f"``{name}``" + (f" (or {other})" if other else "") for name, other in others.items())
        bare = f"; a bare tensor means {family.bare}" if family.bare else ""
        lines += [
            f"``{family.name}(net)`` takes {takes} from the network's output: a dict by name, or a tuple in this",
            f"order{bare}.",
            f"``{family.name}({family.parameters[0]}=..., ...)`` takes them one by one: networks, numbers, tensors,",
            "``nn.Parameter`` (learned), or the name of a conditioning variable.",
        ]
    lines += [f"``{name}=True`` is a choice of its density." for name in family.options]
    lines += [f"``{name}={default!r}`` is a setting." for name, default in family.settings]
    lines.append("``event_shape`` sizes a law that is made of constants.")
    members = {"family": family, "__doc__": "\n".join(lines), "__module__": __name__}
    return type(family.name, (BoundFamily,), members)


@cache
def class_named(name: str) -> type[BoundFamily]:
    """``f2d.Normal``, one class for each family, also one that another package adds; ``KeyError`` if there is none."""
    return family_class(registry.family(name))


@dataclass(frozen=True, slots=True)
class Described:
    """The bindings as facts for the resolver, and the objects themselves by (key, parameter)."""

    bindings: Bindings
    objects: dict[tuple[str, str], object]


def describe(bindings: Mapping[str, object]) -> Described:
    """Describe what the user bound. Raises :class:`FormulaError` for what cannot be bound."""
    entries: list[Binding] = []
    objects: dict[tuple[str, str], object] = {}
    problems: list[Diagnostic] = []
    for key, value in bindings.items():
        if not isinstance(key, str):
            problems.append(Diagnostic("F2D-0707", "error", f"a key is the formula's text, not a {type(key).__name__}"))
            continue
        source = source_of(key)
        span = Span(source, 0, len(key))
        if (unfit := _unfit(value)) is not None:
            problems.append(Diagnostic("F2D-0640", "error", unfit[0], span, unfit[1]))
            continue
        described = _describe(key, value, objects)
        if isinstance(described, str):
            problems.append(Diagnostic("F2D-0707", "error", described, span))
        else:
            entries.append(Binding(source, described))
    if problems:
        raise FormulaError(problems)
    return Described(Bindings(tuple(entries)), objects)


def _unfit(value: object) -> tuple[str, str] | None:
    """Why recurrent layers do not fit their place, and what to do."""
    family = (
        value.family.name if isinstance(value, BoundFamily) else "f2d.Sigmoid" if isinstance(value, Sigmoid) else None
    )
    inside = (
        [value.network, *value.parameters.values()] if isinstance(value, BoundFamily) else members_of(value) or [value]
    )
    modules = (each.network if isinstance(each, Sigmoid) else each for each in inside)
    found = (unfit_recurrent(each, family) for each in modules if isinstance(each, nn.Module))
    return next((each for each in found if each is not None), None)


def _describe(key: str, value: object, objects: dict[tuple[str, str], object]) -> Value | str:
    if isinstance(value, torch.distributions.Distribution):
        value = _from_torch(value)
        if isinstance(value, str):
            return value
    if isinstance(value, BoundFamily):
        return _describe_family(key, value, objects)
    if isinstance(value, bool):
        return f"True or False cannot be bound to {key!r}"
    if isinstance(value, EMA):
        named = isinstance(value.of, str) and isinstance(value.decay, int | float)
        return value if named else f"f2d.EMA takes a name and a number, f2d.EMA('theta', 0.999), not {value}"
    if (members := members_of(value)) is not None:
        return _describe_sequence(key, members, objects)
    if inspect.isfunction(value) or inspect.isbuiltin(value):
        value = Function(value)
    try:
        value = as_module(value)
    except ValueError as error:
        return str(error)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} cannot be bound to {key!r}: it is no number to compute with"
    if isinstance(value, Sigmoid | nn.Module | Tensor | int | float):
        return _describe_parameter((key, ""), value, objects)  # type: ignore[return-value]
    return f"a {type(value).__name__} cannot be bound: bind a family around a network, a network, a tensor or a number"


def _describe_sequence(key: str, members: Sequence[object], objects: dict[tuple[str, str], object]) -> SequenceValue:
    """A list of modules, each an object of its own, numbered from 1."""
    described = [_describe_parameter((key, str(number)), each, objects) for number, each in enumerate(members, 1)]
    return SequenceValue(tuple(each for each in described if isinstance(each, NetworkValue)))


def _describe_family(key: str, value: BoundFamily, objects: dict[tuple[str, str], object]) -> FamilyValue | str:
    network = None
    if value.network is not None:
        if not isinstance(value.network, nn.Module):
            return f"{value.family.name}(...) takes an nn.Module, not a {type(value.network).__name__}"
        described = _describe_parameter((key, ""), value.network, objects)
        assert isinstance(described, NetworkValue)
        network = described
    parameters: list[tuple[str, ParameterValue]] = []
    for name, each in value.parameters.items():
        if isinstance(each, bool) or not isinstance(each, Sigmoid | nn.Module | Tensor | int | float | str):
            return f"{name} of {value.family.name} cannot be a {type(each).__name__}"
        if (wrong := impossible(value.family, name, each)) is not None:
            return wrong
        parameters.append((name, _describe_parameter((key, name), each, objects)))
    options = tuple(sorted(value.options.items()))
    return FamilyValue(value.family.name, network, tuple(parameters), value.event_shape, options)


def _describe_parameter(
    place: tuple[str, str], value: object, objects: dict[tuple[str, str], object]
) -> ParameterValue:
    if isinstance(value, str):
        return VariableValue(value)
    if isinstance(value, Sigmoid):
        objects[place] = value.network
        return network_value(value.network, sigmoid=True)
    if isinstance(value, nn.Module):
        objects[place] = value
        return network_value(value)
    if isinstance(value, Tensor):
        objects[place] = value
        learned = isinstance(value, nn.Parameter)
        total = None if learned or value.dim() != 1 or value.is_complex() else float(value.detach().double().sum())
        return TensorValue(tuple(value.shape), learned, total)
    assert isinstance(value, int | float)
    return NumberValue(value)


def _from_torch(law: torch.distributions.Distribution) -> BoundFamily | str:
    """A torch distribution as a constant binding; an Independent around one is the same event."""
    if isinstance(law, torch.distributions.Independent):
        law = law.base_dist
    names = [each.name for each in registry.families()]
    if type(law).__name__ not in names:
        return f"torch's {type(law).__name__} is not among the families: {', '.join(names)}"
    made = class_named(type(law).__name__)
    parameters = {name: getattr(law, name) for name in made.family.parameters}
    return made(event_shape=tuple(law.batch_shape) or None, **parameters)
