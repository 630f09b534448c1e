r"""Losses that say with no operator who raises them, and names that papers leave short: values by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import logsigmoid
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import Gaussian

PRIOR = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)
REAL, FAKE = r"E_{x \sim p_{data}}[\log D(x)]", r"E_{z \sim p(z)}[\log(1 - D(G(z)))]"


@pytest.fixture
def nets() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {"D": nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)), "G": nn.Linear(2, 3)}


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(6, 3), torch.randn(6, 2)


def bindings(nets: dict[str, nn.Module]) -> dict[str, object]:
    return {"D": f2d.Sigmoid(nets["D"]), "G": nets["G"], "p(z)": PRIOR}


def check(out: f2d.Output, loss: Tensor, trained: nn.Module, other: nn.Module) -> None:
    """The loss and the trained network's gradient are those by hand, and the other network has none."""
    expected = torch.autograd.grad(loss, list(trained.parameters()))
    assert_close(out.loss, loss)
    out.loss.backward()
    assert_close([each.grad for each in trained.parameters()], list(expected))
    assert all(each.grad is None for each in other.parameters())


@pytest.mark.parametrize("sign", (1, -1))
@pytest.mark.parametrize("name", (r"J^{(D)}(\theta^{(D)}, \theta^{(G)})", "J_D", r"\mathcal{L}_D", "V(D)"))
def test_a_judge_is_to_be_right(nets: dict[str, nn.Module], batch: tuple[Tensor, Tensor], name: str, sign: int) -> None:
    """Whatever the sign in front of both, the judge raises the logarithms; the generator is not its to train."""
    terms = f"{REAL} + {FAKE}" if sign == 1 else f"-{REAL} - {FAKE}"
    x, z = batch
    d = nets["D"]
    loss = -(logsigmoid(d(x)).mean() + logsigmoid(-d(nets["G"](z))).mean())
    check(f2d.compile(f"{name} = {terms}", bindings(nets))(x=x, noise={"z": z}), loss, d, nets["G"])


@pytest.mark.parametrize(
    ("formula", "raised"),
    (
        (r"J^{(G)} = -\frac12 E_{z \sim p(z)}[\log D(G(z))]", lambda p: 0.5 * p.log()),
        (r"J_G = E_{z \sim p(z)}[\log D(G(z))]", lambda p: p.log()),
        (r"J^{(G)} = \frac12 E_{z \sim p(z)}[\log(1 - D(G(z)))]", lambda p: -0.5 * (1 - p).log()),
        (r"J^{(G)} = -\frac12 E_{z \sim p(z)} \exp(\sigma^{-1}(D(G(z))))", lambda p: 0.5 * p / (1 - p)),
    ),
)
def test_who_is_judged_is_to_be_taken_for_real(
    nets: dict[str, nn.Module], batch: tuple[Tensor, Tensor], formula: str, raised: object
) -> None:
    z = torch.cat([batch[1]] * 11)[:64]
    loss = -raised(torch.sigmoid(nets["D"](nets["G"](z)))).mean()  # type: ignore[operator]
    check(f2d.compile(formula, bindings(nets))(noise={"z": z}), loss, nets["G"], nets["D"])


@pytest.mark.parametrize("sign", (1, -1))
def test_a_value_function_is_a_game(nets: dict[str, nn.Module], batch: tuple[Tensor, Tensor], sign: int) -> None:
    terms = f"{REAL} + {FAKE}" if sign == 1 else f"-{REAL} - {FAKE}"
    objective = f2d.compile(f"V(G, D) = {terms}", bindings(nets))
    assert objective.players == ("D", "G")
    x, z = batch
    d = nets["D"]
    loss = -(logsigmoid(d(x)).mean() + logsigmoid(-d(nets["G"](z))).mean())
    check(objective(x=x, noise={"z": z}, player="D"), loss, d, nets["G"])
    d.zero_grad(set_to_none=True)
    check(objective(x=x, noise={"z": z}, player="G"), logsigmoid(-d(nets["G"](z))).mean(), nets["G"], d)


