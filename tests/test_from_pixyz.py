"""docs/from-pixyz.md: its formulas compile, and the main ones are what plain torch computes.

The page's Python blocks run with those of the other pages (tests/test_readme.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td
from torch.nn import functional

import formula2dgm as f2d
from tests.pitfalls.small import bits, linear, tensor

PAGE = (Path(__file__).parents[1] / "docs" / "from-pixyz.md").read_text(encoding="utf-8")
CELL = re.compile(r"(?<!\\)\|")
SPAN = re.compile(r"`([^`]+)`")
NAMES = re.compile(r"(?<![A-Za-z\\])[acwxyz](?:_0|_u|')?(?![A-Za-z])")


def column(header: str) -> list[tuple[str, ...]]:
    """The cells under a header of the page's tables, each the formulas in it: an objective and its statements."""
    found: list[tuple[str, ...]] = []
    place = None
    for line in PAGE.splitlines():
        cells = [each.strip().replace(r"\|", "|") for each in CELL.split(line)[1:-1]]
        if not cells:
            place = None
        elif header in cells:
            place = cells.index(header)
        elif place is not None and set(cells[place]) != {"-"}:
            found.append(tuple(SPAN.findall(cells[place])))
    return found


def dims(formulas: tuple[str, ...]) -> dict[str, int]:
    """Three entries for each variable that stands in the formulas."""
    names = NAMES.findall(" ".join(formulas))
    return {each.replace("'", "_prime"): 3 for each in names}


FORMULAS, DISTRIBUTIONS = column("formula"), column("distribution")


def test_the_tables_are_found() -> None:
    assert len(FORMULAS) > 40
    assert len(DISTRIBUTIONS) > 15
    assert all(FORMULAS) and all(DISTRIBUTIONS)


@pytest.mark.parametrize("formulas", FORMULAS, ids=" where ".join)
def test_a_formula_of_the_page_compiles_and_runs(formulas: tuple[str, ...]) -> None:
    objective = f2d.compile(list(formulas), scaffold=True, dims=dims(formulas))
    for player in objective.players or (None,):
        out = objective(**objective.example_batch(3), **({"player": player} if len(objective.players) > 1 else {}))
        assert out.loss.isfinite()


@pytest.mark.parametrize("formulas", DISTRIBUTIONS, ids=" where ".join)
def test_a_distribution_of_the_page_compiles(formulas: tuple[str, ...]) -> None:
    law = f2d.distribution(list(formulas), scaffold=True, dims=dims(formulas))
    assert law.ascii


B, X, Y, Z = 5, 4, 3, 2
x, y = bits(B, X, seed=1), torch.eye(Y, dtype=torch.float64)[torch.arange(B) % Y]
STANDARD = td.Normal(torch.zeros(Z, dtype=torch.float64), 1.0)
PRIOR = f2d.Normal(loc=0.0, scale=1.0, event_shape=Z)


class Law(nn.Module):
    """A location and a scale, of its inputs side by side."""

    def __init__(self, inputs: int, outputs: int, seed: int) -> None:
        super().__init__()
        self.loc, self.scale = linear(inputs, outputs, seed), linear(inputs, outputs, seed + 7)

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        inputs = torch.cat(given, -1)
        return self.loc(inputs), functional.softplus(self.scale(inputs))


