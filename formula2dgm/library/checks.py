"""What is refused in the first batch: values outside a support, impossible parameters, shapes that do not meet."""

from __future__ import annotations

import math
import warnings

import torch
from torch import Tensor

from formula2dgm.library.tensors import as_tensors


def check_real(name: str, x: Tensor | float) -> None:
    """Refuse numbers that are not finite."""
    (x,) = as_tensors(x)
    if not bool(torch.isfinite(x).all()):
        raise ValueError(f"{name} must be finite, but holds NaN or infinity")


def check_positive(name: str, x: Tensor | float) -> None:
    """Refuse numbers that are not positive and finite."""
    (x,) = as_tensors(x)
    if not bool(((x > 0) & torch.isfinite(x)).all()):
        raise ValueError(
            f"{name} must be positive and finite, but lies between {x.min().item():.4g} and {x.max().item():.4g}; "
            "a network that returns a logarithm says so in a dict, as in {'loc': ..., 'log_scale': ...}"
        )


def check_above_zero(name: str, x: Tensor | float) -> None:
    """Refuse values that are not positive and finite."""
    (x,) = as_tensors(x)
    if not bool(((x > 0) & torch.isfinite(x)).all()):
        low, high = x.min().item(), x.max().item()
        raise ValueError(f"{name} must be positive and finite, but lies between {low:.4g} and {high:.4g}")


def check_nonnegative(name: str, x: Tensor | float) -> None:
    """Refuse values that are negative or not finite."""
    (x,) = as_tensors(x)
    if not bool(((x >= 0) & torch.isfinite(x)).all()):
        low, high = x.min().item(), x.max().item()
        raise ValueError(f"{name} must be finite and at least 0, but lies between {low:.4g} and {high:.4g}")


def check_unit(name: str, x: Tensor | float) -> None:
    """Refuse values outside [0, 1]."""
    (x,) = as_tensors(x)
    if not bool(((x >= 0) & (x <= 1)).all()):
        low, high = x.min().item(), x.max().item()
        hint = f"; bytes of an image become such numbers by {name} / 255" if low >= 0 and 1 < high <= 255 else ""
        raise ValueError(f"{name} must lie between 0 and 1, but lies between {low:.4g} and {high:.4g}{hint}")


def check_inside_unit(name: str, x: Tensor | float) -> None:
    """Refuse values outside (0, 1): at the ends the density is 0 or infinite."""
    check_unit(name, x)
    (x,) = as_tensors(x)
    if bool(((x == 0) | (x == 1)).any()):
        raise ValueError(
            f"{name} must lie strictly between 0 and 1, but holds an end, where the density is 0 or infinite; move it "
            f"inside, as in ({name} * 255 + 0.5) / 256, or use a density on [0, 1] such as ContinuousBernoulli"
        )


def check_whole(name: str, x: Tensor | float) -> None:
    """Refuse values that are not whole numbers."""
    (x,) = as_tensors(x)
    if not bool(((x == x.floor()) & torch.isfinite(x)).all()):
        raise ValueError(f"{name} must hold whole numbers")


def check_count(name: str, x: Tensor | float) -> None:
    """Refuse values that are not 0, 1, 2, ..."""
    (x,) = as_tensors(x)
    if not bool(((x == x.floor()) & (x >= 0) & torch.isfinite(x)).all()):
        low = x.min().item()
        found = f"its least is {low:.4g}" if low < 0 else "some lie between whole numbers"
        raise ValueError(f"{name} must hold counts, the whole numbers 0, 1, 2, ..., but {found}")


def check_angle(name: str, x: Tensor | float) -> None:
    """Refuse values that are no angles in radians, beyond a whole turn to either side."""
    (x,) = as_tensors(x)
    if not bool((x.abs() <= 2 * math.pi + 1e-4).all()):
        low, high = x.min().item(), x.max().item()
        raise ValueError(
            f"{name} must hold angles in radians, but lies between {low:.4g} and {high:.4g}; "
            f"degrees become radians by torch.deg2rad({name})"
        )


def check_grid(name: str, x: Tensor | float, bins: int = 256, low: float = 0.0, high: float = 1.0) -> None:
    """Refuse values off the grid of ``bins`` points from ``low`` to ``high``."""
    (x,) = as_tensors(x)
    position = (x - low) / (high - low) * (bins - 1)
    if not bool(((position > -0.1) & (position < bins - 0.9)).all()):
        found = f"lies between {x.min().item():.4g} and {x.max().item():.4g}"
        raise ValueError(f"{name} must lie between {low:g} and {high:g}, but {found}")
    if not bool(((position - position.round()).abs() < 0.1).all()):
        raise ValueError(
            f"{name} must lie on the grid of {bins} points from {low:g} to {high:g}, "
            f"{low:g} + n * {(high - low) / (bins - 1):.6g}"
        )


def check_logits(name: str, x: Tensor | float) -> None:
    """Refuse logits that are not finite: a network's overflow, or "probabilities" outside [0, 1]."""
    (x,) = as_tensors(x)
    if not bool(torch.isfinite(x).all()):
        raise ValueError(f"{name} must be finite; those of a probability outside [0, 1] are NaN")


