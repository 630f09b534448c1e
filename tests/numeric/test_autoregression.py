r"""Entries read one after another: ``p(x) = \prod_i p(x_i|x_{<i})``, its law summed over all states, and its draws."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree

PRODUCT = r"p_\theta(x) = \prod_{i=1}^D p_\theta(x_i|x_{<i})"
BITS = [r"\max_\theta \log p_\theta(x)", PRODUCT, r"x \in \{0,1\}^5"]
KEY = r"p_\theta(x_i|x_{<i})"


class Triangle(nn.Module):
    """A linear map of which each result reads the entries before it (``strict``), or those up to it."""

    def __init__(self, size: int, strict: bool = True, classes: int = 0):
        super().__init__()
        torch.manual_seed(0)
        self.size, self.classes = size, classes
        self.weight = nn.Parameter(torch.randn(size * max(classes, 1), size))
        self.bias = nn.Parameter(torch.randn(size * max(classes, 1)))
        mask = torch.ones(size, size).tril(-1 if strict else 0)
        self.register_buffer("mask", mask.repeat_interleave(max(classes, 1), 0))

    def forward(self, x: Tensor) -> Tensor:
        out = nn.functional.linear(x.to(self.weight), self.weight * self.mask, self.bias)
        return out.reshape(-1, self.size, self.classes) if self.classes else out


class Before(nn.Module):
    """A network of sequences of any length that shifts them itself: each result reads the entries before it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.GRU(1, 6, batch_first=True), nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        before = torch.cat([torch.ones_like(x[:, :1]), x[:, :-1]], 1)
        return self.head(self.body(before.unsqueeze(-1))[0])[..., 0]


def states(size: int, values: int = 2) -> Tensor:
    return torch.tensor(list(itertools.product(range(values), repeat=size)))


def floats(size: int) -> Tensor:
    return states(size).to(torch.get_default_dtype())


def bits(network: nn.Module, **options: object) -> f2d.Objective:
    return f2d.compile(BITS, {KEY: f2d.Bernoulli(logits=network)}, **options)


# -- readings ------------------------------------------------------------------------------------------

SPELLINGS = {
    "a sum": [r"\max_\theta E_{x \sim p_{data}}[\sum_{i=1}^D \log p_\theta(x_i|x_{<i})]", r"x_i \in \{0,1\}; D = 5"],
    "a space of all": [r"\max_\theta E_{p_{data}(x)}[\sum_{d=1}^D \log p_\theta(x_d|x_{<d})]", r"x \in \{0,1\}^5"],
    "a product": [r"\max_\theta \log p_\theta(x)", PRODUCT, r"x_i \in \{0,1\}; D = 5"],
    "a sum of logarithms": [
        r"\max_\theta E_{p_{data}(x)}[\log p_\theta(x)]",
        r"\log p_\theta(x) = \sum_{i=1}^D \log p_\theta(x_i|x_{<i})",
        r"x \in \{0,1\}^5",
    ],
    "a list": [
        r"\max_\theta \log p_\theta(x)",
        r"p_\theta(x) = \prod_{n=1}^L p_\theta(x_n|x_1,\dots,x_{n-1})",
        r"x_n \in \{0,1\}; L = 5",
    ],
    "a grid": [
        r"\min_\theta -\log p_\theta(x)",
        r"p_\theta(x) = \prod_{i=1}^{h w} p_\theta(x_i|x_{1:i-1})",
        r"x_i \in \{0,1\}; h = 1; w = 5",
    ],
    "examples": [r"\max_\theta \frac1N \sum_{n=1}^N \log p_\theta(x^{(n)})", PRODUCT, r"x \in \{0,1\}^5"],
    "a chain": [r"\log p_\theta(x) = \sum_{i=1}^D \log p_\theta(x_i|x_{<i})", r"x \in \{0,1\}^5"],
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_model_is_the_same_however_it_is_written(name: str) -> None:
    text = SPELLINGS[name]
    network, letter = Triangle(5), {"a space of all": "d", "a list": "n"}.get(name, "i")
    objective = f2d.compile(text, {KEY.replace("i", letter): f2d.Bernoulli(logits=f2d.Masked(network))}, maximize=True)
    x = floats(5)
    expected = Bernoulli(logits=network(x)).log_prob(x).sum(1).mean()
    value = objective(x=x).value
    assert_close(value.abs(), expected.abs())
    assert objective.sample(3)["x"].shape == (3, 5)


FORMULAS = {
    "bits": BITS,
    "numbers": [r"\max \log p(x)", r"p(x) = \prod_{i=1}^D p(x_i|x_{<i})", r"x \in \mathbb{R}^4"],
    "a family": [
        r"\max \log p(x)",
        r"p(x) = \prod_{i=1}^D p(x_i|x_{<i})",
        r"p(x_i|x_{<i}) = \mathcal{N}(x_i; \mu(x_{<i}), \sigma^2(x_{<i}))",
        r"x \in \mathbb{R}^4",
    ],
    "classes": [r"\max \log p(x)", r"p(x) = \prod_{i=1}^D p(x_i|x_{<i})", r"x_i \in \{1,\dots,3\}; D = 4"],
    "vectors": [r"\max \sum_{i=1}^D \log p(x_i|x_{<i})", r"x_i \in \mathbb{R}^2; D = 3"],
    "a condition": [
        r"\max \log p(x|c)",
        r"p(x|c) = \prod_{i=1}^D p(x_i|x_{<i}, c)",
        r"x \in \mathbb{R}^4; c \in \mathbb{R}^2",
    ],
    "a mixture": [
        r"\max \log p(x)",
        r"p(x) = \prod_{i=1}^D p(x_i|x_{<i})",
        r"p(x_i|x_{<i}) = \sum_c p(c|x_{<i}) p(x_i|c, x_{<i})",
        r"x \in \mathbb{R}^4; c \in \{1,2,3\}",
    ],
    "a decoder": [
        r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]",
        r"p(x|z) = \prod_{i=1}^D p(x_i|x_{<i}, z)",
        r"x \in \mathbb{R}^4; z \in \mathbb{R}^2",
    ],
    "a hierarchy": [
        r"E_{q(z_{1:L}|x)}[\log p(x|z_{1:L})] - KL[q(z_{1:L}|x) \| p(z_{1:L})]",
        r"q(z_{1:L}|x) = \prod_{l=1}^L q(z_l|z_{<l}, x); p(z_{1:L}) = \prod_{l=1}^L p(z_l|z_{<l})",
        r"L = 3; x \in \mathbb{R}^5; z_l \in \mathbb{R}^2",
    ],
    "a first factor": [r"\max \log p(x)", r"p(x) = p(x_1) \prod_{i=2}^D p(x_i|x_{<i})", r"x \in \mathbb{R}^3"],
    "bits an entry": [
        r"\min -\frac1D E_{p_{data}(x)}[\log_2 p(x)]",
        PRODUCT.replace(r"_\theta", ""),
        r"x \in \{0,1\}^4",
    ],
}


