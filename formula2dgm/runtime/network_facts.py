"""What the resolver is told of a module that is bound: named parameters, random layers, norms, recurrence."""

from __future__ import annotations

import inspect

import torch
from torch import nn

from formula2dgm.bindings import NetworkValue, Recurrent
from formula2dgm.runtime.invertible import is_invertible
from formula2dgm.runtime.masked import Masked
from formula2dgm.runtime.reversed import Reversed


def network_value(module: nn.Module, sigmoid: bool = False) -> NetworkValue:
    """The facts of a module; ``sigmoid``: it is bound as ``f2d.Sigmoid``."""
    return NetworkValue(
        _named_parameters(module.network if isinstance(module, Masked) else module),
        sigmoid,
        _is_stochastic(module),
        not sigmoid and is_invertible(module),
        _is_lipschitz(module),
        recurrent_of(module),
        _hidden_size(module),
        _is_stateful(module),
        not any(each.requires_grad for each in module.parameters()),
    )


def _named_parameters(module: nn.Module) -> tuple[str, ...]:
    """The named parameters of a module's forward, in order; () where it has none (``*args``)."""
    parameters = inspect.signature(module.forward).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return tuple(each.name for each in parameters if each.kind in kinds)


def _is_stochastic(module: nn.Module) -> bool:
    """Has the module layers that draw in the forward pass?"""
    return any(
        isinstance(each, nn.modules.dropout._DropoutNd | nn.RReLU)
        or (isinstance(each, nn.RNNBase) and each.dropout > 0 and each.num_layers > 1)
        for each in module.modules()
    )


def _is_stateful(module: nn.Module) -> bool:
    """Has the module layers that keep running averages of what they are given?"""
    return any(
        isinstance(each, nn.modules.batchnorm._NormBase) and each.track_running_stats for each in module.modules()
    )


# -- spectral norms ------------------------------------------------------------------------------------


def add_spectral_norms(network: nn.Module) -> None:
    """Divide the weights of each layer by their spectral norm, but for those that are divided already."""
    for layer in _layers(network):
        if not _is_normed(layer):
            torch.nn.utils.parametrizations.spectral_norm(layer)


def _layers(network: nn.Module) -> list[nn.Module]:
    """The layers with a weight that multiplies its input."""
    kinds = (nn.Linear, nn.Bilinear, nn.modules.conv._ConvNd)
    return [each for each in network.modules() if isinstance(each, kinds)]


def _is_normed(layer: nn.Module) -> bool:
    made = getattr(getattr(layer, "parametrizations", None), "weight", ())
    return any(type(each).__name__ == "_SpectralNorm" for each in made) or hasattr(layer, "weight_orig")


def _is_lipschitz(network: nn.Module) -> bool:
    """Has every layer a weight divided by its spectral norm?"""
    layers = _layers(network)
    return bool(layers) and all(map(_is_normed, layers))


# -- recurrence ----------------------------------------------------------------------------------------


def recurrent_of(module: nn.Module) -> Recurrent | None:
    """What is known of torch's recurrent layers and cells, and of a layer that is run backwards."""
    layer = module.network if isinstance(module, Reversed) else module
    if isinstance(layer, nn.RNNBase):
        lstm, directions = isinstance(layer, nn.LSTM), 2 if layer.bidirectional else 1
        width = layer.proj_size or layer.hidden_size
        name = f"nn.{layer.mode.split('_')[0]}"
        return Recurrent(name, 2 if lstm else 1, width * directions, False, directions == 2, layer is not module)
    if isinstance(module, nn.RNNCellBase):
        name, carried = type(module).__name__, 2 if isinstance(module, nn.LSTMCell) else 1
        return Recurrent(f"nn.{name}", carried, module.hidden_size, True)
    return None


def _hidden_size(module: nn.Module) -> int | None:
    """The size of what the module carries from step to step, by the name that torch has for it."""
    size = getattr(module, "hidden_size", None)
    return size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else None


def unfit_recurrent(module: nn.Module, family: str | None = None) -> tuple[str, str] | None:
    """Why a module with recurrent layers cannot be bound, and what to do; ``family``: the distribution around it."""
    steps_first = next((each for each in _applied_in_turn(module) if _has_steps_first(each)), None)
    if steps_first is not None:
        kind = type(steps_first).__name__
        said = f"nn.{kind} was made with batch_first=False: it would read the examples of a batch as steps"
        return said, f"make it with batch_first=True: nn.{kind}(..., batch_first=True)"
    recurrent = recurrent_of(module)
    if recurrent is not None and recurrent.returns_tuple and family is not None:
        said = f"{recurrent.name} returns its results and its last state, which are no parameters of {family}"
        return (
            said,
            f"give {family} a network of h_t, where the formula says h_{{1:T}} = f(x_{{1:T}}), and bind f to it",
        )
    last = _applied_in_turn(module)[-1]
    if isinstance(module, nn.Sequential) and isinstance(last, nn.RNNBase | nn.LSTMCell):
        said = f"the last layer, nn.{type(last).__name__}, returns a tuple: its results, and its last state"
        return said, "write a module whose forward returns the results alone, or bind that layer to a name of its own"
    return None


def _applied_in_turn(module: nn.Module) -> list[nn.Module]:
    """The modules that are applied one after the other: those of an ``nn.Sequential``, or the module itself."""
    if isinstance(module, nn.Sequential) and len(module):
        return [inner for each in module for inner in _applied_in_turn(each)]
    return [module.network] if isinstance(module, Reversed) else [module]


def _has_steps_first(module: nn.Module) -> bool:
    return isinstance(module, nn.RNNBase) and not module.batch_first
