r"""A default network that a distribution statement and something else read is one: q(z|x) is the law of the z that
``z = \mu(x) + \sigma(x) \odot \epsilon`` says, and its KL reaches what the reconstruction uses."""

import pytest
import torch

import formula2dgm as f2d

RECONSTRUCTED = r"L = E_{\epsilon \sim N(0, I)}[\log p(x|z)] - KL[q(z|x) \| p(z)]; z = %s; q(z|x) = N(z; %s)"
LAWS = [
    (r"\mu(x) + \sigma(x) \odot \epsilon", r"\mu(x), \sigma^2(x) I", "mu", "sigma", lambda s: s),
    (r"\mu_\phi(x) + \sigma_\phi(x) \epsilon", r"\mu_\phi(x), \sigma_\phi^2(x) I", "mu_phi", "sigma_phi", lambda s: s),
    (r"m(x) + \sqrt{v(x)} \epsilon", r"m(x), v(x)", "m", "v", torch.sqrt),
    (r"m(x) + \exp(\frac12 s(x)) \epsilon", r"m(x), \exp(s(x))", "m", "s", lambda s: torch.exp(s / 2)),
]


def kl(mean: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return 0.5 * (scale**2 + mean**2 - 1 - 2 * scale.log()).sum(1).mean()


@pytest.mark.parametrize("value, law, mean, scale, of", LAWS)
def test_the_kl_is_of_the_law_that_is_drawn(value, law, mean, scale, of):
    objective = f2d.compile(RECONSTRUCTED % (value, law), scaffold=True, dims={"x": 3, "z": 2})
    assert {name for name, _ in objective.named_children()} == {mean, scale, "p_x_given_z"}
    x, epsilon = torch.randn(5, 3), torch.randn(5, 2)
    made = objective(x=x, noise={"epsilon": epsilon})
    m, s = getattr(objective, mean)(x), of(getattr(objective, scale)(x))
    decoded = objective.p_x_given_z(m + s * epsilon)
    log_p = torch.distributions.Normal(decoded, 1.0).log_prob(x).sum(1).mean()
    torch.testing.assert_close(made.value, log_p - kl(m, s))
    gradients = torch.autograd.grad(made.value, list(objective.parameters()))
    by_hand = torch.autograd.grad(log_p - kl(m, s), list(objective.parameters()))
    for one, other in zip(gradients, by_hand, strict=True):
        torch.testing.assert_close(one, other)


def test_an_inline_law_and_a_declared_one_share_their_networks():
    law = r"N(m_\phi(x), s_\phi(x)^2)"
    text = rf"L = E_{{z \sim {law}}}[\log p(x|z)] - KL[q(z|x) \| p(z)]; q(z|x) = {law}"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    assert {name for name, _ in objective.named_children()} == {"m_phi", "s_phi", "p_x_given_z"}
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    m, s = objective.m_phi(x), objective.s_phi(x)
    decoded = objective.p_x_given_z(m + s * noise)
    log_p = torch.distributions.Normal(decoded, 1.0).log_prob(x).sum(1).mean()
    torch.testing.assert_close(objective(x=x, noise={"z": noise}).value, log_p - kl(m, s))


def test_a_statement_of_what_is_drawn_and_what_it_declares_are_one_network():
    text = r"L = \log p(x|z) - KL[q(z|x) \| p(z)]; z \sim N(\mu(x), \sigma^2(x) I)"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    assert {name for name, _ in objective.named_children()} == {"q_z_given_x", "p_x_given_z"}


def test_two_statements_share_a_network_by_its_name():
    text = (
        r"L = E_{q(z|x)}[\log p(x|z)] - KL[q'(z|x) \| p(z)]; q(z|x) = N(\mu(x), \sigma^2(x) I);"
        r"q'(z|x) = N(\mu(x), 4 \sigma^2(x) I)"
    )
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    m, s = objective.mu(x), objective.sigma(x)
    log_p = torch.distributions.Normal(objective.p_x_given_z(m + s * noise), 1.0).log_prob(x).sum(1).mean()
    torch.testing.assert_close(objective(x=x, noise={"z": noise}).value, log_p - kl(m, 2 * s))


def test_a_mean_that_is_read_again_is_the_law_s_own():
    text = r"L = E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)] - \|\mu(x)\|^2; q(z|x) = N(z; \mu(x), \sigma^2(x) I)"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    m, s = objective.mu(x), objective.sigma(x)
    log_p = torch.distributions.Normal(objective.p_x_given_z(m + s * noise), 1.0).log_prob(x).sum(1).mean()
    by_hand = log_p - kl(m, s) - (m**2).sum(1).mean()
    torch.testing.assert_close(objective(x=x, noise={"z": noise}).value, by_hand)


def test_probabilities_are_probabilities_wherever_they_are_read():
    text = r"L = \log p(y|x) - \|f(x)\|^2; p(y|x) = Bernoulli(y; f(x)); y \in \{0, 1\}^2"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3})
    x, y = torch.randn(5, 3), torch.tensor([[0.0, 1.0]] * 5)
    probs = torch.sigmoid(objective.f(x))
    by_hand = (y * probs.log() + (1 - y) * (1 - probs).log()).sum(1).mean() - (probs**2).sum(1).mean()
    torch.testing.assert_close(objective(x=x, y=y).value, by_hand)


def test_what_stands_under_an_exponential_may_have_any_sign():
    text = r"L = E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]; q(z|x) = N(z; m(x), \exp(s(x)))"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    assert (objective.q_z_given_x(torch.randn(100, 3))["s"] < 0).any()


def test_one_network_of_two_sizes_is_refused():
    text = (
        r"L = E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)] - KL[q(w|x) \| p(w)]; q(z|x) = N(\mu(x), \sigma^2(x) I);"
        r"q(w|x) = N(\mu(x), s^2(x) I); w \in R^8; z \in R^4"
    )
    with pytest.raises(f2d.FormulaError, match="F2D-0218"):
        f2d.compile(text, scaffold=True, dims={"x": 3})


def test_the_last_step_of_a_chain_has_the_networks_of_the_others():
    text = (
        r"L = E_q[-\log p_\theta(x_0|x_1)] + \sum_{t=2}^T E_q[KL(q(x_{t-1}|x_t, x_0) \| p_\theta(x_{t-1}|x_t))];"
        r"p_\theta(x_{t-1}|x_t) = N(x_{t-1}; \mu_\theta(x_t, t), \Sigma_\theta(x_t, t)); T = 5"
    )
    objective = f2d.compile(text, scaffold=True, dims={"x_0": 3})
    assert {name for name, _ in objective.named_children()} == {"p_theta_x_given_x"}