@pytest.mark.parametrize("name", FORMULAS)
def test_generated_code_is_the_reference(name: str) -> None:
    assert_defaults_agree(FORMULAS[name], {})


def test_bound_networks_agree_with_the_reference() -> None:
    network = f2d.Masked(Before()).double()
    assert_agrees(BITS, {KEY: f2d.Bernoulli(logits=network)}, {"x": states(5).double()})


def test_a_mixture_scores_each_entry_by_itself() -> None:
    """Against the sum over the classes written by hand: neither the entry nor what comes before it is one late."""
    torch.manual_seed(0)
    objective = f2d.compile(FORMULAS["a mixture"], scaffold=True).double()
    x = torch.randn(6, 4, dtype=torch.float64)
    before = torch.cat([torch.zeros(6, 1, dtype=torch.float64), x[:, :-1]], 1)
    weights = objective.p_c_given_x(before).log_softmax(-1)
    code = objective.p_x_given_c_x_code_of_x(before).reshape(24, -1)
    total = torch.zeros(6, 4, dtype=torch.float64)
    for c in range(3):
        loc = objective.p_x_given_c_x(torch.full((24,), float(c), dtype=torch.float64), code).reshape(6, 4)
        total = total + (weights[..., c] + Normal(loc, 1.0).log_prob(x)).exp()
    assert_close(objective(x=x).value, total.log().sum(1).mean())


# -- laws ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("masked", [True, False])
def test_the_probabilities_of_all_states_sum_to_one_and_are_those_of_the_draws(masked: bool) -> None:
    network = f2d.Masked(Triangle(5)) if masked else Triangle(5, strict=False)
    objective = bits(network, reduction="none")
    with torch.no_grad():
        probabilities = objective(x=floats(5)).value.exp()
        torch.manual_seed(1)
        drawn = objective.sample(100_000)["x"]
    assert_close(probabilities.sum(), torch.ones(()))
    counted = (drawn.long() * torch.tensor([16, 8, 4, 2, 1])).sum(1).bincount(minlength=32) / len(drawn)
    assert (counted - probabilities).abs().max() < 4 * math.sqrt(0.25 / len(drawn))