def test_a_value_function_without_judgements_says_nothing(nets: dict[str, nn.Module]) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0501"):
        f2d.compile(r"V(G, D) = E_{x \sim p_{data}}[D(x)] - E_{z \sim p(z)}[D(G(z))]", {**nets, "p(z)": PRIOR})


def test_an_option_decides_for_a_value_function(nets: dict[str, nn.Module]) -> None:
    assert f2d.compile(f"V(G, D) = {REAL} + {FAKE}", bindings(nets), maximize=True).players == ()


def test_a_sigma_between_networks_takes_the_shape_of_what_it_is_of() -> None:
    game = r"\min_G \max_D E_{x \sim p_{data}}[\log \sigma(D(x))] + E_{z \sim p(z)}[\log(1 - \sigma(D(G(z))))]"
    objective = f2d.compile(game, scaffold=True, dims={"x": 3})
    x, z = torch.randn(6, 3), torch.randn(6, 16)
    d, g = objective.D, objective.G
    value = logsigmoid(d(x)).mean() + logsigmoid(-d(g(z))).mean()
    assert_close(objective(x=x, noise={"z": z}, player="D").loss, -value)
    made = f2d.compile(r"\min E_{z \sim p(z)}\|x - \sigma(f(z))\|^2", scaffold=True, dims={"x": 3})
    assert_close(made(x=x, noise={"z": z}).loss, (x - made.f(z).sigmoid()).square().sum(1).mean())


