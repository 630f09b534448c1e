"""Small parts of the library by hand: kernels, baselines, matrices, default flows, what a network returned."""

from __future__ import annotations

import math

import pytest
import torch
from torch.testing import assert_close

from formula2dgm.library import (
    batches,
    discrete_uniform,
    discretized_logistic_mixture,
    factorized_bernoulli,
    flow_coupling,
    flow_default,
    kalman,
    kernels,
    kl_uniform,
    kl_unit,
    kumaraswamy,
    matrices,
    relaxed_bernoulli,
    scores,
    vectors,
    von_mises_fisher,
)

U, V = torch.tensor([[2.0, 1.0, 1.0], [0.0, 0.0, 0.0]]), torch.tensor([[1.0, 3.0, 3.0], [0.0, 2.0, 0.0]])  # 9 and 4


def test_the_gaussian_kernel() -> None:
    assert_close(kernels.RBF()(U, V), torch.tensor([math.exp(-4.5), math.exp(-2)]))
    two = kernels.RBF(scale=2.0, scales=(0.5, 3.0))(U, V)  # 2 s^2 scale^2 is 2 and 72
    assert_close(two, torch.tensor([math.exp(-4.5) + math.exp(-9 / 72), math.exp(-2) + math.exp(-4 / 72)]))
    assert "scale=2.0, scales=(0.5, 3.0)" in repr(kernels.RBF(scale=2.0, scales=(0.5, 3.0)))


def test_the_inverse_multiquadratic_kernel() -> None:
    found = kernels.IMQ(scale=2.0, scales=(0.5, 1.0))(U, V)  # C is 2 * 3 * s * 4: 12 and 24
    assert_close(found, torch.tensor([12 / 21 + 24 / 33, 12 / 16 + 24 / 28]))
    each = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    assert_close(kernels.IMQ()(U, V)[0].item(), sum(6 * s / (6 * s + 9) for s in each), rtol=1e-6, atol=0)
    image = torch.zeros(1, 2, 2)
    assert_close(kernels.IMQ(scales=(1.0,))(image, image + 1), torch.tensor([8 / 12]))
    assert "scale=1.0, scales=(0.1," in repr(kernels.IMQ())


def test_the_mean_of_the_other_draws() -> None:
    cost = torch.tensor([[1.0, 2.0], [3.0, 6.0], [8.0, 1.0]])
    assert_close(scores.others_mean(cost, 0), torch.tensor([[5.5, 3.5], [4.5, 1.5], [2.0, 4.0]]))
    assert_close(scores.others_mean(cost, 1), cost.flip(1))
    assert_close(scores.others_mean(cost[:1], 0), torch.zeros(1, 2))  # none beside it


def test_a_score_gradient_and_a_straight_through_one() -> None:
    p = torch.tensor([0.25, 0.5], requires_grad=True)
    found = scores.score_gradient(torch.tensor([2.0, 3.0]), p.log())
    assert found.tolist() == [0.0, 0.0]
    assert_close(torch.autograd.grad(found.sum(), p)[0], torch.tensor([8.0, 6.0]))
    assert_close(torch.autograd.grad(scores.score_gradient(2.0, p.log()).sum(), p)[0], torch.tensor([8.0, 4.0]))
    cost = p * 2
    assert_close(torch.autograd.grad(scores.score_gradient(cost, p.log()).sum(), p)[0], torch.tensor([2.0, 2.0]))
    through = scores.straight_through(torch.tensor([1.0, 0.0]), p**2)
    assert through.tolist() == [1.0, 0.0]
    assert_close(torch.autograd.grad(through.sum(), p)[0], torch.tensor([0.5, 1.0]))


def test_matrices_and_vectors() -> None:
    a, v = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([1.0, 0.0, -1.0])
    assert matrices.matrix_vector(a, v).tolist() == [-2.0, -2.0]
    assert matrices.matrix_vector(a.expand(4, 2, 3), v.expand(4, 3)).shape == (4, 2)
    assert matrices.matrix_product(a, a.mT).tolist() == [[14.0, 32.0], [32.0, 77.0]]
    assert matrices.columns_beside(a, a[:, :1].expand(5, 2, 1)).shape == (5, 2, 4)
    assert matrices.columns_beside(a, a[:, :1]).tolist() == [[1.0, 2.0, 3.0, 1.0], [4.0, 5.0, 6.0, 4.0]]
    assert_close(
        matrices.inverse_matrix(torch.tensor([[2.0, 1.0], [0.0, 4.0]])), torch.tensor([[0.5, -0.125], [0, 0.25]])
    )


def test_a_root_of_what_is_no_covariance_is_nan() -> None:
    right = torch.tensor([[4.0, 2.0], [2.0, 5.0]], dtype=torch.float64)  # L = [[2, 0], [1, 2]]
    uneven = right + torch.tensor([[0.0, 0.006], [0.0, 0.0]])  # off by more than 5 / 1000
    negative = torch.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=torch.float64)
    found = matrices.cholesky_or_nan(torch.stack([right, uneven, negative]))
    assert_close(found[0], torch.tensor([[2.0, 0.0], [1.0, 2.0]], dtype=torch.float64))
    assert found[1:].isnan().all()
    assert matrices.cholesky_or_nan(right + torch.tensor([[0.0, 0.004], [0.0, 0.0]])).isfinite().all()
    factor = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]], dtype=torch.float64)
    root = matrices.scale_tril_from_factor(factor)
    assert_close(root @ root.mT, factor @ factor.mT)
    assert root[0, 1] == 0


