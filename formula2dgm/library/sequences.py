"""Values along a dimension of time: other steps, a first step of its own, windows, what networks of sequences take.

Where sequences have lengths of their own, ``lengths`` has the dimensions before time, 1 where they are shared.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from formula2dgm.library.modules import frozen
from formula2dgm.library.shapes import fold
from formula2dgm.library.tensors import as_tensors


def shifted(x: Tensor, by: int, dim: int, outside: Tensor | float, lengths: Tensor | None = None) -> Tensor:
    """x ``by`` steps later (negative: before) along ``dim``; ``outside``, of one step, where there is no such step."""
    count = min(abs(by), x.shape[dim])
    kept = x.narrow(dim, count if by > 0 else 0, x.shape[dim] - count)
    like = x.narrow(dim, 0, count)
    fill = outside.expand_as(like) if isinstance(outside, Tensor) else torch.full_like(like, outside)
    result = torch.cat([kept, fill] if by > 0 else [fill, kept], dim)
    return result if lengths is None else torch.where(before_end(lengths, by, result, dim), result, outside)


def before_end(lengths: Tensor, by: int, like: Tensor, dim: int) -> Tensor:
    """Is the step ``by`` steps later one of the sequence? At each step, in dimensions that meet those of ``like``."""
    step = torch.arange(like.shape[dim], device=like.device)
    inside = step + by < lengths.unsqueeze(-1)
    return inside.reshape(inside.shape + (1,) * (like.dim() - dim - 1))


def until_end(step: int, lengths: Tensor, value: Tensor, otherwise: Tensor) -> Tensor:
    """A value of the present step where it is one of the sequence, ``otherwise`` behind its end."""
    inside = step < lengths
    return torch.where(inside.reshape(inside.shape + (1,) * (value.dim() - inside.dim())), value, otherwise)


def at_end(x: Tensor, dim: int, back: int, lengths: Tensor) -> Tensor:
    """The step that is ``back`` steps before the last one of each sequence."""
    last = (lengths.long() - 1 - back).unsqueeze(-1)
    index = last.reshape(last.shape + (1,) * (x.dim() - dim - 1))
    return torch.take_along_dim(x, index, dim).squeeze(dim)


def at_drawn(x: Tensor, dim: int, step: Tensor) -> Tensor:
    """x at a step of its own, counted from 1, for each position of the ``dim`` dimensions before that of time."""
    index = (step.long() - 1).reshape(step.shape + (1,) * (x.dim() - step.dim()))
    return torch.take_along_dim(x, index, dim).squeeze(dim)


def first_then(first: Tensor | float, rest: Tensor | float, dim: int, steps: int) -> Tensor:
    """``first``, of one step, at the first of the steps along ``dim``, and ``rest`` at every other."""
    first, rest = as_tensors(first, rest)
    shape = list(torch.broadcast_shapes(first.shape, rest.shape))
    shape[dim] = 1
    start = first.expand(shape)
    shape[dim] = steps
    return torch.cat([start, rest.expand(shape).narrow(dim, 1, steps - 1)], dim)


def windowed(x: Tensor, dim: int, first: int, last: int, lengths: Tensor | None = None, outside: float = 0.0) -> Tensor:
    """x at the steps along ``dim`` from ``first``, counted from 1, to ``last`` before the end; else ``outside``."""
    return torch.where(in_window(x, dim, first, last, lengths), x, outside)


def in_window(x: Tensor, dim: int, first: int, last: int, lengths: Tensor | None = None) -> Tensor:
    """Is a step between ``first``, counted from 1, and ``last`` before the end?"""
    step = torch.arange(x.shape[dim], device=x.device)
    steps = torch.as_tensor(x.shape[dim], device=x.device) if lengths is None else lengths
    inside = (step >= first - 1) & (step < steps.unsqueeze(-1) - last)
    return inside.reshape(inside.shape + (1,) * (x.dim() - dim - 1))


def mean_in_window(x: Tensor, dim: int, first: int, last: int, lengths: Tensor) -> Tensor:
    """The mean over the steps of a window of each sequence."""
    inside = in_window(x, dim, first, last, lengths)
    return torch.where(inside, x, 0.0).sum(dim) / inside.sum(dim)


def repeated(x: Tensor, dim: int, steps: int) -> Tensor:
    """x at each of the steps of a new dimension."""
    return x.unsqueeze(dim).expand(*x.shape[:dim], steps, *x.shape[dim:])


def from_each_step(x: Tensor, dim: int) -> list[Tensor]:
    """For each step of ``dim`` the part of x from it to the end."""
    return [x.narrow(dim, step, x.shape[dim] - step) for step in range(x.shape[dim])]


def up_to_each_step(x: Tensor, dim: int) -> list[Tensor]:
    """For each step of ``dim`` the part of x from the first up to it."""
    return [x.narrow(dim, 0, step + 1) for step in range(x.shape[dim])]


def zeros_then(x: Tensor, dim: int, steps: int) -> Tensor:
    """x with zeros before its steps along ``dim``, as many steps as ``steps`` in all."""
    return torch.cat([x.new_zeros((*x.shape[:dim], steps - x.shape[dim], *x.shape[dim + 1 :])), x], dim)


def then_zeros(x: Tensor, dim: int, steps: int) -> Tensor:
    """x with zeros behind its steps along ``dim``, as many steps as ``steps`` in all."""
    return torch.cat([x, x.new_zeros((*x.shape[:dim], steps - x.shape[dim], *x.shape[dim + 1 :]))], dim)


def over_axes(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """x repeated along those of the axes in which it has size 1, laid out so that each step is folded as it lies."""
    return x.expand(axes + x.shape[len(axes) :]).contiguous()


def at_step(output: Any, dim: int, step: int) -> Any:
    """One step along ``dim`` of what a network returned: tensor, tuple or dict."""
    if isinstance(output, dict):
        return {name: at_step(each, dim, step) for name, each in output.items()}
    if isinstance(output, tuple | list):
        return tuple(at_step(each, dim, step) for each in output)
    return output.select(dim, step) if isinstance(output, Tensor) and output.dim() > dim else output


def with_lengths(network: nn.Module, lengths: Tensor, *given: Tensor, held: bool = False) -> Any:
    """What a network returns of sequences of these lengths: a recurrent layer of torch runs up to the end of each; any
    other is told the ``lengths``. ``held``: its parameters are constants."""
    called: Any = frozen(network) if held else network
    if not isinstance(network, nn.RNNBase):
        return called(*given, lengths=lengths)
    ends = lengths.long().cpu()
    packed = nn.utils.rnn.pack_padded_sequence(given[0], ends, batch_first=True, enforce_sorted=False)
    output, state = called(packed)
    whole, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=given[0].shape[1])
    return whole, state


def check_lengths(lengths: Tensor, steps: int) -> None:
    """Refuse lengths that are no numbers of steps."""
    low, high = int(lengths.min()), int(lengths.max())
    if low < 1 or high > steps:
        raise ValueError(f"lengths are numbers of steps, from 1 to {steps}, but lie between {low} and {high}")


def check_steps(name: str, step: Tensor, steps: int | Tensor) -> None:
    """Refuse steps that a sequence does not have; ``steps``: how many it has, each its own number or all the same."""
    if bool(((step < 1) | (step > steps)).any()):
        said = steps if isinstance(steps, int) else "the length of its sequence"
        raise ValueError(f"{name} is a step from 1 to {said}, but lies between {int(step.min())} and {int(step.max())}")


def check_causal(
    name: str,
    network: Any,
    lead: int,
    *values: Tensor,
    backward: bool = False,
    first: bool = False,
    inputs: tuple[str, ...] = (),
    moved: int | None = None,
) -> None:
    """Refuse a network whose result at a step depends on later (``backward``: earlier) steps of the values, time behind
    ``lead`` axes. ``first``: the first output alone has steps; ``inputs``: the names of the values; ``moved``: which
    value is given one step late, so that each result reads its newest step."""
    axes = torch.broadcast_shapes(*(x.shape[:lead] for x in values))
    given = fold(axes, *values)
    later = _behind_cuts(given[0])
    other = ~later if backward else later
    found = _results(name, network, given, first, inputs)
    if moved is not None and len(later) >= 8:  # fewer may happen not to react to what is read
        newest = other & (other.flip(1).cumsum(1).flip(1) == 1 if backward else other.cumsum(1) == 1)
        changed = tuple(_changed(x, newest) if place == moved else x for place, x in enumerate(given))
        _refuse_older(name, found, _results(name, network, changed, first, inputs), newest, backward)
    again = _results(name, network, tuple(_changed(x, other) for x in given), first, inputs)
    for one, two in zip(found, again, strict=True):
        if not torch.allclose(one[~other], two[~other], rtol=1e-3, atol=1e-5):
            raise ValueError(
                f"{name} is given the steps {'from' if backward else 'up to'} each one, all in one call, but its "
                f"result at a step depends on {'earlier' if backward else 'later'} ones: a recurrent layer that runs "
                f"{'backwards' if backward else 'forwards'} does not, nor does attention that is masked"
            )


def _refuse_older(name: str, found: list[Tensor], again: list[Tensor], newest: Tensor, backward: bool) -> None:
    """Refuse a network whose results change behind a step that is changed, and never at it."""
    pairs = list(zip(found, again, strict=True))
    at_it = any(not torch.equal(one[newest], two[newest]) for one, two in pairs)
    if not at_it and any(not torch.equal(one, two) for one, two in pairs):
        where, settings = ("after", ", backward=True") if backward else ("before", "")
        raise ValueError(
            f"{name} reads entries {where} each one, but never the one right {where} it: a network that is masked by "
            f"itself and takes the values themselves, not one step late, is bound as f2d.Masked(network{settings})"
        )


def _behind_cuts(x: Tensor) -> Tensor:
    """For each sequence the steps from one of them on: cuts that are spread evenly behind the first step."""
    count, steps = x.shape[:2]
    cuts = 1 + (2 * torch.arange(count, device=x.device) + 1) * (steps - 1) // (2 * count)
    return torch.arange(steps, device=x.device) >= cuts[:, None]


def _results(name: str, network: Any, given: tuple[Tensor, ...], first: bool, inputs: tuple[str, ...]) -> list[Tensor]:
    """What a network returns of every step; with the same random numbers whenever it is asked."""
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        return _states(name, _called(network, given, first, inputs), given[0].shape[1])


def _called(network: Any, given: tuple[Tensor, ...], first: bool, inputs: tuple[str, ...]) -> Any:
    """What a network returns of values; its first output alone where only that one has steps."""
    output = network(**dict(zip(inputs, given, strict=True))) if inputs else network(*given)
    return output[0] if first else output


def _changed(x: Tensor, where: Tensor) -> Tensor:
    """Sequences with other values at some steps: the least or the greatest one, where they are whole numbers; 0 or 1,
    where all are one number."""
    whole = not x.is_floating_point() or bool((x == x.round()).all())
    other = torch.where(x == x.max(), x.min(), x.max()) if whole else x.flip(1) + 1
    if whole and bool((x == x.max()).all()):
        other = (x == 0).to(x.dtype)
    return torch.where(where.reshape(where.shape + (1,) * (x.dim() - 2)), other, x)


def _states(name: str, output: Any, steps: int) -> list[Tensor]:
    """What a network returned of every step."""
    tensors = _tensors(output)
    for each in tensors:
        if each.dim() < 2 or each.shape[1] != steps:
            raise ValueError(
                f"{name} is given the steps so far of a sequence, all in one call, so it returns as many steps as it "
                f"is given, [n, {steps}, event...], but it returned shape {tuple(each.shape)}"
            )
    return tensors


def _tensors(output: Any) -> list[Tensor]:
    """The tensors that a network returned."""
    if isinstance(output, dict):
        return [each for value in output.values() for each in _tensors(value)]
    if isinstance(output, tuple | list):
        return [each for value in output for each in _tensors(value)]
    return [output] if isinstance(output, Tensor) else []
