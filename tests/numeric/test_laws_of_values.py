r"""A value that noise makes has the law that the text compares: beside ``z = \mu(x) + \sigma(x) \epsilon`` the KL of
q(z|x) reaches mu and sigma. The numbers are by hand: torch.distributions at the networks' outputs."""

import pytest
import torch
from torch.distributions import Normal

import formula2dgm as f2d

DIMS = {"x": 3, "z": 2}
AFFINE = [
    r"\min E_{\epsilon \sim N(0, I)}[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = \mu(x) + \sigma(x) \odot \epsilon",
    r"\min E_\epsilon[-\log p(x|z)] + KL(q_\phi(z|x) \| p(z)); z = \sigma(x) \epsilon + \mu(x)",
    r"\min -\log p(x|z) + KL(q(z|x) \| p(z)); z = \mu(x) + \sigma(x) \epsilon; \epsilon \sim N(0, I)",
    r"\min E_{\epsilon \sim p(\epsilon)}[-\log p(x|\mu(x) + \sigma(x) \epsilon)] + KL(q(z|x) \| p(z))",
    r"\min E_{\epsilon \sim p(\epsilon)}[-\log p(x|z = \mu(x) + \sigma(x) \epsilon)] + KL(q(z|x) \| p(z))",
    r"\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = m + s \epsilon; m = \mu(x); s = \sigma(x)",
    "min E_{epsilon ~ N(0, I)}[-log p(x|z)] + KL(q(z|x) || p(z)); z = mu(x) + sigma(x) * epsilon",
    "min E_{ε ~ N(0, I)}[-log p(x|z)] + KL(q(z|x) ‖ p(z)); z = μ(x) + σ(x) ⊙ ε",
]


def vae(x, noise, mean, scale, decoder):
    q, p = Normal(mean, scale), Normal(decoder(mean + scale * noise), 1.0)
    return (-p.log_prob(x).sum(1) + torch.distributions.kl_divergence(q, Normal(0.0, 1.0)).sum(1)).mean()


