"""Geometric Jensen-Shannon divergences in closed form, elementwise."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.divergences import kl_normal_normal
from formula2dgm.library.tensors import as_tensors


def geometric_js_normal_normal(
    p_loc: Tensor | float,
    p_scale: Tensor | float,
    q_loc: Tensor | float,
    q_scale: Tensor | float,
    weight: Tensor | float,
) -> Tensor:
    """(1 - w) KL[p || g] + w KL[q || g] for the geometric mean g of density p^(1 - w) q^w over its integral, a Normal
    whose precision is the mean of the two, elementwise."""
    p_loc, p_scale, q_loc, q_scale, weight = as_tensors(p_loc, p_scale, q_loc, q_scale, weight)
    p_precision, q_precision = (1 - weight) * p_scale**-2, weight * q_scale**-2
    precision = p_precision + q_precision
    loc = (p_precision * p_loc + q_precision * q_loc) / precision
    scale = torch.rsqrt(precision)
    first = kl_normal_normal(p_loc, p_scale, loc, scale)
    return (1 - weight) * first + weight * kl_normal_normal(q_loc, q_scale, loc, scale)