class Model(nn.Module):
    """The densities of the comparisons, as bindings and as torch.distributions."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Law(X, Z, 1), linear(Z, X, 21)
        self.joint, self.labels, self.classifier = Law(X + Y, Z, 31), Law(Y, Z, 51), linear(Z, Y, 41)
        self.bindings: dict[str, object] = {
            "q(z|x)": f2d.Normal(self.encoder),
            "q(z|y)": f2d.Normal(self.labels),
            "q(z|x,y)": f2d.Normal(self.joint),
            "p(x|z)": f2d.Bernoulli(self.decoder),
            "p(y|z)": f2d.Categorical(self.classifier, one_hot=True),
            "p(z)": PRIOR,
        }

    def q(self) -> td.Normal:
        return td.Normal(*self.encoder(x))

    def log_likelihood(self, z: Tensor) -> Tensor:
        return td.Bernoulli(logits=self.decoder(z)).log_prob(x).sum(-1)

    def log_ratio(self, z: Tensor) -> Tensor:
        prior = STANDARD.log_prob(z).sum(-1)
        return self.log_likelihood(z) + prior - self.q().log_prob(z).sum(-1)

    def draw(self, noise: Tensor) -> Tensor:
        law = self.q()
        return law.loc + law.scale * noise


def divergence(left: td.Normal, right: td.Normal) -> Tensor:
    return td.kl_divergence(left, right).sum(-1)


def joint_variational(model: Model, noise: Tensor) -> Tensor:
    law = td.Normal(*model.joint(x, y))
    z = law.loc + law.scale * noise
    label = td.OneHotCategorical(logits=model.classifier(z)).log_prob(y)
    others = (STANDARD, model.q(), td.Normal(*model.labels(y)))
    return sum(divergence(law, each) for each in others) - model.log_likelihood(z) - label


def capped(model: Model, noise: Tensor) -> Tensor:
    return model.log_likelihood(model.draw(noise)) - divergence(model.q(), STANDARD).clamp(min=3)


Expected = Callable[[Model, Tensor], Tensor]
ONE, MANY = (B, Z), (4, B, Z)

#: What the hyperparameters are, where their place stands in a formula.
NUMBERS = {"K": ("^K", 4), "beta": (r"\beta", 0.5), "C": ("- C", 1.5)}

#: Formulas of the page, the shape of their noise, and what each is, for each example.
VALUES: dict[str, tuple[tuple[int, ...], Expected]] = {
    "E_q(z|x)[\\log p(x|z)]": (ONE, lambda m, e: m.log_likelihood(m.draw(e))),
    "H[q(z|x)]": ((), lambda m, _: m.q().entropy().sum(-1)),
    "-E_q(z|x)[\\log p(z)]": (ONE, lambda m, e: -STANDARD.log_prob(m.draw(e)).sum(-1)),
    "H(q(z|x), p(z))": ((), lambda m, _: m.q().entropy().sum(-1) + divergence(m.q(), STANDARD)),
    "KL[q(z|x) || p(z)]": ((), lambda m, _: divergence(m.q(), STANDARD)),
    "E_q(z|x)[\\log q(z|x) - \\log p(z)]": (ONE, lambda m, e: m.log_likelihood(m.draw(e)) - m.log_ratio(m.draw(e))),
    "E_q(z|x)[\\log p(x, z) - \\log q(z|x)]": (ONE, lambda m, e: m.log_ratio(m.draw(e))),
    "E_{z_{1:K} ~ q(z|x)}[\\log \\frac1K \\sum_{k=1}^K \\frac{p(x, z_k)}{q(z_k|x)}]": (
        MANY,
        lambda m, e: m.log_ratio(m.draw(e)).logsumexp(0) - math.log(4),
    ),
    "E_q(z|x)[\\log p(x|z)] - \\beta KL[q(z|x) || p(z)]": (
        ONE,
        lambda m, e: m.log_likelihood(m.draw(e)) - 0.5 * divergence(m.q(), STANDARD),
    ),
    "E_q(z|x)[\\log p(x|z)] - \\max(3, KL[q(z|x) || p(z)])": (ONE, capped),
    "E_q(z|x)[\\log p(x|z)] - \\lvert KL[q(z|x) || p(z)] - C \\rvert": (
        ONE,
        lambda m, e: m.log_likelihood(m.draw(e)) - (divergence(m.q(), STANDARD) - 1.5).abs(),
    ),
    "-E_q(z|x)[\\log p(x|z)] + KL[q(z|x) || p(z)]": (
        ONE,
        lambda m, e: divergence(m.q(), STANDARD) - m.log_likelihood(m.draw(e)),
    ),
    "KL[q(z|x,y) || p(z)] + KL[q(z|x,y) || q(z|x)] + KL[q(z|x,y) || q(z|y)] - E_q(z|x,y)[\\log p(x|z) p(y|z)]": (
        ONE,
        joint_variational,
    ),
}


def assert_agree(found: Tensor, expected: Tensor, parameters: Iterable[nn.Parameter]) -> None:
    """Values agree, and the gradients of every parameter."""
    torch.testing.assert_close(found, expected)
    known = list(parameters)
    both = (
        torch.autograd.grad(each.sum(), known, retain_graph=True, materialize_grads=True) for each in (found, expected)
    )
    for one, other in zip(*both, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("formula", VALUES)
def test_a_loss_is_what_torch_computes(formula: str) -> None:
    shape, expected = VALUES[formula]
    model, noise = Model(), tensor(*shape, seed=5)
    assert (formula,) in FORMULAS
    numbers = {name: value for name, (place, value) in NUMBERS.items() if place in formula}
    objective = f2d.compile(formula, model.bindings | numbers, reduction="none")
    out = objective(x=x, y=y, **({"noise": {"z": noise}} if shape else {}))
    assert_agree(out.value, expected(model, noise), model.parameters())


def test_a_divergence_of_classes_is_one_number_for_each_example() -> None:
    net, probs = linear(X, Y), torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    bound = {"q(y|x)": f2d.Categorical(net, one_hot=True), "p(y)": f2d.Categorical(probs=probs, one_hot=True)}
    found = f2d.compile("KL[q(y|x) || p(y)]", bound, reduction="none")(x=x).value
    expected = td.kl_divergence(td.Categorical(logits=net(x)), td.Categorical(probs=probs))
    assert found.shape == (B,)
    assert_agree(found, expected, net.parameters())


def test_an_expectation_over_classes_has_the_gradient_of_the_sum() -> None:
    net, decoder = linear(X, Y), linear(Y, X, seed=3)
    bound = {"q(y|x)": f2d.Categorical(net, one_hot=True), "p(x|y)": f2d.Bernoulli(decoder)}
    found = f2d.compile(r"E_q(y|x)[\log p(x|y)]", bound, reduction="none")(x=x).value
    likelihood = td.Bernoulli(logits=decoder(torch.eye(Y).double()).unsqueeze(1)).log_prob(x).sum(-1)
    expected = (net(x).softmax(-1) * likelihood.T).sum(-1)
    assert_agree(found, expected, [*net.parameters(), *decoder.parameters()])


def test_a_score_function_estimate_keeps_the_value() -> None:
    model, noise = Model(), tensor(B, Z, seed=5)
    bound = {key: model.bindings[key] for key in ("q(z|x)", "p(x|z)")}
    objective = f2d.compile(r"E_q(z|x)[\log p(x|z)]", bound, estimators={"z": "score"})
    out = objective(x=x, noise={"z": noise})
    z = model.draw(noise).detach()
    cost = model.log_likelihood(z)
    surrogate = cost + cost.detach() * (score := model.q().log_prob(z).sum(-1)) - (cost * score).detach()
    assert_agree(-out.loss, surrogate.mean(), model.parameters())


def test_a_detached_term_has_no_gradient() -> None:
    f, g = linear(X, Z), linear(X, Z, seed=3)
    found = f2d.compile(r"\min \lVert \mathrm{sg}[f(x)] - g(x) \rVert^2", {"f": f, "g": g}, reduction="none")(x=x).value
    expected = ((f(x).detach() - g(x)) ** 2).sum(-1)
    assert_agree(found, expected, [*f.parameters(), *g.parameters()])


GAN = r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]"
WASSERSTEIN = r"\min_G \max_D E_{p_{data}(x)}[D(x)] - E_{p(z)}[D(G(z))]"


@pytest.mark.parametrize("formula", [GAN, WASSERSTEIN])
def test_each_player_has_its_own_loss_and_gradients(formula: str) -> None:
    generator, critic, noise = linear(Z, X), linear(X, 1, seed=3), tensor(B, Z, seed=5)
    logits = formula is GAN
    bound = {"G": generator, "D": f2d.Sigmoid(critic) if logits else critic, "p(z)": PRIOR}
    objective = f2d.compile(formula, bound)
    assert (formula,) in FORMULAS
    score = functional.logsigmoid if logits else torch.negative
    fake = score(-critic(generator(noise))) if logits else score(critic(generator(noise)))
    real = score(critic(x)) if logits else critic(x)
    losses = {"G": fake.mean(), "D": -(real.mean() + fake.mean())}
    for player, expected in losses.items():
        found = objective(x=x, noise={"z": noise}, player=player).loss
        owned = generator if player == "G" else critic
        assert_agree(found, expected, owned.parameters())


def test_the_encoder_of_an_adversarial_divergence_has_a_gradient() -> None:
    """Against a critic of logits c, log D/(1 - D) is c: the encoder minimises it at its own pathwise draw."""
    model, critic, noise = Model(), linear(Z, 1, seed=3), tensor(B, Z, seed=5)
    formulas = next(each for each in FORMULAS if each[0].startswith(r"\min_\phi"))
    bound = {r"q_\phi(z|x)": model.bindings["q(z|x)"], "D": f2d.Sigmoid(critic), "p(z)": PRIOR}
    objective = f2d.compile(list(formulas), bound)
    sites = {each.name: noise for each in objective.sites}
    found = objective(x=x, noise=sites, player="phi").loss
    assert_agree(found, critic(model.draw(noise)).mean(), model.encoder.parameters())


def test_a_sum_over_time_is_the_loop() -> None:
    steps = 3
    (formula,) = next(each for each in FORMULAS if "sum_{t=1}^T" in each[0])
    posterior, transition, decoder = Law(X + Z, Z, 1), Law(Z, Z, 11), linear(Z, X, 21)
    bound = {
        "q(z_t|x_t,z_{t-1})": f2d.Normal(posterior),
        "p(z_t|z_{t-1})": f2d.Normal(transition),
        "p(x_t|z_t)": f2d.Bernoulli(decoder),
    }
    frames, noise = bits(B, steps, X, seed=2), tensor(B, steps, Z, seed=5)
    found = f2d.compile(formula, bound, dims={"z": Z}, reduction="none")(x=frames, noise={"z": noise}).value
    z, expected = torch.zeros(B, Z, dtype=torch.float64), torch.zeros(B, dtype=torch.float64)
    for t in range(steps):
        law, prior = td.Normal(*posterior(frames[:, t], z)), td.Normal(*transition(z))
        z = law.loc + law.scale * noise[:, t]
        expected = expected + divergence(law, prior)
        expected = expected - td.Bernoulli(logits=decoder(z)).log_prob(frames[:, t]).sum(-1)
    assert_agree(found, expected, [*posterior.parameters(), *transition.parameters(), *decoder.parameters()])
