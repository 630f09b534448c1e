"""Densities by what else is known of them (the noise of a draw, all values of a class, a standard law): the same
numbers and gradients as by the general functions, and none of them where it would lose a derivative."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.distributions import Categorical, Normal, kl_divergence

import formula2dgm as f2d
from formula2dgm.library.bernoulli import bernoulli_log_prob_mean
from formula2dgm.library.categorical import categorical_log_probs_of_values
from formula2dgm.library.discrete_uniform import discrete_uniform_draw_between
from formula2dgm.library.divergences import kl_normal_standard
from formula2dgm.library.enumeration import all_words
from formula2dgm.library.modules import frozen
from formula2dgm.library.normal import drawn_normal_log_prob, normal_noise, standard_normal_log_prob_sum
from formula2dgm.library.shapes import mean_of_sums

SIZES = {"x": 4, "z": 2}


def test_the_density_of_a_draw_by_its_noise_has_the_gradient_of_the_density_at_the_draw() -> None:
    torch.manual_seed(0)
    loc = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    scale = (torch.rand(5, 3, dtype=torch.float64) + 0.2).requires_grad_()
    noise = torch.randn(4, 5, 3, dtype=torch.float64)
    expected = Normal(loc, scale).log_prob(loc + scale * noise)
    found = drawn_normal_log_prob(noise, loc, scale)
    torch.testing.assert_close(found, expected)
    weights = torch.randn(4, 5, 3, dtype=torch.float64)
    for one, other in zip(
        torch.autograd.grad((weights * found).sum(), (loc, scale), materialize_grads=True, allow_unused=True),
        torch.autograd.grad((weights * expected).sum(), (loc, scale)),
        strict=True,
    ):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-9)


def test_a_standard_normal_by_its_own_functions() -> None:
    torch.manual_seed(0)
    z = torch.randn(6, 5, 3, 2, dtype=torch.float64)
    standard = Normal(torch.zeros((), dtype=torch.float64), 1.0)
    torch.testing.assert_close(standard_normal_log_prob_sum(z, 2), standard.log_prob(z).sum((2, 3)))
    loc, scale = torch.randn(5, 3, dtype=torch.float64), torch.rand(5, 3, dtype=torch.float64) + 0.1
    torch.testing.assert_close(kl_normal_standard(loc, scale), kl_divergence(Normal(loc, scale), standard))
    torch.testing.assert_close(kl_normal_standard(loc, 0.5), kl_divergence(Normal(loc, 0.5), standard))


def test_means_of_sums() -> None:
    x = torch.arange(24.0).reshape(4, 3, 2)
    torch.testing.assert_close(mean_of_sums(x), x.sum((1, 2)).mean())
    torch.testing.assert_close(mean_of_sums(x[:1]), x[:1].sum((1, 2)).mean())
    bits, logits = torch.rand(7, 5).round(), torch.randn(7, 5)
    expected = torch.distributions.Bernoulli(logits=logits).log_prob(bits).sum(1).mean()
    torch.testing.assert_close(bernoulli_log_prob_mean(bits, logits), expected)
    # One row of logits for the whole batch is one for each example.
    shared = torch.distributions.Bernoulli(logits=logits[:1]).log_prob(bits).sum(1).mean()
    torch.testing.assert_close(bernoulli_log_prob_mean(bits, logits[:1]), shared)


@pytest.mark.parametrize("shape", [(4,), (5, 4), (3, 5, 4)])
def test_the_probabilities_of_all_classes(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    logits = torch.randn(shape, dtype=torch.float64)
    found = categorical_log_probs_of_values(logits, len(shape) - 1)
    for value in range(4):
        index = torch.full(shape[:-1], value)
        torch.testing.assert_close(found[value], Categorical(logits=logits).log_prob(index))


def test_the_probabilities_of_all_words() -> None:
    torch.manual_seed(0)
    logits = torch.randn(5, 2, 3, dtype=torch.float64)  # for each of 5 examples, two variables of three classes
    found = categorical_log_probs_of_values(logits, 1)
    each = torch.log_softmax(logits, -1)
    for row, (first, second) in enumerate((a, b) for a in range(3) for b in range(3)):
        torch.testing.assert_close(found[row], each[:, 0, first] + each[:, 1, second])
    assert all_words(3, (2,), logits.device).tolist() == [[a, b] for a in range(3) for b in range(3)]
    assert all_words(3, (), logits.device).tolist() == [0, 1, 2]
    assert all_words(2, (1,), logits.device).tolist() == [[0], [1]]


def test_noise_is_the_same_whoever_knows_its_shape() -> None:
    like = torch.zeros(3, 2)
    torch.manual_seed(0)
    found = normal_noise(like.shape, like)
    torch.manual_seed(0)
    torch.testing.assert_close(found, torch.randn(3, 2))
    assert normal_noise((3,), torch.zeros(3, dtype=torch.long)).dtype == torch.get_default_dtype()


def test_whole_numbers_between_two_numbers() -> None:
    torch.manual_seed(0)
    drawn = discrete_uniform_draw_between((4000,), 2, 5, torch.zeros((), dtype=torch.float64))
    values, counts = drawn.unique(return_counts=True)
    assert values.tolist() == [2, 3, 4, 5] and drawn.dtype == torch.float64
    assert (counts / 4000 - 0.25).abs().max() < 0.04


def test_a_frozen_network_passes_gradients_to_its_input_alone() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    network[0].weight.requires_grad_(False)
    x = torch.randn(4, 2, requires_grad=True)
    frozen(network)(x).sum().backward()  # type: ignore[attr-defined]
    (expected,) = torch.autograd.grad(network(x).sum(), x)
    torch.testing.assert_close(x.grad, expected)
    assert all(each.grad is None for each in network.parameters())
    assert [each.requires_grad for each in network.parameters()] == [False, True, True, True]
    with pytest.raises(RuntimeError):
        frozen(network)(torch.randn(4, 7))
    assert [each.requires_grad for each in network.parameters()] == [False, True, True, True]
    moved = torch.func.vmap(frozen(network))(x)
    torch.testing.assert_close(moved, network(x))


# -- where they are used, and where not ---------------------------------------------------------------


def test_a_score_of_a_drawn_density_is_taken_at_the_draw() -> None:
    """By its noise, log q(z|x) would not depend on z, and its derivative by z would be 0."""
    formula = r"\min E_{q(z|x)}[\|\nabla_z \log q(z|x) - \nabla_z \log p(z)\|^2]"
    objective = f2d.compile([formula, "p(z) = N(z; 0, I)"], scaffold=True, dims=SIZES)
    assert "drawn_normal_log_prob" not in objective.source
    torch.manual_seed(0)
    x, noise = torch.randn(3, 4), torch.randn(3, 2)
    network = next(objective.children())
    parameters = network(x)
    loc, scale = parameters if isinstance(parameters, tuple) else parameters.values()
    z = loc + scale * noise
    expected = ((-(noise / scale) + z) ** 2).sum(1).mean()
    torch.testing.assert_close(objective(x=x, noise={"z": noise}).loss, expected)


def test_a_density_of_another_law_at_the_draw_is_the_general_one() -> None:
    formula = r"E_{q(z|x)}[\log p(x|z) + \log r(z|x) - \log q(z|x)]"
    source = f2d.compile(formula, scaffold=True, dims=SIZES).source
    assert source.count("= sum_event(drawn_normal_log_prob(") + source.count("mean_of_sums(drawn_normal_log_prob(") == 1
    assert "normal_log_prob(z, r_z_given_x" in source
    assert f2d.verify(formula, seeds=1, dims=SIZES).agrees


def test_k_draws_by_their_noise_agree_with_the_bound_of_the_draws() -> None:
    formula = r"E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K \frac{p(x|z_k) p(z_k)}{q(z_k|x)}], K = 3"
    found = f2d.verify(formula, seeds=2, dims=SIZES)
    assert found.agrees, str(found)


def test_the_sum_over_classes_reads_all_probabilities_at_once() -> None:
    logits = nn.Linear(4, 3)
    objective = f2d.compile(
        r"\min E_{q(y|x)}[\log q(y|x) - \log p(y)]",
        {"q(y|x)": f2d.Categorical(logits), "p(y)": f2d.Categorical(logits=torch.zeros(3))},
    )
    assert "categorical_log_probs_of_values(" in objective.source
    x = torch.randn(5, 4)
    q = torch.softmax(logits(x), -1)
    torch.testing.assert_close(objective(x=x).loss, (q * q.log()).sum(-1).mean() + math.log(3))


def test_log_odds_of_a_probability_are_its_logit() -> None:
    network = nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))
    objective = f2d.compile(
        r"\min E_{p_{data}(x)}[\log \frac{D(x)}{1 - D(x)}]",
        {"D": f2d.Sigmoid(network)},
    )
    assert "log_sigmoid" not in objective.source
    x = 300 * torch.randn(5, 4)
    torch.testing.assert_close(objective(x=x).loss, network(x).mean())
