"""Sums, means and expectations: what each averages, and where."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import Gaussian, Model, codes, program

PAIR = nn.Bilinear(2, 2, 1)


def test_one_over_n_times_the_sum_over_examples_is_the_batch_mean() -> None:
    model = Model()
    formula = r"\max \frac1N \sum_{i=1}^N E_{q(z|x_i)}[\log p(x_i|z)]"
    assert_close(model.value(formula), model.log_p(model.z()).mean())
    assert_close(model.value(formula, more={"N": 7}), model.log_p(model.z()).mean())


def test_the_sum_over_examples_is_n_times_the_batch_mean() -> None:
    model = Model()
    formula = r"\max \sum_{i=1}^N E_{q(z|x_i)}[\log p(x_i|z)] - KL[q(z|x)||p(z)]"
    assert_close(model.value(formula, more={"N": 70}), 70 * model.log_p(model.z()).mean() - model.kl().mean())
    assert codes(formula, model.bindings) == ["F2D-0203"]


def test_a_double_sum_over_examples_runs_over_pairs_of_the_batch() -> None:
    formula = r"\min \sum_{i=1}^N\sum_{j=1}^N \|x_i - x_j\|^2"
    x = torch.randn(4, 3)
    assert_close(f2d.compile(formula, {})(x=x).value, torch.cdist(x, x).square().sum())


def test_only_whole_ranges_are_summed() -> None:
    model = Model()
    bindings = {**model.bindings, "K": 5, "f": nn.Linear(2, 1)}
    assert codes(r"\max E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=2}^K p(x|z_k)]", bindings) == ["F2D-0416"]
    assert codes(r"\max \sum_{t=1}^T \sum_{s=2 t}^T f(x_s)", bindings) == ["F2D-0416"]


def test_sums_over_steps_may_leave_steps_out() -> None:
    x = torch.randn(4, 5, 2)
    net = nn.Linear(2, 1)
    steps = net(x).squeeze(-1)
    for text, kept in {"t=2}^T": steps[:, 1:], "t>1}": steps[:, 1:], "t=1}^{T-1}": steps[:, :-1]}.items():
        assert_close(f2d.compile(rf"\max \sum_{{{text} f(x_t)", {"f": net})(x=x).value, kept.sum(1).mean())
    assert_close(f2d.compile(r"\max \sum_{t=2}^{T-2} f(x_t)", {"f": net})(x=x).value, steps[:, 1:3].sum(1).mean())


def test_a_term_without_the_index_counts_as_often() -> None:
    """1/M sum_m (E - KL): the divergence has no m, and is M KL / M."""
    model = Model()
    noise = torch.randn(4, 3, 2)
    value = model.value(
        r"\max \frac1M \sum_{m=1}^M (E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)])", {"z": noise}, {"M": 4}
    )
    sampled = torch.stack([model.log_p(model.z(each)) for each in noise]).mean(0)
    assert_close(value, (sampled - model.kl()).mean())


def test_sums_of_constants() -> None:
    model, noise = Model(), torch.randn(5, 3, 2)
    value = model.value(
        r"\max E_{z_{1:K} \sim q(z|x)}[\sum_{k=1}^K (\log p(x|z_k) - c)]", {"z": noise}, {"K": 5, "c": 2.0}
    )
    sampled = torch.stack([model.log_p(model.z(each)) for each in noise]).sum(0)
    assert_close(value, sampled.mean() - 10)


def test_k_samples_by_option_are_averaged_where_the_bracket_stands() -> None:
    model, noise = Model(), torch.randn(4, 3, 2)
    value = model.value(r"\max \log E_{q(z|x)}[p(x|z)]", {"z": noise}, samples=4)
    sampled = torch.stack([model.log_p(model.z(each)) for each in noise])
    assert_close(value, (sampled.logsumexp(0) - torch.log(torch.tensor(4.0))).mean())


def test_a_written_data_expectation_averages_where_it_stands() -> None:
    model, net = Model(), nn.Linear(2, 1)
    value = model.value(r"\min \log E_{x \sim p_{data}}[e^{f(x)}]", {}, {"f": net})
    assert_close(value, net(model.x).exp().mean().log())


def test_an_expectation_of_the_models_own_draws_averages_where_it_stands() -> None:
    """Also where the draws are two deep: the batch of draws is its sample."""
    model, net = Model(), nn.Linear(2, 1)
    z, noise = torch.randn(3, 2), torch.randn(3, 2)
    loc, scale = model.p(z)
    expected = net(loc + scale * noise).exp().mean().log()
    for formula in (r"\log E_{p(z)p(x|z)}[e^{f(x)}]", r"\log E_{p(z)}[E_{p(x|z)}[e^{f(x)}]]"):
        model.bindings = {"p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2), "p(x|z)": f2d.Normal(model.p)}
        assert_close(model.value(formula, {"z": z, "x": noise}, {"f": net}, maximize=True), expected)


def test_an_expectation_inside_another_keeps_its_batch() -> None:
    """E_q(z|x)[log E_p(w|z)[...]]: w is drawn per z, so nothing is averaged over the batch below the log."""
    model, inner, net = Model(), Gaussian(2), nn.Linear(2, 1)
    more = {"p(w|z)": f2d.Normal(inner), "f": net}
    value = model.value(
        r"E_{q(z|x)}[\log E_{p(w|z)}[e^{f(w)}]]", {"z": model.eps, "w": model.other}, more, maximize=True
    )
    loc, scale = inner(model.z())
    assert_close(value, net(loc + scale * model.other).mean())


def test_paired_data_are_pairs_and_marginals_are_not() -> None:
    model, y, shuffle = Model(), torch.randn(3, 2), torch.tensor([2, 0, 1])
    pairs, crossed = PAIR.double()(model.x, y).mean(), PAIR(model.x, y[shuffle]).mean()
    more, data = {"f": PAIR}, {"y": y}
    for formula in (r"E_{p_D(x,y)}[f(x,y)]", r"E_{p_D(x)p_D(y|x)}[f(x,y)]"):
        assert_close(model.value(formula, {}, more, data, maximize=True), pairs)
    for formula in (r"E_{p_D(x)p_D(y)}[f(x,y)]", r"E_{p_D(x)}[E_{p_D(y)}[f(x,y)]]"):
        assert_close(model.value(formula, {"y": shuffle}, more, data, maximize=True), crossed)


def test_an_average_over_other_examples_under_a_log_is_over_all_of_them() -> None:
    """log E_y[e^f(x,y)] for each x is of all pairs with other examples."""
    model, y = Model(), torch.randn(3, 2)
    found = model.value(r"\max E_{p_D(x)}[\log E_{p_D(y)}[e^{f(x,y)}]]", {}, {"f": PAIR.double()}, {"y": y})
    expected = [
        torch.stack([PAIR(model.x[i : i + 1], y[j : j + 1]).squeeze() for j in range(3) if j != i]).logsumexp(0)
        for i in range(3)
    ]
    assert_close(found, (torch.stack(expected) - math.log(2)).mean())


def test_a_density_named_r_is_no_data() -> None:
    model = Model()
    model.bindings["r(z|x)"] = f2d.Normal(model.q)
    assert_close(model.value(r"\max E_{r(z|x)}[\log p(x|z)]"), model.log_p(model.z()).mean())


def test_an_unbound_prior_is_no_data() -> None:
    """E_{p(z)} with p(z) forgotten: an error, not a data variable called z."""
    assert codes(r"\max E_{p(z)}[\log p(x|z)]", {"p(x|z)": f2d.Normal(Gaussian(2))}) == ["F2D-0302"]


def test_a_finite_variable_is_summed_exactly() -> None:
    model, logits, decoder = Model(), nn.Linear(2, 3), Gaussian(3)
    more = {"q(y|x)": f2d.Categorical(logits, one_hot=True), "p(x|y)": f2d.Normal(decoder)}
    value = model.value(r"\max E_{q(y|x)}[\log p(x|y)]", {}, more)
    weights = torch.softmax(logits(model.x), -1)
    each = torch.stack([decoder.at(torch.eye(3)[y].expand(3, 3)).log_prob(model.x) for y in range(3)], -1)
    assert_close(value, (weights * each).sum(-1).mean())


def test_an_axis_that_nothing_removes_is_an_error() -> None:
    model = Model()
    formula = r"\max E_{z_{1:K} \sim q(z|x)}[\log p(x|z_k)]"
    assert codes(formula, {**model.bindings, "K": 5}) != []


def test_default_draws_beside_written_ones_are_those() -> None:
    model = Model()
    formula = r"\max E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K p(x|z_k)] + E_{q(z|x)}[\log p(z)]"
    found = program(formula, {**model.bindings, "K": 5})
    assert [each.name for each in found.sites] == ["z"]


def test_a_forgotten_index_is_an_error() -> None:
    """log sum_k p(x,z)/q(z|x) without z_k would be one draw counted K times. (An average is over draws of its own.)"""
    formula = r"\max E_{q(z|x)}[\log \sum_{k=1}^K \frac{p(x,z)}{q(z|x)}]"
    assert codes(formula, {**Model().bindings, "K": 3}) == ["F2D-0408"]
