"""What published equations leave out and a default gives: noise, projections, reconstructions, states, generators."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import assumed, codes

X = torch.arange(15, dtype=torch.float64).reshape(5, 3).sin()
EPS = torch.arange(15, dtype=torch.float64).reshape(5, 3).cos()


@pytest.mark.parametrize(
    "formula",
    [
        r"\min E_{q_\sigma(\tilde x|x)} E_{x \sim p(x)} \|s(\tilde x) + \frac{\tilde x - x}{\sigma^2}\|^2",
        r"\min (s(\tilde x) - \nabla_{\tilde x} \log q(\tilde x|x))^2",
    ],
)
def test_a_variable_with_a_tilde_is_the_other_with_noise(formula: str) -> None:
    net = nn.Linear(3, 3)
    objective = f2d.compile(formula, {"s": net, "sigma": 0.5}, scaffold=True)
    found = objective(x=X, noise={"x_tilde": EPS}).value
    assert_close(found, (net(X + 0.5 * EPS) + EPS / 0.5).square().sum(1).mean())


@pytest.mark.parametrize(
    "formula",
    [
        r"\min E_{q(\tilde x|x)} \|f(\tilde x) - x\|^2; q(\tilde x|x) = \mathcal{N}(\tilde x; 2x, I)",
        r"\min E_{q_\phi(\tilde x|x)} \|f(\tilde x) - x\|^2",
        r"\min E_{q(\tilde x|y)} \|f(\tilde x) - y\|^2",
    ],
)
def test_other_densities_are_no_noise(formula: str) -> None:
    assert "sigma^2" not in assumed(formula, {}, scaffold=True, dims={"x": 3, "y": 3})


def test_a_vector_that_projects_derivatives_is_standard_normal() -> None:
    net = nn.Linear(3, 3)
    text = r"E_{p_{data}(x)}[v^\top \nabla_x s(x) v + \frac12 (v^\top s(x))^2]"
    objective = f2d.compile(text, {"s": net}, scaffold=True)
    wanted = ((EPS @ net.weight) * EPS).sum(1) + 0.5 * (EPS * net(X)).sum(1).square()
    assert_close(objective(x=X, noise={"v": EPS}).loss, wanted.mean())  # minimised: a square is unbounded above
    assert "v ~ Normal(0, I)" not in assumed(rf"\min {text}; v \in \mathbb{{R}}^3", {"s": net}, scaffold=True)


@pytest.mark.parametrize("text", [r"\|x - \hat x\|^2", r"E_{q(z|x)}[\|x - \hat x\|^2]", r"E[\|\hat x - x\|^2]"])
def test_a_reconstruction_is_made_of_the_latent_variable(text: str) -> None:
    objective = f2d.compile(rf"\min {text} + KL[q(z|x) \| p(z)]", scaffold=True, dims={"x": 3, "z": 2})
    assert "x_hat is f(z), what a network makes of z, z drawn from q(z|x)" in objective.assumptions
    noise = torch.randn(5, 2)
    law = objective.q_z_given_x(X)
    wanted = (X - objective.f(law["loc"] + law["scale"] * noise)).square().sum(1).mean()
    assert_close(next(iter(objective(x=X, noise={"z": noise}).terms.values())), wanted)


def test_without_a_latent_variable_it_is_an_autoencoder() -> None:
    objective = f2d.compile(r"\min \|x - \hat x\|^2", scaffold=True, dims={"x": 3})
    assert_close(objective(x=X).value, (X - objective.f(X)).square().sum(1).mean())


@pytest.mark.parametrize(
    "formula",
    [
        r"\min \|x - \hat x\|^2; \hat x = g(x)",
        r"\min E_{q(z|x)}[\|x - \hat x\|^2 + \|f(z)\|^2]; \hat x \in \mathbb{R}^3",
        r"\min \|y - \hat y\|^2 + \|f(y)\|^2",
    ],
)
def test_what_is_said_or_doubtful_is_no_reconstruction(formula: str) -> None:
    assert "what a network makes of" not in assumed(formula, {}, scaffold=True, dims={"x": 3, "y": 3})


def test_a_state_that_nothing_defines_is_carried() -> None:
    text = r"\max \sum_{t=1}^T (E_{q(z_t|\cdot)}[\log p(x_t|z_t, h_{t-1})] - KL[q(z_t|\cdot) \| p(z_t|h_{t-1})])"
    said = assumed(text, {}, scaffold=True, dims={"x": 3})
    assert "q(z_t|.) is given what is known at its step: x_t, h_{t-1}" in said
    assert "h_t = f(h_{t-1}, x_t, z_t)" in said
    written = text.replace(r"\cdot", "x_t, h_{t-1}") + "; h_t = g(h_{t-1}, x_t)"
    assert "f(h_{t-1}" not in assumed(written, {}, scaffold=True, dims={"x": 3})


def test_without_a_state_a_dot_is_all_that_is_known() -> None:
    text = r"\max \sum_{t=1}^T (E_{q(z_t|\cdot)}[\log p(x_t|z_t)] - KL[q(z_t|\cdot) \| p(z_t|z_{t-1})])"
    said = assumed(text, {}, scaffold=True, dims={"x": 3})
    assert "q(z_t|.) is given what is known at its step: x_{<=t}, z_{<t}" in said


PENALTY = r"\lambda E_{\hat x \sim P_{\hat x}}[(\|\nabla_{\hat x} D(\hat x)\| - 1)^2]"


def test_a_generator_that_is_a_player_makes_what_carries_its_label() -> None:
    text = rf"\min_G \max_D E_{{x \sim P_r}}[D(x)] - E_{{\tilde x \sim P_g}}[D(\tilde x)] - {PENALTY}"
    generator, critic = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    objective = f2d.compile(text, {"G": generator, "D": critic, "lambda": 10.0}, scaffold=True, dims={"z": 2})
    assert "x_hat is on the line between x and x_tilde, at a uniform place" in objective.assumptions
    z, place = torch.randn(5, 2), torch.rand(5)
    found = objective(x=X, player="D", noise={"z": z, "u": place}).value
    made = generator(z)
    between = (place[:, None] * X + (1 - place[:, None]) * made).detach().requires_grad_()
    slope = torch.autograd.grad(critic(between).sum(), between)[0].norm(dim=1)
    assert_close(found, (critic(X) - critic(made)).mean() - 10 * (slope - 1).square().mean())


def test_what_is_drawn_from_two_sources_keeps_them_apart() -> None:
    text = r"\min_G \max_D E_{x \sim p_{data}}[\log D(x)] + E_{x \sim p_g}[\log(1 - D(x))]"
    objective = f2d.compile(text, {"G": nn.Linear(2, 3)}, scaffold=True, dims={"z": 2, "x": 3})
    z = torch.randn(5, 2)
    found = objective(x=X, player="D", noise={"z": z}).value
    log = nn.functional.logsigmoid
    assert_close(found, log(objective.D(X)).mean() + log(-objective.D(objective.G(z))).mean())


def test_a_distribution_of_what_is_defined_is_the_definition() -> None:
    text = r"\min E_{y \sim P_y}[\|f(y)\|^2]; y = 2 x; x \sim p_{data}"
    assert "y ~ P_y is y as it is defined" in assumed(text, {}, scaffold=True, dims={"x": 3})


@pytest.mark.parametrize("text", [r"\mathrm{Lip}(D) \le 1", r"K(D(\cdot)) \le 1", r"\|D\|_L \le 1"])
def test_a_lipschitz_constant_by_name(text: str) -> None:
    game = r"\min_G \max_D E_{p_{data}(x)}[D(x)] - E_{z \sim \mathcal{N}(0, I)}[D(G(z))]"
    assert "is kept by the spectral norm" in assumed(f"{game}; {text}", {}, scaffold=True, dims={"x": 3})
    assert codes(f"{game}; {text}".replace("D(\\cdot)", "F").replace("(D)", "(F)").replace("|D", "|F"), {}) != []


def test_parameters_of_each_example_are_amortised() -> None:
    text = (
        r"\max_\theta \sum_{x \in \mathcal{D}} \max_\lambda E_{q_\lambda(z)}[\log \frac{p_\theta(x, z)}{q_\lambda(z)}]"
    )
    same = r"\max_{\theta,\lambda} E_{p_{data}(x)} E_{q_\lambda(z|x)}[\log \frac{p_\theta(x, z)}{q_\lambda(z|x)}]"
    torch.manual_seed(0)
    one = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    other = f2d.compile(same, scaffold=True, dims={"x": 3, "z": 2})
    other.load_state_dict(one.state_dict())
    noise = {"z": torch.randn(5, 2)}
    assert_close(one(x=X, noise=noise).value, other(x=X, noise=noise).value)
    assert "q_lambda(z), optimised for each x, is q_lambda(z|x)" in " ".join(one.assumptions)
    assert codes(text.replace(r"\max_\lambda", r"\min_\lambda"), {}, scaffold=True, dims={"x": 3}) == ["F2D-0415"]


@pytest.mark.parametrize("others", [r"KL[q(z|x) \| p(z)] + KL[q(w|x) \| p(w)]", r"KL[q(z|x) q(w|z) \| p(w) p(z|w)]"])
def test_a_reconstruction_of_several_latent_variables_is_refused(others: str) -> None:
    assert codes(rf"\min \|x - \hat x\|^2 + {others}", {}, scaffold=True, dims={"x": 3}) == ["F2D-0582"]


def test_a_variable_with_a_hat_before_a_name_in_brackets_is_a_function() -> None:
    objective = f2d.compile(r"\min E_{q(z|x)}[\|x - \hat x(z)\|^2]", scaffold=True, dims={"x": 3, "z": 2})
    noise = torch.randn(5, 2)
    law = objective.q_z_given_x(X)
    wanted = (X - objective.x_hat(law["loc"] + law["scale"] * noise)).square().sum(1).mean()
    assert_close(objective(x=X, noise={"z": noise}).value, wanted)


def test_a_letter_of_numbers_before_a_variable_in_brackets_is_a_function() -> None:
    text = r"\max \log p(n|x); p(n|x) = Poisson(n; \lambda(x))"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "n": 2})
    counts = torch.tensor([[0.0, 3.0], [1.0, 2.0], [4.0, 0.0], [2.0, 2.0], [1.0, 1.0]])
    with torch.no_grad():
        objective.lambda_.lambda_.bias.fill_(2.0)  # rates have to be positive
    rate = objective.lambda_(X)
    wanted = (counts * rate.log() - rate - torch.lgamma(counts + 1)).sum(1).mean()
    assert_close(objective(x=X, n=counts).value, wanted)


def test_where_it_stands_alone_too_it_is_a_number() -> None:
    objective = f2d.compile(r"\max \lambda \log p(x) - \lambda(\|x\|^2)", scaffold=True, dims={"x": 3})
    assert "lambda is 1.0" in objective.assumptions and "lambda" not in dict(objective.named_children())


def test_factors_beside_no_density_are_no_weights_that_sum_to_one() -> None:
    text = r"\min -\frac{1}{N}\sum_i \log\frac{\exp(u_i^\top v_i)}{\sum_{j}\exp(u_i^\top v_j)}"
    assert codes(text, {}, scaffold=True) == ["F2D-0408"]