def same(made, by_hand, objective):
    torch.testing.assert_close(made, by_hand)
    parameters = list(objective.parameters())
    for one, other in zip(torch.autograd.grad(made, parameters), torch.autograd.grad(by_hand, parameters), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("text", AFFINE)
def test_the_divergence_is_of_the_value(text):
    objective = f2d.compile(text, scaffold=True, dims=DIMS)
    (decoder,) = ({name for name, _ in objective.named_children()}) - {"mu", "sigma"}
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    by_hand = vae(x, noise, objective.mu(x), objective.sigma(x), getattr(objective, decoder))
    same(objective(x=x, noise={"epsilon": noise}).value, by_hand, objective)


@pytest.mark.parametrize(
    "value, mean, scale",
    [
        (r"m(x) + \exp(\frac12 s(x)) \epsilon", "m", lambda o, x: torch.exp(o.s(x) / 2)),
        (r"m(x) - \sqrt{v(x)} \epsilon", "m", lambda o, x: o.v(x).sqrt()),
        (r"m(x) + v^{1/2}(x) \odot \epsilon", "m", lambda o, x: o.v(x).sqrt()),
        (r"m(x) + 0.5 \epsilon", "m", lambda o, x: torch.full((5, 2), 0.5)),
    ],
)
def test_scales_are_squared(value, mean, scale):
    text = rf"\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = {value}"
    objective = f2d.compile(text, scaffold=True, dims=DIMS)
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    signed = noise * (-1 if " - " in value else 1)
    by_hand = vae(x, signed, getattr(objective, mean)(x), scale(objective, x), objective.p_x_given_z)
    same(objective(x=x, noise={"epsilon": noise}).value, by_hand, objective)


def test_a_scored_density_is_the_value_s_own():
    text = r"""\min E_{\epsilon \sim p(\epsilon)}[-\log p(x|z) + \log q_\phi(z|x) - \log p(z)];
    z = \mu(x) + \sigma(x) \epsilon"""
    objective = f2d.compile(text, scaffold=True, dims=DIMS)
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    q = Normal(objective.mu(x), objective.sigma(x))
    z = q.mean + q.stddev * noise
    log_p = Normal(objective.p_x_given_z(z), 1.0).log_prob(x).sum(1) + Normal(0.0, 1.0).log_prob(z).sum(1)
    same(objective(x=x, noise={"epsilon": noise}).value, (q.log_prob(z).sum(1) - log_p).mean(), objective)


def test_two_levels_have_two_laws():
    text = r"""\min -\log p(x|z_1) + KL(q(z_1|x) \| p(z_1)) + KL(q(z_2|z_1) \| p(z_2)); z_1 = a(x) + b(x) \epsilon_1;
    z_2 = c(z_1) + d(z_1) \epsilon_2; \epsilon_1 \sim N(0, I); \epsilon_2 \sim N(0, I)"""
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z_1": 2, "z_2": 4})
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    q = Normal(objective.a(x), objective.b(x))
    z = q.mean + q.stddev * noise
    r, normal, kl = Normal(objective.c(z), objective.d(z)), Normal(0.0, 1.0), torch.distributions.kl_divergence
    log_p = Normal(objective.p_x_given_z_1(z), 1.0).log_prob(x).sum(1)
    by_hand = (-log_p + kl(q, normal).sum(1) + kl(r, normal).sum(1)).mean()
    same(objective(x=x, noise={"epsilon_1": noise}).value, by_hand, objective)


DRAWN = [
    r"\min E_{\epsilon \sim N(0, I)}[-\log p(x|f(x, \epsilon))] + KL(q(z|x) \| p(z))",
    r"\min E_{\epsilon \sim p(\epsilon)}[-\log p(x|g_\phi(\epsilon, x))] + KL(q(z|x) \| p(z))",
    r"\min -\log p(x|z) + KL(q(z|x) \| p(z)); z = g(x, \epsilon); \epsilon \sim N(0, I)",
    r"\min E_{q(z|x)}[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = g(x, \epsilon); \epsilon \sim N(0, I)",
    r"\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = \mu + \sigma \odot \epsilon",
]


@pytest.mark.parametrize("text", DRAWN)
def test_a_function_of_the_noise_is_a_draw(text):
    objective = f2d.compile(text, scaffold=True, dims=DIMS)
    assert {name for name, _ in objective.named_children()} == {"q_z_given_x", "p_x_given_z"}
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    heads = objective.q_z_given_x(x)
    by_hand = vae(x, noise, heads["loc"], heads["scale"], objective.p_x_given_z)
    same(objective(x=x, noise={"z": noise}).value, by_hand, objective)


def test_an_encoder_that_is_bound_is_the_one_that_is_drawn():
    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.mean, self.scale = torch.nn.Linear(3, 2), torch.nn.Parameter(torch.ones(2))

        def forward(self, x):
            return {"loc": self.mean(x), "scale": self.scale.expand(len(x), 2)}

    objective = f2d.compile(DRAWN[0], {"q(z|x)": f2d.Normal(Encoder())}, scaffold=True, dims=DIMS)
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    encoder = objective.q_z_given_x
    by_hand = vae(x, noise, encoder.mean(x), encoder.scale.expand(5, 2), objective.p_x_given_z)
    same(objective(x=x, noise={"z": noise}).value, by_hand, objective)


def test_a_density_that_is_declared_is_what_it_is_declared():
    text = r"""\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| r(z|x)); z = \mu(x) + \sigma(x) \epsilon;
    q(z|x) = N(z; \mu(x), \sigma(x)^2)"""
    objective = f2d.compile(text, scaffold=True, dims=DIMS)
    assert {name for name, _ in objective.named_children()} == {"mu", "sigma", "p_x_given_z", "r_z_given_x"}


def test_what_is_no_draw_of_the_latent_stays_what_it_is():
    text = r"\min E_{q(z|x)}[-\log p(x|z)] + KL(q(z|x) \| p(z)) + E_\epsilon[-\log p(y|f(x, \epsilon))]"
    objective = f2d.compile(text, scaffold=True, dims={**DIMS, "y": 1})
    assert {"f", "q_z_given_x"} < {name for name, _ in objective.named_children()}
    flow = r"\min E_{\epsilon \sim q(\epsilon)}[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = g(\epsilon, x)"
    assert any("change of variables" in each for each in f2d.compile(flow, scaffold=True, dims=DIMS).assumptions)


@pytest.mark.parametrize(
    "text",
    [
        r"\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = \mu(x, y) + \sigma(x, y) \epsilon",
        r"\min E_{u \sim U(0, 1)}[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = \mu(x) + \sigma(x) u",
        r"\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = \mu(x) + L(x) \epsilon",
        r"\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| p(z)); z = \mu(x) + \epsilon^2",
        r"\min E_\epsilon[-\log p(x|f(x, \epsilon)) + \|\epsilon\|^2] + KL(q(z|x) \| p(z))",
        r"\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| r(z|x)); z = \mu(x) + \sigma(x) \epsilon",
        r"""\min E_\epsilon[-\log p(x|z)] + KL(q(z|x) \| r(z|x)); z = \mu(x) + \sigma(x) \epsilon;
        r(z|x) = N(z; a(x), I)""",
        r"\min E_{\epsilon, \xi}[-\log p(x|f(x, \epsilon)) - \log p(x|f(x, \xi))] + KL(q(z|x) \| p(z))",
    ],
)
def test_a_law_that_does_not_follow_is_refused(text):
    with pytest.raises(f2d.FormulaError, match="F2D-0579"):
        f2d.compile(text, scaffold=True, dims={"x": 3, "y": 2, "z": 2})


def test_a_function_that_is_bound_beside_a_default_density_is_refused():
    with pytest.raises(f2d.FormulaError, match="F2D-0579"):
        f2d.compile(DRAWN[0], {"f": lambda x, noise: noise}, scaffold=True, dims=DIMS)


def test_what_goes_by_the_parameters_of_a_player_is_trained():
    text = r"""\mathcal{E}(\theta, \lambda|x) = E_{\epsilon \sim N(0, I)}[\log P(x|z = \mu(x; \lambda)
    + \sigma(x; \lambda) \epsilon, \theta)] - KL(q(z|x, \lambda) \| p(z))"""
    objective = f2d.compile(text, scaffold=True, dims=DIMS)
    objective(**objective.example_batch(4)).loss.backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in objective.parameters())
