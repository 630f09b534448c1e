"""The resolver: from syntax to meaning. Everything that is semantics is decided here, before any optimisation."""

from formula2dgm.bindings import (
    DEFAULTS,
    NO_BINDINGS,
    Binding,
    Bindings,
    FamilyValue,
    NetworkValue,
    NumberValue,
    Options,
    TensorValue,
    VariableValue,
)
from formula2dgm.resolve.distributions.joints import resolve_distribution
from formula2dgm.resolve.resolver import resolve

__all__ = [
    "DEFAULTS",
    "NO_BINDINGS",
    "Binding",
    "Bindings",
    "FamilyValue",
    "NetworkValue",
    "NumberValue",
    "Options",
    "TensorValue",
    "VariableValue",
    "resolve",
    "resolve_distribution",
]
