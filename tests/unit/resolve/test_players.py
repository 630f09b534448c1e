"""Who trains what: the names under an operator or in a head, and what is constant for each player."""

from __future__ import annotations

import torch
from torch import nn

import formula2dgm as f2d
from tests.support.reference import reference
from tests.support.small import Gaussian, Model, codes, program


def trained(formula: str | list[str], bindings: dict[str, object], model: Model, player: str | None = None) -> set[str]:
    """The bindings' networks that a gradient of the loss reaches."""
    nets = {"q": model.q, "p": model.p}
    for each in nets.values():
        each.zero_grad()
    found = program(formula, bindings)
    noise = {each.name: model.eps for each in found.sites}
    reference(formula, bindings, {"x": model.x}, noise).run(player).loss.backward()
    return {
        name
        for name, net in nets.items()
        if any(each.grad is not None and bool(each.grad.any()) for each in net.parameters())
    }


ELBO = r"E_{q_\phi(z|x)}[\log p_\theta(x|z)] - KL[q_\phi(z|x)||p(z)]"


def grouped(model: Model) -> dict[str, object]:
    return {
        r"q_\phi(z|x)": f2d.Normal(model.q),
        r"p_\theta(x|z)": f2d.Normal(model.p),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }


def test_the_operator_names_what_is_trained() -> None:
    model = Model()
    for bindings in (grouped(model), model.bindings):
        assert trained(rf"\max_{{\theta,\phi}} {ELBO}", bindings, model) == {"q", "p"}
        assert trained(rf"\max_\theta {ELBO}", bindings, model) == {"p"}
        assert trained(rf"\max_\phi {ELBO}", bindings, model) == {"q"}
        assert trained(rf"\max {ELBO}", bindings, model) == {"q", "p"}


def test_the_head_names_what_is_trained() -> None:
    model = Model()
    assert trained(rf"\mathcal{{L}}(\theta; x) = {ELBO}", grouped(model), model) == {"p"}
    assert trained(rf"\mathcal{{L}}(\theta, \phi; x) = {ELBO}", grouped(model), model) == {"q", "p"}
    assert trained(rf"\mathcal{{L}}(x) = {ELBO}", grouped(model), model) == {"q", "p"}


def test_each_player_has_its_own_networks() -> None:
    model = Model()
    game = [rf"\phi: \max {ELBO}", rf"\theta: \max {ELBO}"]
    assert trained(game, grouped(model), model, "phi") == {"q"}
    assert trained(game, grouped(model), model, "theta") == {"p"}


def test_ungrouped_bindings_join_the_group_the_formula_writes() -> None:
    model = Model()
    game = [rf"\phi: \max {ELBO}", rf"\theta: \max {ELBO}"]
    assert trained(game, model.bindings, model, "phi") == {"q"}
    assert trained(game, model.bindings, model, "theta") == {"p"}


def test_a_player_that_owns_nothing_is_an_error() -> None:
    bindings = {"D": nn.Linear(2, 1), "G": nn.Linear(2, 2), "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)}
    formula = r"\min_H \max_D E_{p_{data}(x)}[D(x)] - E_{p(z)}[D(G(z))]"
    assert codes(formula, bindings) == ["F2D-0504"]


def test_a_reference_density_is_frozen() -> None:
    model, old = Model(), Gaussian(2)
    bindings = {r"q_\phi(z|x)": f2d.Normal(model.q), r"q_{old}(z|x)": f2d.Normal(old)}
    judge = reference(r"\min KL[q_\phi(z|x)||q_{old}(z|x)]", bindings, {"x": model.x}, {})
    judge.run().loss.backward()
    assert all(each.grad is None or not each.grad.any() for each in old.parameters())
    expected = torch.distributions.kl_divergence(model.q.at(model.x), old.at(model.x)).mean()
    torch.testing.assert_close(judge.run().value, expected)