def test_a_function_without_arguments_reads_what_is_drawn_around_it() -> None:
    formula = r"\max_T E_{p_{data}(x)} E_{q_\phi(z|x)} \log \sigma(T) + E_{p_{data}(x)} E_{p(z)} \log(1 - \sigma(T))"
    torch.manual_seed(0)
    t, q = nn.Bilinear(2, 2, 1), Gaussian(2)
    bound = {"T": t, "q_phi(z|x)": f2d.Normal(q), "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)}
    objective = f2d.compile(formula, bound)
    x = torch.randn(5, 2)
    noise = objective.example_noise(5, x=x)
    out = objective(x=x, noise=noise)
    loc, scale = q(x)
    own, prior = noise.values()
    values = [
        -(logsigmoid(t(x, loc + scale * a)).mean() + logsigmoid(-t(x, b)).mean())
        for a, b in ((own, prior), (prior, own))
    ]
    assert any(torch.isclose(out.loss, each) for each in values)
    out.loss.backward()
    assert all(each.grad is None for each in q.parameters())


def test_a_matrix_is_no_function_without_arguments() -> None:
    weights = nn.Parameter(torch.eye(3))
    objective = f2d.compile(r"\min_W E_{p_{data}(x)} \|x - W x\|^2", {"W": weights})
    assert_close(objective(x=torch.ones(2, 3)).loss, torch.zeros(()))


def test_parameters_behind_a_semicolon_say_who_is_trained(
    nets: dict[str, nn.Module], batch: tuple[Tensor, Tensor]
) -> None:
    formula = r"\min_\theta \max_\phi E_{x \sim p_{data}}[d(x; \phi)] - E_{z \sim p(z)}[d(g(z; \theta); \phi)]"
    objective = f2d.compile(formula, {"d": nets["D"], "g": nets["G"], "p(z)": PRIOR})
    assert objective.players == ("d", "g")
    x, z = batch
    d, g = nets["D"], nets["G"]
    check(objective(x=x, noise={"z": z}, player="d"), d(g(z)).mean() - d(x).mean(), d, g)


def test_what_stands_under_stopped_gradients_alone_is_not_trained() -> None:
    q, p = Gaussian(2), Gaussian(2)
    objective = f2d.compile(
        r"\mathcal{L}(\phi) = \max(1, KL[q_\phi(z|x) \| \mathrm{sg}(p_\phi(z|h))])",
        {"q_phi(z|x)": f2d.Normal(q), "p_phi(z|h)": f2d.Normal(p)},
    )
    x, h = torch.randn(4, 2), torch.randn(4, 2)
    expected = kl_divergence(Normal(*q(x)), Normal(*p(h))).sum(1).clamp(min=1).mean()
    out = objective(x=x, h=h)
    assert_close(out.loss, expected)
    assert objective.program.objectives[0].trains == ("q_phi_z_given_x",)
    assert any("nothing here trains it" in each for each in objective.assumptions)


def test_the_weight_in_the_name_of_a_loss_is_a_number() -> None:
    formula = (
        r"\mathcal{L}_\beta(\beta, \theta, \phi) = -E_{q_\phi(z|x)}[\log p_\theta(x|z)] + \beta KL[q_\phi(z|x) \| p(z)]"
    )
    q, p = Gaussian(2), Gaussian(2)
    bound = {"q_phi(z|x)": f2d.Normal(q), "p_theta(x|z)": f2d.Normal(p), "p(z)": PRIOR, "beta": 4.0}
    objective = f2d.compile(formula, bound)
    x, noise = torch.randn(3, 2), torch.randn(3, 2)
    loc, scale = q(x)
    z = loc + scale * noise
    rate = kl_divergence(Normal(loc, scale), Normal(torch.zeros(2), torch.ones(2))).sum(1)
    expected = (4 * rate - Normal(*p(z)).log_prob(x).sum(1)).mean()
    assert_close(objective(x=x, noise={"z": noise}).loss, expected)


@pytest.mark.parametrize("weight", ("", r"\frac{1}{|\mathcal{D}|}", r"\frac1N"))
def test_a_sum_over_the_data_is_their_mean(weight: str) -> None:
    p = Gaussian(2)
    objective = f2d.compile(rf"\max {weight} \sum_{{(x, y) \in \mathcal{{D}}}} \log p(y|x)", {"p(y|x)": f2d.Normal(p)})
    x, y = torch.randn(4, 2), torch.randn(4, 2)
    assert_close(objective(x=x, y=y).loss, -Normal(*p(x)).log_prob(y).sum(1).mean())


def test_a_sum_over_the_capital_of_its_letter() -> None:
    p = Gaussian(2)
    objective = f2d.compile(r"\max \sum_{x \in X} \log p(x|z)", {"p(x|z)": f2d.Normal(p)})
    x, z = torch.randn(4, 2), torch.randn(4, 2)
    assert_close(objective(x=x, z=z).loss, -Normal(*p(z)).log_prob(x).sum(1).mean())


def test_a_sum_that_a_density_weighs_runs_over_values() -> None:
    p = nn.Linear(2, 3)
    objective = f2d.compile(
        [r"\max \sum_{y \in Y} q(y|x) \log p(y)", r"y \in \{1, \dots, 3\}"],
        {"q(y|x)": f2d.Categorical(logits=p), "p(y)": f2d.Categorical(probs=torch.tensor([0.2, 0.3, 0.5]))},
    )
    x = torch.randn(4, 2)
    expected = (p(x).softmax(1) * torch.tensor([0.2, 0.3, 0.5]).log()).sum(1).mean()
    assert_close(objective(x=x).loss, -expected)


def test_the_number_of_data_weighs_a_sum_against_other_terms() -> None:
    formula = r"\max \sum_{(x, y) \in \mathcal{D}} E_{q(w)}[\log p(y|x, w)] - KL[q(w) \| p(w)]"
    with pytest.raises(f2d.FormulaError, match="F2D-0415"):
        f2d.compile(formula, scaffold=True)


def test_the_losses_of_two_players_go_where_these_want() -> None:
    """L_D with both logarithms as rewards is raised by D, although it is named as a loss."""
    text = [
        r"\mathcal{L}_D = E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]",
        r"\mathcal{L}_G = -E_{p(z)}[\log D(G(z))]",
    ]
    made = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2}).program
    assert {each.player: each.maximize for each in made.objectives} == {"D": True, "G": False}


def test_a_loss_of_the_parameters_of_both_is_their_game() -> None:
    text = r"\mathcal{L}(\phi, \theta) = E_{p^*(x)}[-\log D(x; \phi)] + E_{q(z)}[-\log(1 - D(G_\theta(z); \phi))]"
    made = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2}).program
    assert {each.player: each.maximize for each in made.objectives} == {"D": False, "theta": True}
