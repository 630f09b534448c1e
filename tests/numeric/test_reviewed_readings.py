"""Readings that a review found wrong: values and gradients by hand, at the same noise."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d

G = torch.Generator().manual_seed(7)
X = torch.randn(6, 3, generator=G, dtype=torch.float64)


class Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 3, generator=G, dtype=torch.float64))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.tanh(z @ self.weight)


class Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, generator=G, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sin(x @ self.weight)


@pytest.mark.parametrize(
    "draws",
    [
        (r"x \sim P_r", r"z \sim p(z)", r"\hat x \sim P_{\hat x}"),
        (r"p_{data}(x)", r"p(z)", r"\hat x \sim p_{\hat x}"),
    ],
)
def test_a_gradient_penalty_beside_what_the_generator_makes(draws: tuple[str, str, str]) -> None:
    """x_hat is between the x and the G(z) of the other brackets: Gulrajani et al. 2017, algorithm 1."""
    data, noise, between = draws
    text = rf"""\min_G \max_D E_{{{data}}}[D(x)] - E_{{{noise}}}[D(G(z))]
        - \lambda E_{{{between}}}[(\|\nabla_{{\hat x}} D(\hat x)\|_2 - 1)^2]; \lambda = 10; z \in \mathbb{{R}}^2"""
    generator, critic = Generator(), Critic()
    objective = f2d.compile(text, {"G": generator, "D": critic}, scaffold=True)
    assert [each.name for each in objective.inputs] == ["x"]
    z = torch.randn(6, 2, generator=G, dtype=torch.float64)
    u = torch.rand(6, generator=G, dtype=torch.float64)
    fake = torch.tanh(z @ generator.weight)
    middle = u[:, None] * X + (1 - u[:, None]) * fake
    slopes = torch.cos(middle @ critic.weight)[:, None] * critic.weight  # the derivative of sin(w x)
    expected = torch.sin(X @ critic.weight).mean() - torch.sin(fake @ critic.weight).mean()
    expected = expected - 10 * ((slopes.norm(dim=1) - 1) ** 2).mean()
    found = objective(x=X, player="D", noise={"z": z, "u": u})
    torch.testing.assert_close(found.value, expected)
    torch.testing.assert_close(
        torch.autograd.grad(found.loss, critic.weight), torch.autograd.grad(-expected, critic.weight)
    )


def test_noise_of_counted_levels_by_their_name() -> None:
    """Song and Ermon 2019, equations 2 and 5, of which nothing says what q_{sigma_i} is."""
    text = r"""\min \frac1L \sum_{i=1}^L \lambda(\sigma_i) E_{p_{data}(x)} E_{q_{\sigma_i}(\tilde x|x)}
        \|s_\theta(\tilde x, \sigma_i) - \nabla_{\tilde x} \log q_{\sigma_i}(\tilde x|x)\|^2
        L = 3; \sigma_1 = 1; \sigma_L = 0.25; x \in \mathbb{R}^3"""
    objective = f2d.compile(text, {"s_\\theta": Score()}, scaffold=True)
    noise = torch.randn(6, 3, 3, generator=G, dtype=torch.float64)
    levels = torch.tensor([1.0, 0.5, 0.25], dtype=torch.float64)[:, None]
    noised = X[:, None] + levels * noise
    expected = ((noised * levels + (noised - X[:, None]) / levels**2) ** 2).sum(-1).mean(0).mean()
    torch.testing.assert_close(objective(x=X, noise={"x_tilde": noise}).value, expected)
    assert "lambda(sigma_i) is lambda, the same at every level" in objective.assumptions


class Score(nn.Module):
    def forward(self, x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        return x * level.reshape(-1, 1)


@pytest.mark.parametrize("prior", [r"p(z_t|\cdot)", r"p(z_t|z_{<t}, x_{<t})"])
def test_a_dot_of_a_prior_sees_no_data_of_its_step(prior: str) -> None:
    text = rf"\max \sum_{{t=1}}^T E_{{q(z_t|\cdot)}}[\log p(x_t|z_t)] - KL[q(z_t|\cdot) \| {prior}]"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2}).double()
    data = torch.randn(4, 5, 3, generator=G, dtype=torch.float64)
    noise = torch.randn(4, 5, 2, generator=G, dtype=torch.float64)
    given: list[torch.Tensor] = []
    priors = [each for name, each in objective.named_children() if name.startswith("p_z")]
    assert len(priors) == 1
    priors[0].register_forward_hook(lambda _, args, out: given.extend(args))
    objective(x=data, noise={"z": noise})
    seen = next(each for each in given if each.shape == data.shape)
    torch.testing.assert_close(seen[:, 1:], data[:, :-1])
    assert not seen[:, 0].any()


def test_a_dot_of_a_likelihood_sees_no_data_from_its_step_on() -> None:
    text = r"\max \sum_{t=1}^T E_{q(z_t|\cdot)}[\log p(x_t|\cdot)] - KL[q(z_t|\cdot) \| p(z_t)]"
    said = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2}).assumptions
    assert "p(x_t|.) is given what is known at its step: z_{<=t}, x_{<t}" in said


@pytest.mark.parametrize(
    "text",
    [
        r"\log p(x) \ge E_{q(z|x)}[p(x|z)] - KL[q(z|x) \| p(z)]",
        r"\max E_{q(z|x)}[p(x|z)] - \beta KL[q(z|x) \| p(z)]",
        r"\log p(x) \ge E_{q(z|x)}[\frac{p(x|z) p(z)}{q(z|x)}]",
        "E_q(z|x)[p(x|z)] - KL[q(z|x) || p(z)]",
    ],
)
def test_a_bound_has_logarithms(text: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0587"):
        f2d.compile(text, scaffold=True, dims={"x": 3})


@pytest.mark.parametrize(
    "text",
    [
        r"\max E_{\pi_\theta(a|s)}[Q(s,a)] - \beta KL[\pi_\theta(a|s) \| \pi_0(a|s)]",
        r"w = p(x|z); \max E_{q(z|x)}[w] - KL[q(z|x) \| p(z)]",
        r"\max \log E_{p(z)}[p(x|z)] - KL[q(z|x) \| p(z)]",
        r"\log p(x) \ge \sum_{y=1}^3 q(y|x) (\log p(x|y) + \log p(y) - \log q(y|x))",
    ],
)
def test_values_that_are_meant_stay(text: str) -> None:
    said = f2d.check(text)
    assert not [each for each in said if each.code == "F2D-0587"]


def test_a_gradient_penalty_that_the_critic_raises_is_warned_of() -> None:
    text = r"""\min_G \max_D E_{x \sim P_r}[D(x)] - E_{z \sim p(z)}[D(G(z))]
        SIGN \lambda E_{\hat x \sim P_{\hat x}}[(\|\nabla_{\hat x} D(\hat x)\|_2 - 1)^2]"""
    codes = {sign: [each.code for each in f2d.check(text.replace("SIGN", sign), dims={"x": 3})] for sign in "+-"}
    assert codes["+"].count("F2D-0503") == 1 and "F2D-0503" not in codes["-"]


def test_a_surrogate_under_a_held_draw_is_counted_once() -> None:
    text = r"\max E_{DRAW}[\log p(x|z) + \mathrm{sg}[\log p(x|z)] \log q(z|x)] - KL[q(z|x) \| p(z)]"
    held = text.replace("DRAW", r"z \sim \mathrm{sg}[q(z|x)]")
    assert "F2D-0644" not in [each.code for each in f2d.check(held, dims={"x": 3})]
    assert "F2D-0644" in [each.code for each in f2d.check(text.replace("DRAW", "q(z|x)"), dims={"x": 3})]


@pytest.mark.parametrize("draw", ["E_v", r"E_{v \sim p_v}", "E_{p(v)}", "E_{p_v}", ""])
def test_directions_of_a_sliced_score_are_drawn(draw: str) -> None:
    """Song et al. 2019, equation 8, of s(x) = A x: v^T A v + (v^T A x)^2 / 2."""
    text = rf"\min {draw} E_{{p_{{data}}(x)}}[v^\top \nabla_x s(x) v + \frac12 (v^\top s(x))^2]; x \in \mathbb{{R}}^3"
    matrix = nn.Linear(3, 3, bias=False).double()
    objective = f2d.compile(text, {"s": matrix}, scaffold=True)
    assert [each.name for each in objective.inputs] == ["x"] and "v ~ Normal(0, I)" in objective.assumptions
    v = torch.randn(6, 3, generator=G, dtype=torch.float64)
    expected = ((v @ matrix.weight) * v).sum(1).mean() + ((v * (X @ matrix.weight.T)).sum(1) ** 2).mean() / 2
    found = objective(x=X, noise={"v": v}).value
    torch.testing.assert_close(found, expected)
    slopes = [torch.autograd.grad(each, matrix.weight) for each in (found, expected)]
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("law", [r"p_v(v) = \mathcal{N}(v; 0, 4 I)", r"v \in \mathbb{R}^3; v \sim \mathcal{N}(0, 4 I)"])
def test_directions_that_are_said_are_as_they_are_said(law: str) -> None:
    text = rf"\min E_{{v \sim p_v}} E_{{p_{{data}}(x)}}[v^\top \nabla_x s(x) v]; x \in \mathbb{{R}}^3; {law}"
    said = f2d.describe(text, scaffold=True)["assumptions"]
    assert not any("v ~ Normal(0, I)" in each["text"] for each in said)


def test_the_score_of_noise_says_the_noise() -> None:
    """Vincent 2011: E_{x, x_tilde}, where the network is fitted to the score of a Normal around x."""
    text = r"\min E_{x, \tilde x}\|s(\tilde x) + \frac{\tilde x - x}{\sigma^2}\|^2; \sigma = 0.5; x \in \mathbb{R}^3"
    matrix = nn.Linear(3, 3).double()
    objective = f2d.compile(text, {"s": matrix}, scaffold=True)
    noise = torch.randn(6, 3, generator=G, dtype=torch.float64)
    expected = ((matrix(X + 0.5 * noise) + noise / 0.5) ** 2).sum(1).mean()
    assert [each.name for each in objective.inputs] == ["x"]
    torch.testing.assert_close(objective(x=X, noise={"x_tilde": noise}).value, expected)


def test_two_views_are_no_noise() -> None:
    objective = f2d.compile(r"\min E_{x, \tilde x}\|f(\tilde x) - f(x)\|^2", scaffold=True, dims={"x": 3})
    assert [each.name for each in objective.inputs] == ["x", "x_tilde"]


def test_a_line_that_a_statement_says() -> None:
    """Liu et al. 2023: the time and the noise of x_t = (1 - t) x_0 + t x_1 are drawn, and no data."""
    text = r"""x_t = (1 - t) x_0 + t x_1; \mathcal{L} = E_{t, x_0, x_1}[\|v_\theta(x_t, t) - (x_1 - x_0)\|_2^2]
        x_1 \in \mathbb{R}^3; x_0 \in \mathbb{R}^3"""
    objective = f2d.compile(text, {r"v_\theta": Score()}, scaffold=True)
    assert [each.name for each in objective.inputs] == ["x_1"]
    t, e = torch.rand(6, generator=G, dtype=torch.float64), torch.randn(6, 3, generator=G, dtype=torch.float64)
    point = (1 - t[:, None]) * e + t[:, None] * X
    expected = ((point * t[:, None] - (X - e)) ** 2).sum(1).mean()
    torch.testing.assert_close(objective(x_1=X, noise={"t": t, "x_0": e}).value, expected)


@pytest.mark.parametrize(
    "text", [r"MMD(q(z) \| p(z))", r"\frac{1}{N-1} \sum_{i=1}^N \sum_{j \ne i} \|f(x_i) - f(x_j)\|^2"]
)
def test_pairs_of_one_example_are_refused(text: str) -> None:
    body = text if text.startswith(r"\frac") else rf"E_{{q(z|x)}}[-\log p(x|z)] + {text}"
    objective = f2d.compile(rf"\min {body}", scaffold=True, dims={"x": 3}, samples=1 if body == text else 5).double()
    (name,) = [each.name for each in objective.inputs]
    assert objective(**{name: X}).loss.isfinite()
    with pytest.raises(f2d.FormulaError, match="F2D-0607"):
        objective(**{name: X[:1]})


def test_the_gradient_of_a_square_is_said() -> None:
    objective = f2d.compile(r"\min E_{p_{data}(x)}[\|\nabla_x D(x)^2\|]", {"D": Critic()}, scaffold=True, dims={"x": 3})
    assert any("grad covers D(x)^2, the power" in each for each in objective.assumptions)
    critic = objective.D
    inner = X @ critic.weight
    slopes = (2 * torch.sin(inner) * torch.cos(inner))[:, None] * critic.weight
    torch.testing.assert_close(objective(x=X).value, slopes.norm(dim=1).mean())
