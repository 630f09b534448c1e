"""Linear-Gaussian chains, filtered: roots of covariances in place of covariances.

    z_1 ~ N(m, P),   z_t | z_{t-1} ~ N(A z_{t-1} + b, Q),   x_t | z_t ~ N(C z_t + d, R)

A law is given by its mean and by a root of its covariance: one standard deviation, one for each entry, or the lower
Cholesky factor.  A map is given by a matrix, or by the factors that the entries are multiplied by.  All values have
``lead`` dimensions in front, the last of them time; a dimension of 1 says that they are the same along it.

The roots are carried from step to step by QR decompositions of the size of z, so that no covariance loses its symmetry
or a positive eigenvalue to rounding.  Covariances do not depend on the data: where no parameter differs between
examples, they are computed once for all of them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from formula2dgm.library.matrices import columns_beside, log_diagonal_sum
from formula2dgm.library.tensors import as_tensors


def kalman_log_prob(
    x: Tensor,
    start: tuple[Tensor | float, ...],
    motion: tuple[Tensor | float, ...],
    emission: tuple[Tensor | float, ...],
    lead: int,
    before: bool = False,
) -> Tensor:
    """log p(x_t | x_1, ..., x_{t-1}) for every t; summed over time, of the sequence. start: m and the root of P (of
    z_0, from which a step leads to z_1, where it is ``before``); motion: A, b and the root of Q, each at the step
    that it leads to; emission: C, d and the root of R."""
    return kalman_filter(x, start, motion, emission, lead, before)[2]


def kalman_filtered(
    x: Tensor,
    start: tuple[Tensor | float, ...],
    motion: tuple[Tensor | float, ...],
    emission: tuple[Tensor | float, ...],
    lead: int,
    before: bool = False,
) -> tuple[Tensor, Tensor]:
    """The law of z_t given x_1, ..., x_t, for every t: its mean [..., T, n], and the lower Cholesky factor of its
    covariance [..., T, n, n]. Arguments: see ``kalman_log_prob``."""
    means, roots, _ = kalman_filter(x, start, motion, emission, lead, before)
    roots = lower_root(roots)
    roots = roots * torch.diagonal(roots, dim1=-2, dim2=-1).sign().unsqueeze(-2)
    return means, roots.expand(*means.shape, means.shape[-1])


def kalman_filter(
    x: Tensor,
    start: tuple[Tensor | float, ...],
    motion: tuple[Tensor | float, ...],
    emission: tuple[Tensor | float, ...],
    lead: int,
    before: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """What x_1, ..., x_t say of z_t, for every t: its mean [..., T, n], and a root J of its covariance J J^T, without
    dimensions of examples that share it; and log p(x_t | x_1, ..., x_{t-1}). Arguments: see ``kalman_log_prob``."""
    x = x if x.dim() > lead else x.unsqueeze(-1)
    loading, *_ = as_tensors(emission[0], x)
    size = loading.shape[-1] if loading.dim() == lead + 2 else x.shape[-1]
    matrix, offset, drift = chain_map(x, motion, size, size, lead)
    loading, bias, noise = chain_map(x, emission, x.shape[-1], size, lead)
    mean, root = chain_start(x, start, (matrix, offset, drift), lead, before)

    # In units of R's root the noise is standard: y = R^-1/2 (x - d), H = R^-1/2 C.
    observed = matrices_times(torch.linalg.solve_triangular(noise, identity_like(noise), upper=False), x - bias)
    loading = torch.linalg.solve_triangular(noise, loading, upper=False)
    gains, pulls, roots, volumes = kalman_gains(root, matrix, drift, loading, x.shape[lead - 1])
    means = kalman_means(mean, matrix, offset, loading, gains, observed)

    surprise = observed - matrices_times(loading, means)
    shift = matrices_times(gains, surprise)
    # v^T S^-1 v as a sum of squares: of what the step leaves unexplained, and of how far it moves z.
    squares = (surprise - matrices_times(loading, shift)).square().sum(-1)
    squares = squares + matrices_times(pulls, surprise).square().sum(-1)
    constant = log_diagonal_sum(noise) + 0.5 * x.shape[-1] * math.log(2 * math.pi)
    return means + shift, roots, -0.5 * squares - volumes - constant


# -- parts of a chain ----------------------------------------------------------------------------------


def chain_map(
    x: Tensor, parts: tuple[Tensor | float, ...], rows: int, columns: int, lead: int
) -> tuple[Tensor, Tensor, Tensor]:
    """A map with its noise as a matrix [..., rows, columns], a vector [..., rows] and a root [..., rows, rows]."""
    matrix, offset, root = as_tensors(*parts, x)[:3]
    return as_matrix(matrix, columns, lead), as_vector(offset, rows, lead), as_matrix(root, rows, lead).tril()


def chain_start(
    x: Tensor, start: tuple[Tensor | float, ...], motion: tuple[Tensor, Tensor, Tensor], lead: int, before: bool
) -> tuple[Tensor, Tensor]:
    """Mean [..., n] and root [..., n, n] of z_1, without the dimension of time."""
    matrix, offset, drift = motion[0][..., 0, :, :], motion[1][..., 0, :], motion[2][..., 0, :, :]
    first, second = as_tensors(*start, x)[:2]
    size = offset.shape[-1]
    mean, root = as_vector(first, size, lead)[..., 0, :], as_matrix(second, size, lead)[..., 0, :, :].tril()
    if not before:
        return mean, root
    return matrices_times(matrix, mean) + offset, lower_root(columns_beside(matrix @ root, drift))


def as_matrix(value: Tensor, size: int, lead: int) -> Tensor:
    """A matrix as it is; a number, or one for each entry, as a diagonal matrix."""
    if value.dim() >= lead + 2:
        return value
    return torch.diag_embed(as_vector(value, size, lead))


def as_vector(value: Tensor, size: int, lead: int) -> Tensor:
    """A vector [..., size]; a number is each of its entries."""
    value = value if value.dim() >= lead else value.reshape((1,) * lead)
    value = value if value.dim() > lead else value.unsqueeze(-1)
    return value.expand(*value.shape[:-1], size)


def identity_like(matrix: Tensor) -> Tensor:
    """The identity of as many rows, columns and dimensions."""
    return torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device).expand_as(matrix)


# -- the recursions ------------------------------------------------------------------------------------


def kalman_gains(
    root: Tensor, matrix: Tensor, drift: Tensor, loading: Tensor, steps: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What does not depend on the data, for every step: the gain K, the same in units of the root L of z_t's covariance
    before x_t, the root J after, and log det(I + H L (H L)^T) / 2."""
    root = root.unsqueeze(-3)
    if all(size == 1 for each in (root, matrix, drift, loading) for size in each.shape[:-3]):
        root, matrix, drift, loading = (each.reshape(each.shape[-3:]) for each in (root, matrix, drift, loading))
    lead = torch.broadcast_shapes(*(each.shape[:-3] for each in (root, matrix, drift, loading)))
    root = root[..., 0, :, :].expand(*lead, *root.shape[-2:])
    found: list[tuple[Tensor, ...]] = []
    each_step = (matrix_of_each_step(each, steps) for each in (matrix, drift, loading))
    for moves, noise, seen in zip(*each_step, strict=True):
        if found:
            root = lower_root(columns_beside(moves @ root, noise))
        # With U^T U = I + (H L)^T H L the covariance after is J J^T for J = L U^-1, and K = J (H J)^T.
        folded = lower_root(columns_beside((seen @ root).mT, identity_like(root))).mT
        after = torch.linalg.solve_triangular(folded, root, upper=True, left=False)
        reach = (seen @ after).mT
        pull = torch.linalg.solve_triangular(folded, reach, upper=True)
        volume = torch.diagonal(folded, dim1=-2, dim2=-1).abs().log().sum(-1)
        found.append((after @ reach, pull, after, volume))
        root = after
    gains, pulls, roots = (torch.stack([each[i] for each in found], -3) for i in range(3))
    return gains, pulls, roots, torch.stack([each[3] for each in found], -1)


