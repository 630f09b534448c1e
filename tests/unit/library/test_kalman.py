"""The Kalman filter of the library against dense joint laws, conditioned as matrices are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal
from torch.testing import assert_close

from formula2dgm.library.kalman import kalman_filter, kalman_filtered, kalman_log_prob

Chain = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
SIZES = ((1, 1), (2, 3), (3, 2), (4, 4))


def chain(state: int, entries: int) -> Chain:
    """m, a root of P, A, b, a root of Q, C, d, a root of R."""
    torch.manual_seed(10 * state + entries)

    def root(size: int) -> Tensor:
        return torch.linalg.cholesky(torch.cov(torch.randn(size, 3 * size + 2)).reshape(size, size)).double()

    shapes = ((state,), None, (state, state), (state,), None, (entries, state), (entries,))
    m, _, a, b, _, c, d = (torch.randn(shape).double() * 0.7 if shape else torch.empty(0) for shape in shapes)
    return m, root(state), a, b, root(state), c, d, root(entries)


def log_prob(x: Tensor, parts: Chain, before: bool = False) -> Tensor:
    m, p, a, b, q, c, d, r = (each[None, None] for each in parts)
    return kalman_log_prob(x, (m, p), (a, b, q), (c, d, r), 2, before)


def joint(parts: Chain, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and covariance of (z_1, ..., z_T) and the matrix that x_1, ..., x_T are of them: all of one linear map of
    independent noise, z = M e + mean."""
    m, p, a, b, q, c, _, _ = parts
    size = len(m)
    rows, mean = [torch.cat([p, torch.zeros(size, (steps - 1) * size, dtype=p.dtype)], 1)], [m]
    for step in range(1, steps):
        own = torch.zeros_like(rows[0])
        own[:, step * size : (step + 1) * size] = q
        rows.append(a @ rows[-1] + own)
        mean.append(a @ mean[-1] + b)
    spread = torch.cat(rows)
    return torch.cat(mean), spread @ spread.T, torch.block_diag(*[c] * steps)


def observations(parts: Chain, steps: int) -> tuple[Tensor, Tensor]:
    """Mean and covariance of x_1, ..., x_T."""
    mean, covariance, seen = joint(parts, steps)
    noise = torch.block_diag(*[parts[7] @ parts[7].T] * steps)
    return seen @ mean + parts[6].repeat(steps), seen @ covariance @ seen.T + noise


@pytest.mark.parametrize(("state", "entries"), SIZES)
def test_the_steps_sum_to_the_density_of_the_sequence(state: int, entries: int) -> None:
    parts = chain(state, entries)
    x = torch.randn(3, 5, entries, dtype=torch.float64)
    mean, covariance = observations(parts, 5)
    assert_close(log_prob(x, parts).sum(-1), MultivariateNormal(mean, covariance).log_prob(x.flatten(1)))


def test_each_step_is_conditioned_on_those_before() -> None:
    parts = chain(2, 3)
    x = torch.randn(3, 4, 3, dtype=torch.float64)
    whole = [MultivariateNormal(*observations(parts, steps)).log_prob(x[:, :steps].flatten(1)) for steps in range(1, 5)]
    expected = torch.stack([whole[0], *(b - a for a, b in zip(whole, whole[1:], strict=False))], 1)
    assert_close(log_prob(x, parts), expected)


@pytest.mark.parametrize(("state", "entries"), SIZES)
def test_the_filtered_moments_are_those_of_the_conditioned_joint(state: int, entries: int) -> None:
    parts = chain(state, entries)
    x = torch.randn(2, 3, entries, dtype=torch.float64)
    m, p, a, b, q, c, d, r = (each[None, None] for each in parts)
    means, roots, _ = kalman_filter(x, (m, p), (a, b, q), (c, d, r), 2)
    mean, covariance, seen = joint(parts, 3)
    expected_x, total = observations(parts, 3)
    gain = covariance @ seen.T @ torch.linalg.inv(total)
    after = mean + (x.flatten(1) - expected_x) @ gain.T
    assert_close(means[:, -1], after[:, -state:])
    last = (covariance - gain @ seen @ covariance)[-state:, -state:]
    assert_close((roots @ roots.mT)[-1], last)


def test_a_start_one_step_before() -> None:
    parts = chain(2, 3)
    m, p, a, b, q, *_ = parts
    x = torch.randn(3, 4, 3, dtype=torch.float64)
    first = torch.linalg.cholesky(a @ p @ p.T @ a.T + q @ q.T)
    moved = (a @ m + b, first, *parts[2:])
    assert_close(log_prob(x, parts, before=True), log_prob(x, moved))


def test_a_start_that_is_known() -> None:
    parts = chain(2, 3)
    m, p, a, b, q, *_ = parts
    x = torch.randn(3, 4, 3, dtype=torch.float64)
    known, moved = (m, torch.zeros_like(p), *parts[2:]), (a @ m + b, q, *parts[2:])
    assert_close(log_prob(x, known, before=True), log_prob(x, moved))


