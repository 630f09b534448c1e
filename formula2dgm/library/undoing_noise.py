"""From noise to data along a path x_t = a(t) data + b(t) noise, by what a network says of both at each time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from formula2dgm.library.shapes import over_event


def undo_noise(
    path: Callable[[Tensor], tuple[Tensor, Tensor]],
    denoise: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    x: Tensor,
    times: Tensor,
    noise: Mapping[str, Tensor],
    *,
    eta: float = 0.0,
    order: int = 1,
    corrections: int = 0,
    snr: float = 0.16,
) -> Tensor:
    """x at the last of ``times``, from x at the first; ``path(t)`` says a and b, ``denoise(x, t)`` data and noise.
    Behind each step stand ``corrections`` of Langevin dynamics; ``order`` 0 leaves all to them.
    ``noise`` may hold draws: "steps" [n, steps, event...], "corrections" [n, steps, corrections, event...]."""
    if order == 2 and eta != 0:
        raise ValueError(f"order=2 draws nothing on the way: eta is 0, not {eta}")
    many, event = (len(x), len(times) - 1), x.shape[1:]
    fresh = noise["steps"].expand(*many, *event) if "steps" in noise else None
    correcting = noise["corrections"].expand(*many, corrections, *event) if "corrections" in noise else None
    for i, (t, s) in enumerate(itertools.pairwise(times)):
        t, s = t.expand(len(x)), s.expand(len(x))
        if order > 0:
            drawn = torch.randn_like(x) if fresh is None else fresh[:, i]
            x = along_path(path, denoise, x, t, s, eta, order, drawn)
        b = over_event(path(s)[1], x, 1)
        for k in range(corrections if b.all() else 0):
            drawn = torch.randn_like(x) if correcting is None else correcting[:, i, k]
            x = langevin_step(x, denoise(x, s)[1], b, snr, drawn)
    return x


def along_path(
    path: Callable[[Tensor], tuple[Tensor, Tensor]],
    denoise: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    x: Tensor,
    t: Tensor,
    s: Tensor,
    eta: float,
    order: int,
    drawn: Tensor,
) -> Tensor:
    """x_s from x_t, data and noise as they are said at t (Song et al. 2021, "Denoising diffusion implicit models",
    equation 12); with ``order`` 2, where noise is left, their means of t and s (Karras et al. 2022, algorithm 1)."""
    a_t, b_t, a_s, b_s = (over_event(each, x, 1) for each in (*path(t), *path(s)))
    data, eps = denoise(x, t)
    # how much of the noise is drawn anew: with eta = 1 as much as in q(x_s|x_t, data)
    anew = eta * (1 - (a_t * b_s / (a_s * b_t)) ** 2).clamp(min=0).sqrt()
    end = a_s * data + b_s * ((1 - anew**2).sqrt() * eps + anew * drawn)
    if order < 2 or not b_s.all():
        return end
    data_s, eps_s = denoise(end, s)
    return x + (a_s - a_t) * (data + data_s) / 2 + (b_s - b_t) * (eps + eps_s) / 2


def langevin_step(x: Tensor, eps: Tensor, b: Tensor, snr: float, drawn: Tensor) -> Tensor:
    """A step of Langevin dynamics along the score -eps / b, as long as the ratio of signal to noise says
    (Song et al. 2021, "Score-based generative modeling", algorithm 5)."""
    drift, spread = (each.flatten(1).norm(dim=1).mean() for each in (eps, drawn))
    length = 2 * (snr * spread / drift) ** 2
    return x - length * b * eps + (2 * length).sqrt() * b * drawn


def guided(given: tuple[Tensor, Tensor], alone: tuple[Tensor, Tensor], guidance: float) -> tuple[Tensor, Tensor]:
    """What is said of data and noise where a condition is given, moved on from what is said without it
    (Ho and Salimans 2022, equation 6)."""
    (data, eps), (data_alone, eps_alone) = given, alone
    return data + guidance * (data - data_alone), eps + guidance * (eps - eps_alone)
