r"""Weights that are drawn: Bayes by backprop on minibatches against the same loss written by hand; neural processes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree

N, SIZE = 1000, 13
LAW = [
    r"q_\theta(w) = \mathcal{N}(w; \mu, \sigma^2 I)",
    r"\sigma = \log(1 + \exp(\rho))",
    r"p(w) = \mathcal{N}(w; 0, I)",
]
LIKELIHOOD = r"p(y_i|x_i,w) = \mathcal{N}(y_i; f_w(x_i), 0.1)"
SPACES = rf"N = {N}; x_i \in \mathbb{{R}}^2; y_i \in \mathbb{{R}}; w \in \mathbb{{R}}^{{{SIZE}}}"

OBJECTIVES = {
    "divergence": r"\min_\theta KL[q_\theta(w) \| p(w)] - E_{q_\theta(w)}[\sum_{i=1}^N \log p(y_i|x_i,w)]",
    "drawn": r"\max_\theta E_{w \sim q_\theta(w)}[\sum_{i=1}^N \log p(y_i|x_i,w)] - KL[q_\theta(w) \| p(w)]",
    "data set": r"\min_\theta KL[q_\theta(w) \| p(w)] - E_{q_\theta(w)}[\log p(\mathcal{D}|w)]",
    "chain": r"\min_\theta KL[q_\theta(w) \| p(w|\mathcal{D})]"
    r" = \min_\theta KL[q_\theta(w) \| p(w)] - E_{q_\theta(w)}[\log p(\mathcal{D}|w)]",
}
SAMPLED = r"\min_\theta E_{q_\theta(w)}[\log q_\theta(w) - \log p(w) - \log p(\mathcal{D}|w)]"
PRODUCT = r"p(\mathcal{D}|w) = \prod_{i=1}^N p(y_i|x_i, w)"


def regression() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Flatten(0))


def by_hand(w: Tensor, x: Tensor) -> Tensor:
    """The network with the weights cut out of w in the order of its layers."""
    hidden = torch.tanh(x @ w[:6].view(3, 2).T + w[6:9])
    return hidden @ w[9:12] + w[12]


def posterior() -> tuple[nn.Parameter, nn.Parameter]:
    torch.manual_seed(1)
    return nn.Parameter(torch.randn(SIZE)), nn.Parameter(torch.randn(SIZE))


def batch(count: int = 7) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(2)
    return torch.randn(count, 2), torch.randn(count), torch.randn(SIZE)


@pytest.mark.parametrize("name", [*OBJECTIVES, "sampled"])
@pytest.mark.parametrize("count", [1, 7])
def test_the_loss_of_a_minibatch_is_the_one_written_by_hand(name: str, count: int) -> None:
    """One draw for the batch; the mean of the batch times the size of the data set; the divergence once."""
    mu, rho = posterior()
    text = OBJECTIVES.get(name, SAMPLED)
    more = [PRODUCT] if "calD" in text or "mathcal{D}" in text else []
    objective = f2d.compile(
        [text, *more, *LAW, LIKELIHOOD, SPACES], {"f": f2d.Functional(regression()), r"\mu": mu, r"\rho": rho}
    )
    x, y, eps = batch(count)
    loss = objective(x=x, y=y, noise={"w": eps}).loss
    found = torch.autograd.grad(loss, (mu, rho))
    scale = torch.log1p(rho.exp())
    q, prior, w = Normal(mu, scale), Normal(torch.zeros(SIZE), 1.0), mu + scale * eps
    fit = N * Normal(by_hand(w, x), 0.1**0.5).log_prob(y).mean()
    gap = (q.log_prob(w) - prior.log_prob(w)).sum() if name == "sampled" else kl_divergence(q, prior).sum()
    assert_close(loss, gap - fit)
    assert_close(found, torch.autograd.grad(gap - fit, (mu, rho)))


def test_the_divergence_may_be_weighed_instead() -> None:
    text = r"\max E_{q_\theta(w)}[\frac1N \sum_{i=1}^N \log p(y_i|x_i,w)] - \frac1N KL[q_\theta(w) \| p(w)]"
    mu, rho = posterior()
    bindings = {"f": f2d.Functional(regression()), r"\mu": mu, r"\rho": rho}
    x, y, eps = batch()
    weighed = f2d.compile([text, *LAW, LIKELIHOOD, SPACES], bindings)(x=x, y=y, noise={"w": eps})
    whole = f2d.compile([OBJECTIVES["divergence"], *LAW, LIKELIHOOD, SPACES], bindings)(x=x, y=y, noise={"w": eps})
    assert_close(N * weighed.loss, whole.loss)


def test_a_mixture_of_normals_as_prior() -> None:
    prior = r"p(w) = \pi \mathcal{N}(w; 0, \sigma_1^2 I) + (1 - \pi) \mathcal{N}(w; 0, \sigma_2^2 I)"
    numbers = r"\sigma_1 = 1; \sigma_2 = 0.1; \pi = 0.25"
    mu, rho = posterior()
    bindings = {"f": f2d.Functional(regression()), r"\mu": mu, r"\rho": rho}
    objective = f2d.compile([SAMPLED, PRODUCT, *LAW[:2], prior, numbers, LIKELIHOOD, SPACES], bindings)
    x, y, eps = batch()
    scale = torch.log1p(rho.exp())
    w = mu + scale * eps
    log_prior = torch.logaddexp(
        Normal(0.0, 1.0).log_prob(w).sum() + torch.tensor(0.25).log(),
        Normal(0.0, 0.1).log_prob(w).sum() + torch.tensor(0.75).log(),
    )
    fit = N * Normal(by_hand(w, x), 0.1**0.5).log_prob(y).mean()
    expected = Normal(mu, scale).log_prob(w).sum() - log_prior - fit
    assert_close(objective(x=x, y=y, noise={"w": eps}).loss, expected)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_generated_code_is_the_reference(name: str) -> None:
    more = [PRODUCT] if "mathcal{D}" in OBJECTIVES[name] else []
    objective = assert_defaults_agree([OBJECTIVES[name], *more, *LAW, LIKELIHOOD, SPACES], {})
    assert {"mu", "rho"} <= {key for key, _ in objective.named_parameters()}


def test_a_functional_module_agrees_with_the_reference() -> None:
    mu, rho = posterior()
    x, y, _ = batch()
    bindings = {"f": f2d.Functional(regression().double()), r"\mu": mu, r"\rho": rho}
    assert_agrees([OBJECTIVES["divergence"], *LAW, LIKELIHOOD, SPACES], bindings, {"x": x, "y": y})


def test_weights_of_each_example_are_its_own() -> None:
    network = f2d.Functional(regression())
    x, _, _ = batch()
    w = torch.randn(7, SIZE)
    assert_close(network(x, w), torch.stack([by_hand(a, b[None])[0] for a, b in zip(w, x, strict=True)]))
    assert not list(network.parameters())
    with pytest.raises(ValueError, match="13 weights, but is given 12"):
        network(x, w[:, :12])


def test_the_size_of_the_data_set_has_to_be_known() -> None:
    text = [OBJECTIVES["divergence"], *LAW, LIKELIHOOD, SPACES.split("; ", 1)[1]]
    with pytest.raises(FormulaError, match="the number of examples, is bound to nothing"):
        f2d.compile(text, scaffold=True)


def test_what_a_fitted_law_needs_is_learned() -> None:
    """From the formula alone: mu and sigma are trained, the numbers of the prior are not."""
    text = [OBJECTIVES["divergence"], LAW[0], r"p(w) = \mathcal{N}(w; 0, s^2 I)", SPACES]
    objective = f2d.compile(text, scaffold=True)
    loss = objective(**objective.example_batch(5)).loss
    loss.backward()
    trained = {name for name, each in objective.named_parameters() if each.grad is not None}
    assert {"mu", "log_sigma"} <= trained
    assert any("s is 1" in str(each) for each in objective.assumptions)


def test_a_subscript_that_is_read_elsewhere_is_a_label() -> None:
    objective = f2d.compile(r"\max E_{p(z)}[\log D_z(z)]; z \in \mathbb{R}^3", scaffold=True)
    assert not any("reads z" in str(each) for each in objective.assumptions)


# -- neural processes ----------------------------------------------------------------------------------

SETS = r"x_i \in \mathbb{R}^2; y_i \in \mathbb{R}; u_j \in \mathbb{R}^2; v_j \in \mathbb{R}"


def test_a_conditional_neural_process() -> None:
    """Contexts and targets of several sizes, against torch.distributions."""
    h, decoder = nn.Linear(3, 4), nn.Linear(6, 1)

    class H(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = h

        def forward(self, u: Tensor, v: Tensor) -> Tensor:
            return self.net(torch.cat([u, v[:, None]], 1))

    class Mean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = decoder

        def forward(self, r: Tensor, x: Tensor) -> Tensor:
            return self.net(torch.cat([r, x], 1))[:, 0]

    text = [
        r"\max \sum_{i=1}^M \log p(y_i|r,x_i)",
        r"p(y_i|r,x_i) = \mathcal{N}(y_i; m(r, x_i), 0.25)",
        r"r = \frac1C \sum_{j=1}^C h(u_j, v_j)",
        SETS,
    ]
    objective = f2d.compile(text, {"h": H(), "m": Mean()})
    for context, targets in ((4, 6), (1, 9)):
        u, v, x, y = (
            torch.randn(3, context, 2),
            torch.randn(3, context),
            torch.randn(3, targets, 2),
            torch.randn(3, targets),
        )
        r = h(torch.cat([u, v[..., None]], -1)).mean(1, keepdim=True).expand(3, targets, 4)
        expected = Normal(decoder(torch.cat([r, x], -1))[..., 0], 0.5).log_prob(y).sum(1).mean()
        assert_close(objective(u=u, v=v, x=x, y=y).value, expected)


def test_a_neural_process_agrees_with_the_reference() -> None:
    text = [
        r"\max E_{q(z|s)}[\sum_{i=1}^M \log p(y_i|z,x_i)] - KL[q(z|s) \| q(z|r)]",
        r"s = \frac1M \sum_{i=1}^M h(x_i, y_i)",
        r"r = \frac1C \sum_{j=1}^C h(u_j, v_j)",
        SETS + r"; z \in \mathbb{R}^3; r \in \mathbb{R}^4; s \in \mathbb{R}^4",
    ]
    assert_defaults_agree(text, {})


@pytest.mark.parametrize("end", [r"\sum_{i=1}^M", r"\sum_i"])
def test_a_context_that_is_no_set_of_its_own_is_refused(end: str) -> None:
    text = [
        rf"\max {end} \log p(y_i|r,x_i)",
        r"r = \frac1C \sum_{j=1}^C h(x_j,y_j)",
        r"x_i \in \mathbb{R}^2; y_i \in \mathbb{R}",
    ]
    with pytest.raises(FormulaError, match="F2D-0494"):
        f2d.compile(text, scaffold=True)
