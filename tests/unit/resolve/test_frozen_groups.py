"""Parameters held constant where they stand: q_{sg(phi)}, q_{bar phi}, f_{theta^-}, log sg[q]."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.reference import reference
from tests.support.small import STANDARD, Model, assumed

MARKED = [r"q_{\mathrm{sg}(\phi)}(z|x)", r"q_{\mathrm{sg}[\phi]}(z|x)", r"q_{\bar\phi}(z|x)", r"q_{\phi^-}(z|x)"]


def bindings(model: Model) -> dict[str, object]:
    return {
        r"q_\phi(z|x)": f2d.Normal(model.q),
        r"p_\theta(x|z)": f2d.Normal(model.p),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }


def gradients(value: Tensor, *modules: nn.Module) -> list[Tensor]:
    weights = [each for module in modules for each in module.parameters()]
    return list(torch.autograd.grad(value, weights, allow_unused=True, materialize_grads=True, retain_graph=True))


def landed(model: Model) -> Tensor:
    """The path derivative of the ELBO: the score of q left out, its draw's gradient kept."""
    frozen = type(model.q)(2)
    frozen.load_state_dict(model.q.state_dict())
    z = model.z()
    return (model.log_p(z) + STANDARD.log_prob(z) - frozen.at(model.x).log_prob(z)).mean()


@pytest.mark.parametrize("frozen", [*MARKED, r"\mathrm{sg}[q_\phi(z|x)]"])
def test_the_path_derivative_of_the_bound(frozen: str) -> None:
    model = Model()
    formula = rf"E_{{q_\phi(z|x)}}[\log p_\theta(x|z) + \log p(z) - \log {frozen}]"
    expected = landed(model)
    found = f2d.compile(formula, bindings(model))(x=model.x, noise={"z": model.eps}).value
    judge = reference(formula, bindings(model), {"x": model.x}, {"z": model.eps}).run().value
    for value in (found, judge):
        assert_close(value, expected)
        assert_close(gradients(value, model.q, model.p), gradients(expected, model.q, model.p))


@pytest.mark.parametrize("drawn", MARKED)
def test_a_draw_from_it_has_no_gradient(drawn: str) -> None:
    model = Model()
    formula = rf"E_{{{drawn}}}[\log p_\theta(x|z)]"
    value = f2d.compile(formula, bindings(model))(x=model.x, noise={"z": model.eps}).value
    assert_close(value, model.log_p(model.z()).mean())
    assert not any(each.any() for each in gradients(value, model.q))
    assert any(each.any() for each in gradients(value, model.p))


def test_the_gradient_of_what_it_is_given_is_kept() -> None:
    """log p_{bar theta}(x|z) trains the encoder through z, and the decoder not at all."""
    model = Model()
    formula = r"E_{q_\phi(z|x)}[\log p_{\bar\theta}(x|z)]"
    value = f2d.compile(formula, bindings(model))(x=model.x, noise={"z": model.eps}).value
    expected = model.log_p(model.z()).mean()
    assert_close(gradients(value, model.q), gradients(expected, model.q))
    assert not any(each.any() for each in gradients(value, model.p))
    assert "held constant" in assumed(formula, bindings(model))


def test_networks() -> None:
    f, x = nn.Linear(2, 2), torch.randn(4, 2)
    for marked in (r"f_{\bar\theta}", r"f_{\theta^-}", r"f_{\mathrm{sg}(\theta)}", r"f_{\theta'}"):
        objective = f2d.compile(rf"\min E_{{p_{{data}}(x)}}\|f_\theta(x) - {marked}(x + 1)\|^2", {r"f_\theta": f})
        expected = (f(x) - f(x + 1).detach()).square().sum(-1).mean()
        found = objective(x=x).loss
        assert_close(found, expected)
        assert_close(gradients(found, f), gradients(expected, f))


def test_a_network_of_its_own_wins() -> None:
    f, target, x = nn.Linear(2, 2), nn.Linear(2, 2), torch.randn(4, 2)
    formula = r"\min E_{p_{data}(x)}\|f_\theta(x) - f_{\bar\theta}(x)\|^2"
    found = f2d.compile(formula, {r"f_\theta": f, r"f_{\bar\theta}": target})(x=x).loss
    assert_close(found, (f(x) - target(x)).square().sum(-1).mean())


def test_an_old_policy_is_a_reference_of_its_own() -> None:
    """pi_{theta_old} is no pi_theta: the ratio of the two is not 1."""
    new, old, x = nn.Linear(2, 3), nn.Linear(2, 3), torch.randn(4, 2)
    formula = r"\max E_{p_{data}(a, s)}[\pi_\theta(a|s) / \pi_{\theta_{old}}(a|s)]"
    bound = {r"\pi_\theta(a|s)": f2d.Categorical(new), r"\pi_{\theta_{old}}(a|s)": f2d.Categorical(old)}
    a = torch.tensor([0, 2, 1, 1])
    value = f2d.compile(formula, bound)(a=a, s=x).value
    at = a.unsqueeze(-1)
    ratio = new(x).softmax(-1).gather(-1, at) / old(x).softmax(-1).gather(-1, at)
    assert_close(value, ratio.mean())
    assert not any(each.any() for each in gradients(value, old))
    assert "frozen" in assumed(formula, bound)


def test_numbered_groups_are_apart() -> None:
    one, two, x = nn.Linear(2, 2), nn.Linear(2, 2), torch.randn(4, 2)
    formula = r"\min E_{p_{data}(x)}\|f_{\theta_1}(x) - f_{\theta_2}(x)\|^2"
    found = f2d.compile(formula, {r"f_{\theta_1}": one, r"f_{\theta_2}": two})(x=x).loss
    assert_close(found, (one(x) - two(x)).square().sum(-1).mean())
