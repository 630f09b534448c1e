"""The invertible function that stands in where a formula names one and nothing is bound to it."""

from __future__ import annotations

import math

import torch
from torch import nn

from formula2dgm.library.flow_affine import Affine
from formula2dgm.library.flow_compose import Compose, Inverse
from formula2dgm.library.flow_conditioner import Conditioner
from formula2dgm.library.flow_coupling import AffineCoupling
from formula2dgm.library.flow_masks import half_mask
from formula2dgm.library.flow_order import Flatten, Reverse
from formula2dgm.library.flow_planar import Planar


def coupling_flow(event: tuple[int, ...], *given: tuple[int, ...], hidden: int = 128) -> nn.Module:
    """Four affine couplings of x as a vector, its order reversed between them, given vectors of some shapes; it starts
    as the identity."""
    if not event:
        raise ValueError("the default invertible function takes vectors, not single numbers: bind one of your own")
    size, context = math.prod(event), sum(math.prod(each) for each in given)
    steps: list[nn.Module] = []
    for _ in range(4 if size > 1 else 0):
        net = Conditioner(size, 2 * size, (hidden, hidden), context)
        steps += [AffineCoupling(half_mask(size), net, bound=2.0), Reverse()]
    if size == 1:
        steps = [Affine(torch.zeros(1), torch.ones(1), learned=True)]
    if len(event) > 1:
        steps = [Flatten(event), *steps, Inverse(Flatten(event))]
    return Compose(*steps)


def planar_step(event: tuple[int, ...]) -> nn.Module:
    """One planar step of x as a vector."""
    size = math.prod(event)
    if len(event) == 1:
        return Planar(size)
    return Compose(Flatten(event), Planar(size), Inverse(Flatten(event)))
