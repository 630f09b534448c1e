"""Paths of differential equations, ``dz/dt = f(z, t)``, by steps of one size."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor


def follow_path(
    change: Callable[[Tensor, Tensor], tuple[Tensor, ...]],
    z: Tensor,
    begin: float | Tensor,
    end: float | Tensor,
    steps: int,
    lead: int,
) -> tuple[Tensor, ...]:
    """z at the time ``end`` of the path that begins in ``z`` at ``begin``, then the integrals along it.
    ``change(z, t)`` says dz/dt and what is integrated, for each position of the first ``lead`` dimensions of z.
    The steps are those of the classical Runge-Kutta method: the error falls as steps ** -4."""
    length = (end - begin) / steps
    times = z.new_ones(z.shape[:lead])
    integrals: tuple[Tensor, ...] = ()
    for i in range(steps):
        t = (begin + i * length) * times
        first = change(z, t)
        second = change(z + length / 2 * first[0], t + length / 2)
        third = change(z + length / 2 * second[0], t + length / 2)
        fourth = change(z + length * third[0], t + length)
        stages = zip(first, second, third, fourth, strict=True)
        step, *more = (length / 6 * (a + 2 * b + 2 * c + d) for a, b, c, d in stages)
        z = z + step
        integrals = tuple(old + new for old, new in zip(integrals, more, strict=True)) if i else tuple(more)
    return z, *integrals