def test_classes_are_drawn_by_their_probabilities() -> None:
    objective = f2d.compile(
        [r"\max \log p(x)", r"p(x) = \prod_{i=1}^D p(x_i|x_{<i})", r"x_i \in \{1,2,3\}; D = 3"],
        {r"p(x_i|x_{<i})": f2d.Categorical(logits=f2d.Masked(Triangle(3, classes=3)))},
        reduction="none",
    )
    with torch.no_grad():
        probabilities = objective(x=states(3, 3)).value.exp()
        torch.manual_seed(1)
        drawn = objective.sample(50_000)["x"]
    assert drawn.dtype == torch.long
    assert_close(probabilities.sum(), torch.ones(()))
    counted = (drawn * torch.tensor([9, 3, 1])).sum(1).bincount(minlength=27) / len(drawn)
    assert (counted - probabilities).abs().max() < 4 * math.sqrt(0.25 / len(drawn))


def test_a_density_of_the_first_entry_leaves_what_comes_before_the_others_as_it_is() -> None:
    """What the network is given when it draws is what it is given when it scores."""
    torch.manual_seed(0)
    text = [r"\max \log p(x)", r"p(x) = p(x_1) \prod_{i=2}^D p(x_i|x_{<i})", r"x \in \{0,1\}^3"]
    objective = f2d.compile(text, scaffold=True, reduction="none")
    with torch.no_grad():
        for each in objective.parameters():
            each.mul_(4)
        probabilities = objective(x=floats(3)).value.exp()
        drawn = objective.sample(50_000)["x"]
    assert_close(probabilities.sum(), torch.ones(()))
    counted = (drawn.long() * torch.tensor([4, 2, 1])).sum(1).bincount(minlength=8) / len(drawn)
    assert (counted - probabilities).abs().max() < 4 * math.sqrt(0.25 / len(drawn))


def test_new_values_are_given_their_condition() -> None:
    class Conditioned(nn.Module):
        def forward(self, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
            return x + 100 * c[..., 0], torch.full_like(x, 0.1)

    objective = f2d.compile(FORMULAS["a condition"], {"p(x_i|x_{<i}, c)": f2d.Normal(Conditioned())})
    c = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    noise = torch.zeros(2, 4)
    assert_close(objective.sample(c=c, noise={"x": noise})["x"], torch.arange(1.0, 5.0) * 100 * c[:, :1])
    with pytest.raises(FormulaError, match="c is missing"):
        objective.sample(2)


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(4))
def test_a_network_that_reads_one_entry_too_many_is_refused_wherever_it_does(place: int) -> None:
    network = Triangle(5)
    network.mask[place, place] = 1
    with pytest.raises(FormulaError, match="depends on later ones"):
        bits(f2d.Masked(network))(x=floats(5))


def test_the_last_entry_is_given_to_no_network() -> None:
    network, other = Triangle(5), Triangle(5)
    other.mask[4, 4] = 1
    values = [bits(f2d.Masked(each))(x=floats(5)).value for each in (network, other)]
    assert_close(*values)


def test_a_masked_network_that_is_not_bound_as_such_is_refused() -> None:
    with pytest.raises(FormulaError, match="f2d.Masked"):
        bits(Triangle(5))(x=floats(5))


def test_numbers_of_entries_have_to_agree() -> None:
    objective = bits(f2d.Masked(Triangle(5)))
    with pytest.raises(FormulaError, match="the formula says 5"):
        objective(x=torch.ones(4, 6))
    with pytest.raises(FormulaError, match="5 entries"):
        objective.sample(2, T=3)
    with pytest.raises(FormulaError, match="F2D-0490"):
        f2d.compile([*BITS, "D = 6"], scaffold=True)


@pytest.mark.parametrize("given", [r"x_{\le i}", "x_{1:i}", r"x_{\setminus i}", "x_{1:D}"])
def test_an_entry_is_not_given_itself(given: str) -> None:
    with pytest.raises(FormulaError):
        f2d.compile([rf"\max \sum_{{i=1}}^D \log p(x_i|{given})", r"x \in \{0,1\}^5"], scaffold=True)


# -- a module of its own -------------------------------------------------------------------------------


def test_a_written_module_draws_the_same(tmp_path: Path) -> None:
    objective = f2d.compile(BITS, scaffold=True)
    torch.save(objective.state_dict(), tmp_path / "weights.pt")
    (tmp_path / "model.py").write_text(objective.source)
    script = (
        "import torch, model; torch.set_default_dtype(torch.float64); m = model.build({'x': ()});"
        "m.load_state_dict(torch.load('weights.pt'));"
        "torch.manual_seed(3); print(m.sample(4)['x'].long().tolist())"
    )
    out = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    torch.manual_seed(3)
    assert out.stdout.strip() == str(objective.sample(4)["x"].long().tolist())