def kalman_means(
    mean: Tensor, matrix: Tensor, offset: Tensor, loading: Tensor, gains: Tensor, observed: Tensor
) -> Tensor:
    """The mean of z_t given all before x_t, for every t: one product of a matrix and a vector for each step."""
    onwards = but_first(matrix, -3)
    moved = onwards @ gains[..., :-1, :, :]
    carry = onwards - moved @ (loading if loading.shape[-3] == 1 else loading[..., :-1, :, :])
    push = matrices_times(moved, observed[..., :-1, :]) + but_first(offset, -2)
    mean = mean.expand(*observed.shape[:-2], mean.shape[-1])
    means = [mean]
    for kept, added in zip(carry.unbind(-3), push.unbind(-2), strict=True):
        mean = matrices_times(kept, mean) + added
        means.append(mean)
    return torch.stack(means, -2)


def lower_root(factor: Tensor) -> Tensor:
    """A lower triangular L of L L^T = F F^T, up to the signs of its columns: [..., m, n] -> [..., m, m] for n >= m."""
    return torch.linalg.qr(factor.mT).R.mT


def matrix_of_each_step(values: Tensor, steps: int) -> list[Tensor]:
    """The matrices of all steps one by one, or the one of all steps as often."""
    return list(values.unbind(-3)) if values.shape[-3] > 1 else [values[..., 0, :, :]] * steps


def but_first(values: Tensor, time: int) -> Tensor:
    """The values of all steps but the first, or the one value of all steps."""
    return values if values.shape[time] == 1 else values.narrow(time, 1, values.shape[time] - 1)


def matrices_times(matrices: Tensor, vectors: Tensor) -> Tensor:
    """Each matrix times its vector, without copies of a matrix that is shared: [..., m, n], [..., n] -> [..., m]."""
    if matrices.dim() == 2:
        return vectors @ matrices.mT
    return torch.einsum("...mn,...n->...m", matrices, vectors)