@pytest.mark.parametrize(("state", "entries"), ((1, 2), (2, 1)))
def test_gradients(state: int, entries: int) -> None:
    x = torch.randn(2, 3, entries, dtype=torch.float64, requires_grad=True)
    parts = [each.requires_grad_() for each in chain(state, entries)]

    def steps(x: Tensor, *parts: Tensor) -> Tensor:
        return log_prob(x, parts)  # type: ignore[arg-type]

    assert torch.autograd.gradcheck(steps, (x, *parts))


def test_numbers_and_diagonals_stand_for_matrices() -> None:
    x = torch.randn(2, 4, 3, dtype=torch.float64)
    eye = torch.eye(3, dtype=torch.float64)
    scales = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    short = kalman_log_prob(x, (0.0, 1.0), (0.9, 0.1, scales[None, None]), (scales[None, None], 0.0, 0.3), 2)
    zero = torch.zeros(3, dtype=torch.float64)
    whole = log_prob(x, (zero, eye, 0.9 * eye, zero + 0.1, scales.diag(), scales.diag(), zero, 0.3 * eye))
    assert_close(short, whole)


def test_every_example_and_step_may_have_its_own_parameters() -> None:
    x = torch.randn(3, 4, 3, dtype=torch.float64)
    m, p, a, b, q, c, d, r = (each[None, None] for each in chain(2, 3))
    factor = torch.rand(3, 4, 1, 1, dtype=torch.float64) + 0.5
    together = kalman_log_prob(x, (m, p), (factor * a, b, q), (c, d, factor * r), 2)
    alone = [
        kalman_log_prob(x[i : i + 1], (m, p), (factor[i : i + 1] * a, b, q), (c, d, factor[i : i + 1] * r), 2)
        for i in range(3)
    ]
    assert_close(together, torch.cat(alone))


def test_covariances_that_examples_share_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, ...]] = []
    plain: Callable[..., object] = torch.linalg.qr

    def counted(matrix: Tensor) -> object:
        shapes.append(tuple(matrix.shape))
        return plain(matrix)

    monkeypatch.setattr(torch.linalg, "qr", counted)
    log_prob(torch.randn(50, 6, 3, dtype=torch.float64), chain(2, 3))
    assert len(shapes) == 2 * 6 - 1 and all(len(each) == 2 for each in shapes)


@pytest.mark.parametrize("noise", (1e-3, 1e-4))
def test_single_precision_holds_where_observations_are_almost_exact(noise: float) -> None:
    m, p, a, b, q, c, d, r = chain(3, 5)
    parts = (m, p, a, b, q, c, d, noise * r)
    x = torch.randn(4, 30, 5, dtype=torch.float64)
    expected = log_prob(x, parts)
    found = log_prob(x.float(), tuple(each.float() for each in parts))  # type: ignore[arg-type]
    assert_close(found.double(), expected, rtol=1e-3, atol=1e-2)


def kept_for_gradients(steps: int) -> int:
    """How many numbers a sequence of so many steps keeps."""
    numbers: list[int] = []

    def keep(tensor: Tensor) -> Tensor:
        numbers.append(tensor.numel())
        return tensor

    parts = tuple(each.requires_grad_() for each in chain(2, 3))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda each: each):
        log_prob(torch.randn(4, steps, 3, dtype=torch.float64), parts)  # type: ignore[arg-type]
    return sum(numbers)


def test_memory_is_linear_in_the_steps() -> None:
    assert kept_for_gradients(40) / 40 < 1.1 * kept_for_gradients(10) / 10


@pytest.mark.parametrize("before", [False, True])
def test_the_law_of_each_state_given_what_was_seen_so_far(before: bool) -> None:
    """Step by step as textbooks write it: predict by A P A^T + Q, correct by K = P C^T (C P C^T + R)^-1."""
    parts, steps = chain(2, 3), 4
    m, p, a, b, q, c, d, r = parts
    x = torch.randn(1, steps, 3, dtype=torch.float64)
    lifted = [each[None, None] for each in parts]
    means, roots = kalman_filtered(x, tuple(lifted[:2]), tuple(lifted[2:5]), tuple(lifted[5:]), 2, before)
    mean, covariance = m, p @ p.T
    for t in range(steps):
        if t or before:
            mean, covariance = a @ mean + b, a @ covariance @ a.T + q @ q.T
        gain = covariance @ c.T @ torch.linalg.inv(c @ covariance @ c.T + r @ r.T)
        mean, covariance = mean + gain @ (x[0, t] - c @ mean - d), covariance - gain @ c @ covariance
        assert_close(means[0, t], mean)
        assert_close(roots[0, t], torch.linalg.cholesky(covariance))
