"""Samples without their index, divergences between letters, joints that a chain compares, outputs over classes."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.small import STANDARD, Gaussian, Model, assumed, codes


def test_an_average_of_samples_without_an_index() -> None:
    model, noise = Model(), torch.randn(4, 3, 2)
    text = r"\max E_{q(z|x)}[\log \frac1k \sum_{i=1}^k \frac{p(x|z) p(z)}{q(z|x)}]"
    objective = assert_agrees(text, {**model.bindings, "k": 4}, {"x": model.x})
    found = objective({"x": model.x}, noise={"z": noise}).value
    draws = [model.z(each) for each in noise]
    weights = [model.log_p(z) + STANDARD.log_prob(z) - model.q.at(model.x).log_prob(z) for z in draws]
    assert_close(found, (torch.stack(weights).logsumexp(0) - torch.log(torch.tensor(4.0))).mean())


@pytest.mark.parametrize(
    "text",
    [
        r"\max E_{q(z|x)}[\log \frac1k \sum_{i=1}^k p(x|z) + \log p(z)]",  # z is read outside, too
        r"\max E_{q(z|x)}[\log \frac1N \sum_{i=1}^N p(x|z)]",  # N counts examples
        r"\max E_{q(z|x)}[\log \sum_{i=1}^k p(x|z)]",  # no average
    ],
)
def test_other_sums_without_their_index_are_refused(text: str) -> None:
    assert codes(text, {**Model().bindings, "k": 4}) != []


@pytest.mark.parametrize("text", [r"KL(q \| p)", r"KL(q_\phi \| p)"])
def test_a_divergence_between_letters(text: str) -> None:
    model = Model()
    bindings = {
        "q_phi(z|x)" if "phi" in text else "q(z|x)": f2d.Normal(model.q),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    bindings["p(x|z)"] = f2d.Normal(model.p)
    density = "q_\\phi(z|x)" if "phi" in text else "q(z|x)"
    whole = rf"\max E_{{{density}}}[\log p(x|z)] - {text}"
    found = f2d.compile(whole, bindings)(x=model.x, noise={"z": model.eps}).value
    assert_close(found, (model.log_p(model.z()) - model.kl()).mean())


def test_divergences_between_entries_of_letters() -> None:
    model = Model()
    text = r"\max E_{q(z|x)}[\log p(x|z)] - \sum_{i=1}^d \max(\lambda, KL(q_i \| p_i))"
    found = f2d.compile(text, {**model.bindings, "lambda": 0.3})(x=model.x, noise={"z": model.eps}).value
    loc, scale = model.q(model.x)
    entries = 0.5 * (scale.square() + loc.square() - 1) - scale.log()
    assert_close(found, (model.log_p(model.z()) - entries.clamp(min=0.3).sum(1)).mean())


@pytest.mark.parametrize(
    "text",
    [r"KL(q \| p)", r"KL(p_0 \| p_1)", r"E_{q(z|x) q(w|x)}[\log p(x|z,w)] - KL(q \| p)"],
)
def test_letters_of_which_nothing_is_known_are_refused(text: str) -> None:
    assert codes(rf"\max {text}", {}, scaffold=True, dims={"x": 2}) != []


def test_a_joint_that_a_chain_compares_and_draws_from_is_the_data() -> None:
    text = r"\phi^* = \arg\min_\phi KL(p(x,c) \| q_\phi(x|c) p(c)) = \arg\min_\phi E_{p(x,c)}[-\log q_\phi(x|c)]"
    net, x, c = Gaussian(2), torch.randn(4, 2), torch.randn(4, 2)
    objective = f2d.compile(text, {"q_phi(x|c)": f2d.Normal(net)})
    assert_close(objective(x=x, c=c).loss, -net.at(c).log_prob(x).mean())
    known = r"\min_\phi KL(p(x,z) \| q_\phi(x,z)) = \min_\phi E_{p(x,z)}[-\log q_\phi(x|z)]; p(x,z) = p(x|z) p(z)"
    assert "it is the data" not in assumed(known, {}, scaffold=True, dims={"x": 2, "z": 2})


STUDENT = r"\mathcal{L}(\theta_S) = KL(\sigma(f_T(x)/\tau) \| \sigma(f_S(x; \theta_S)/\tau))"


def test_outputs_of_networks_are_compared_over_classes() -> None:
    teacher, student, x = nn.Linear(3, 4), nn.Linear(3, 4), torch.randn(5, 3)
    objective = f2d.compile(STUDENT, {"f_T": teacher, "f_S": student, "tau": 2.0})
    found = objective(x=x).loss
    p, q = (torch.distributions.Categorical(logits=each(x) / 2) for each in (teacher, student))
    assert_close(found, torch.distributions.kl_divergence(p, q).mean())
    found.backward()
    assert teacher.weight.grad is None and student.weight.grad is not None  # the loss is of theta_S


def test_a_default_network_under_a_softmax_scores_classes() -> None:
    def shape(text: str) -> torch.Size:
        return f2d.compile(text, scaffold=True, dims={"x": 3}).f(torch.randn(5, 3)).shape

    assert shape(r"\min KL(\mathrm{softmax}(f(x)) \| \mathrm{softmax}(g(x)))") == (5, 16)
    assert shape(r"\min CE(y, \mathrm{softmax}(f(x))); y \in \{1, \dots, 7\}") == (5, 7)
    assert shape(r"\min (f(x) - 1)^2") in ((5,), (5, 1))


def test_a_sigma_that_the_text_defines_is_no_softmax() -> None:
    text = rf"{STUDENT}; \sigma(u) = \exp(u)"
    assert codes(text, {}, scaffold=True, dims={"x": 3}) == ["F2D-0312"]