def check_class_logits(name: str, x: Tensor) -> None:
    """Refuse logits [..., C] with NaN or without a possible class; a class is excluded by the logit -inf."""
    if not bool(torch.isfinite(torch.logsumexp(x, dim=-1)).all()):
        raise ValueError(
            f"{name} must be finite, or -inf for some excluded classes; those of a probability outside [0, 1] are NaN"
        )


def check_binary(name: str, x: Tensor | float) -> None:
    """Refuse values outside [0, 1]; warn of values strictly between 0 and 1."""
    (x,) = as_tensors(x)
    if x.dtype == torch.bool:
        raise ValueError(f"{name} holds True and False; pass numbers, {name}.float()")
    if not bool(((x >= 0) & (x <= 1)).all()):
        low, high = x.min().item(), x.max().item()
        raise ValueError(f"{name} must be 0 or 1 under a Bernoulli, but lies between {low:.4g} and {high:.4g}")
    if bool(((x > 0) & (x < 1)).any()):
        warnings.warn(
            f"{name} has values strictly between 0 and 1: their Bernoulli density is a cross-entropy, not a normalised "
            "log-likelihood. Binarise them, or use a density on [0, 1] such as ContinuousBernoulli",
            stacklevel=2,
        )


def check_category(name: str, x: Tensor | int, classes: int) -> None:
    """Refuse values that are not whole numbers from 0 to classes - 1."""
    (x,) = as_tensors(x)
    if x.is_floating_point() and bool((x != x.floor()).any()):
        raise ValueError(f"{name} must hold whole numbers from 0 to {classes - 1}, the index of a class")
    low, high = x.min().item(), x.max().item()
    if low < 0 or high >= classes:
        hint = f"; if its classes count from 1, pass {name} - 1" if (low, high) == (1, classes) else ""
        raise ValueError(f"{name} must lie between 0 and {classes - 1}, but lies between {low:g} and {high:g}{hint}")


def check_one_hot(name: str, x: Tensor, classes: int) -> None:
    """Refuse values that are not probabilities of the classes [..., classes]; warn of soft ones."""
    if x.dim() == 0 or x.shape[-1] != classes:
        raise ValueError(f"{name} must be one-hot of shape [..., {classes}], but has shape {tuple(x.shape)}")
    total = x.sum(dim=-1)
    if not bool((x >= 0).all()) or not torch.allclose(total, torch.ones_like(total), atol=1e-4):
        raise ValueError(f"{name} must be one-hot: one 1 among {classes} classes, else 0")
    if bool(((x > 0) & (x < 1)).any()):
        warnings.warn(
            f"{name} has classes strictly between 0 and 1: their Categorical density is a cross-entropy, "
            "not a normalised log-likelihood",
            stacklevel=2,
        )


def check_soft_classes(name: str, x: Tensor, classes: int) -> None:
    """Refuse values that are not probabilities of the classes [..., classes]."""
    if x.dim() == 0 or x.shape[-1] != classes:
        raise ValueError(f"{name} must be of shape [..., {classes}], but has shape {tuple(x.shape)}")
    total = x.sum(dim=-1)
    if not bool((x >= 0).all()) or not torch.allclose(total, torch.ones_like(total), atol=1e-4):
        raise ValueError(f"{name} must be probabilities of {classes} classes: at least 0, of sum 1")


def check_probability(name: str, x: Tensor) -> None:
    """Refuse numbers outside (0, 1): the logarithms of a probability and of its complement are taken of them."""
    if not bool(((x > 0) & (x < 1)).all()):
        raise ValueError(
            f"{name} is a probability in the formula, but lies between {x.min().item():.4g} and {x.max().item():.4g}; "
            "bind a network that returns logits as f2d.Sigmoid(net), or write sigma(...) in the formula"
        )


def check_event_shape(
    name: str, value: Tensor, label: str, parameter: Tensor | float, lead: int, parameter_lead: int | None = None
) -> None:
    """Refuse a parameter (``label``: "the logits of p(x|z)") whose event shape is not the value's; single numbers pass.
    ``lead`` dimensions of the value come before its event, ``parameter_lead`` (else as many) of the parameter."""
    if not isinstance(parameter, Tensor) or parameter.dim() == 0:
        return
    expected = tuple(value.shape[lead:])
    found = tuple(parameter.shape[lead if parameter_lead is None else parameter_lead :])
    if found != expected:
        raise ValueError(f"{name} has event shape {expected}, but {label} have event shape {found}")


def check_event_rank(
    name: str, value: Tensor, other: str, partner: Tensor, lead: int, partner_lead: int | None = None
) -> None:
    """Refuse two values that meet entry by entry whose events have different numbers of dimensions.
    ``lead`` dimensions of the value come before its event, ``partner_lead`` (else as many) of its partner."""
    shapes = tuple(value.shape[lead:]), tuple(partner.shape[lead if partner_lead is None else partner_lead :])
    if len(shapes[0]) != len(shapes[1]):
        number = "" if all(shapes) else "; one number that meets every entry has event shape (1,)"
        raise ValueError(f"{name} has event shape {shapes[0]}, but meets {other} of event shape {shapes[1]}{number}")