@pytest.mark.parametrize("event", [(1,), (4,), (2, 3)])
def test_the_default_invertible_function_is_the_identity_at_first_and_invertible_after(event: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    flow, x = flow_default.coupling_flow(event, hidden=8).double(), torch.randn(3, *event, dtype=torch.float64)
    value, volume = flow(x)
    assert_close(value, x)
    assert_close(volume, torch.zeros(3, dtype=torch.float64))
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    value, volume = flow(x)
    assert_close(flow.inverse(value)[0], x)
    rows = torch.autograd.functional.jacobian(lambda x: flow(x)[0].sum(0).flatten(), x).movedim(1, 0)
    jacobians = rows.reshape(3, math.prod(event), math.prod(event))
    assert_close(volume, torch.slogdet(jacobians)[1])
    assert (volume.abs() > 1e-3).all()


def test_the_default_invertible_function_takes_what_is_given() -> None:
    torch.manual_seed(0)
    flow, x = flow_default.coupling_flow((4,), (2, 2), (3,), hidden=8), torch.randn(5, 4)
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    given = torch.randn(5, 7)
    assert not torch.allclose(flow(x, given)[0], flow(x, given + 1)[0])
    assert_close(flow.inverse(flow(x, given)[0], given)[0], x)
    widths = [each.out_features for each in flow.modules() if isinstance(each, torch.nn.Linear)]
    assert len(widths) == 12 and widths[:3] == [8, 8, 8]
    with pytest.raises(ValueError, match="not single numbers"):
        flow_default.coupling_flow(())


@pytest.mark.parametrize("event", [(4,), (2, 2)])
def test_a_default_planar_step(event: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, *event)
    value, volume = flow_default.planar_step(event)(x)
    assert value.shape == x.shape and volume.shape == (3,)


def test_numbers_from_low_to_high() -> None:
    assert discrete_uniform.discrete_uniform_parameters({"low": 2.0, "high": 5.0}) == (2.0, 5.0)
    assert discrete_uniform.discrete_uniform_parameters({"high": 5.0, "low": 2.0}) == (2.0, 5.0)
    with pytest.raises(ValueError, match="DiscreteUniform"):
        discrete_uniform.discrete_uniform_parameters({"low": 2.0})
    low, high = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 3.0]])
    found = discrete_uniform.discrete_uniform_values(low, high, 1)  # each entry from 1 to 3
    assert sorted(found.reshape(9, 2).tolist()) == [[i, j] for i in (1.0, 2.0, 3.0) for j in (1.0, 2.0, 3.0)]
    assert discrete_uniform.discrete_uniform_values(torch.tensor(4.0), 6.0, 0).tolist() == [4.0, 5.0, 6.0]


def test_bits_of_which_the_ones_are_scored() -> None:
    found = factorized_bernoulli.factorized_bernoulli_parameters(
        {"probs": torch.tensor([0.5, 0.9], dtype=torch.float64)}
    )
    assert_close(found, torch.tensor([0.0, math.log(9)], dtype=torch.float64))
    assert factorized_bernoulli.factorized_bernoulli_parameters({"logits": 2.0}) == 2.0
    with pytest.raises(ValueError, match="FactorizedBernoulli"):
        factorized_bernoulli.factorized_bernoulli_parameters({"rate": 2.0})
    logits = torch.tensor([0.0, math.log(3)], dtype=torch.float64)
    assert_close(
        factorized_bernoulli.factorized_bernoulli_log_prob(torch.tensor([0.0, 1.0]), logits),
        torch.tensor([0.0, math.log(0.75)], dtype=torch.float64),
    )
    entropy = -torch.tensor([0.5 * math.log(0.5), 0.75 * math.log(0.75)], dtype=torch.float64)
    assert_close(factorized_bernoulli.factorized_bernoulli_entropy(logits), entropy)


def test_no_whole_number_lies_between_ends_the_wrong_way_round() -> None:
    with pytest.raises(ValueError, match="no whole number from 1 to -9"):
        discrete_uniform.discrete_uniform_draw_between((3,), 1, -9, torch.zeros(3))


def test_the_cosine_of_matrices_is_that_of_all_their_entries() -> None:
    u, v = torch.tensor([[[3.0, 0.0], [0.0, 4.0]]]), torch.tensor([[[0.0, 0.0], [2.0, 2.0]]])
    assert_close(vectors.cosine_similarity(u, v, 1), torch.tensor([8 / (5 * math.sqrt(8))]))
    with pytest.raises(ValueError, match="^vectors of 4 and 6 entries are compared$"):
        vectors.cosine_similarity(u, torch.zeros(1, 3, 2), 1)
    with pytest.raises(ValueError, match="^vectors of 3 and 2 entries are compared$"):
        vectors.cosine_similarity(torch.zeros(2, 3), torch.zeros(2, 2), 1)


def test_a_pair_has_one_other() -> None:
    assert batches.count_of_others(2) == 1
    with pytest.raises(ValueError, match="a batch of 2 or more"):
        batches.count_of_others(1)


def test_a_relaxed_bit_stays_below_one_and_above_zero() -> None:
    noise = torch.full((2,), 0.5, dtype=torch.float64)
    low, high = relaxed_bernoulli.relaxed_bernoulli_sample(noise, 0.1, torch.tensor([-1e3, 1e3]).double())
    assert 0 < low < 1e-300 and 1 - 1e-15 < high < 1


def test_the_slope_of_a_very_small_kumaraswamy_draw() -> None:
    """x = (1 - (1-u)^(1/b))^(1/a) is (u/b)^(1/a) for small u, so that dx/db is -x / (a b)."""
    a, b = torch.tensor(0.5).double(), torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    x = torch.tensor(1e-40, dtype=torch.float64)  # x^a is 1e-20
    (slope,) = torch.autograd.grad(kumaraswamy.kumaraswamy_sample(x, a, b), b)
    assert_close(slope / x, torch.tensor(-1 / 1.5).double())


def test_a_uniform_law_up_to_the_end_of_the_unit_interval_has_a_finite_divergence_to_a_beta() -> None:
    """KL[U(0, 1) || Beta(2, 3)] is -E[log 12 x (1-x)^2] = 3 - log 12."""
    found = kl_uniform.kl_uniform_beta(torch.tensor(0.0), torch.tensor(1.0), 2.0, 3.0)
    assert_close(found, torch.tensor(3 - math.log(12)))
    assert kl_uniform.kl_uniform_beta(torch.tensor(0.0), torch.tensor(1.1), 2.0, 3.0) == math.inf


def test_a_shift_by_its_name() -> None:
    class Shift(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"shift": 3 * x.flip(-1)}

    step = flow_coupling.AffineCoupling([0, 1], Shift(), additive=True)  # 1 is kept
    found, log_det = step(torch.tensor([[1.0, 2.0]]))
    assert_close(found, torch.tensor([[7.0, 2.0]]))
    assert_close(log_det, torch.zeros(1))


def test_a_continuous_bernoulli_beside_a_uniform_law_that_leaves_something_out() -> None:
    """CB(0) is U(0, 1), whose divergence to U(-1, 2) is log 3."""
    logits = torch.tensor(0.0, dtype=torch.float64)
    assert_close(kl_unit.kl_continuous_bernoulli_uniform(logits, -1.0, 2.0).item(), math.log(3.0))
    assert kl_unit.kl_continuous_bernoulli_uniform(logits, 0.5, 2.0) == math.inf
    assert kl_unit.kl_continuous_bernoulli_uniform(logits, -1.0, 0.5) == math.inf


def test_a_number_of_each_example_is_each_entry_of_its_vector() -> None:
    found = kalman.as_vector(torch.tensor([1.0, 2.0]), 3, 1)
    assert_close(found, torch.tensor([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]))
    assert_close(kalman.as_vector(torch.tensor(4.0), 2, 2), torch.full((1, 1, 2), 4.0))


def test_a_direction_turns_and_does_not_grow() -> None:
    """The derivative of a von Mises-Fisher draw along its direction is none: only turns move it."""
    loc = torch.tensor([2.0, 1.0, -2.0], dtype=torch.float64) / 3
    loc.requires_grad_()
    value = torch.tensor([0.6, 0.0, 0.8], dtype=torch.float64)
    weight = torch.tensor([0.3, -1.0, 0.4], dtype=torch.float64)
    draw = von_mises_fisher.von_mises_fisher_sample(value, loc, torch.tensor(3.0).double())
    (slope,) = torch.autograd.grad((weight * draw).sum(), loc)
    assert_close(slope @ loc.detach(), torch.tensor(0.0).double(), atol=1e-12, rtol=0)
    assert slope.norm() > 0.1


def test_the_parameters_of_a_mixture_of_grids_by_name() -> None:
    probs, loc, scale = torch.tensor([0.2, 0.8]), torch.zeros(2), torch.tensor([0.5, 2.0])
    read = discretized_logistic_mixture.discretized_logistic_mixture_parameters
    named = read({"scale": scale, "loc": loc, "logits": probs.log()})
    others = read({"loc": loc, "log_scale": scale.log(), "probs": probs})
    for one, other in zip(named, (probs.log(), loc, scale), strict=True):
        assert_close(one, other)
    assert_close(torch.softmax(others[0], -1), probs)
    assert_close(others[2], scale)


def test_a_shift_alone_is_a_coupling_where_it_is_said_to_be_additive() -> None:
    shift = torch.nn.Identity()
    step = flow_coupling.AffineCoupling([1, 0], translate_net=shift, additive=True)
    assert_close(step(torch.tensor([[1.0, 2.0]]))[0], torch.tensor([[1.0, 2.0]]))
    with pytest.raises(ValueError, match="or both a scale_net and a translate_net"):
        flow_coupling.AffineCoupling([1, 0], translate_net=shift)
