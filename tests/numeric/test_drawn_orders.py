r"""Autoregressions in a drawn order: ``E_{z \sim Z_T}[\sum_t \log p(x_{z_t} | x_{z_{<t}})]``."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Categorical, Normal

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

ENTRIES, CLASSES = 4, 5
TEXTS = {
    "below": r"\max_\theta E_{z \sim Z_T}[\sum_{t=1}^T \log p_\theta(x_{z_t} | \mathbf{x}_{z_{<t}})]",
    "as printed": r"\max_\theta E_{z \sim {Z_T}}[\sum_{t=1}^T \log p_\theta(x_{z_t} | \mathbf{x}_{z<t})]",
    "a set": r"\max_\theta E_{z \sim \mathcal{Z}_T}[\sum_{t=1}^T \log p_\theta(x_{z_t} | x_{z_{1:t-1}})]",
    "a function": r"\max_\theta E_{\sigma \sim U(S_D)}[\sum_{t=1}^D \log p_\theta(x_{\sigma(t)} | x_{\sigma(<t)})]",
    "a list": r"\max_\theta E_\pi[\sum_{i=1}^D \log p_\theta(x_{\pi(i)} | x_{\pi(1)}, \dots, x_{\pi(i-1)})]",
    "data": r"\max_\theta E_{x \sim p_{data}} E_\sigma[\sum_{t=1}^D \log p_\theta(x_{\sigma_t} | x_{\sigma_{<t}})]",
}
SPACES = {
    "classes": (r"x_t \in \{1, \dots, 5\}; T = 4", lambda y: Categorical(logits=y)),
    "bits": (r"x \in \{0, 1\}^4", lambda y: Bernoulli(logits=y)),
    "numbers": (r"x \in \mathbb{R}^4", lambda y: Normal(y, 1.0)),
}


def data(space: str, examples: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    if space == "numbers":
        return torch.randn(examples, ENTRIES, generator=generator).double()
    x = torch.randint(CLASSES if space == "classes" else 2, (examples, ENTRIES), generator=generator)
    return x if space == "classes" else x.double()


def network_of(objective: nn.Module) -> nn.Module:
    (network,) = (each for name, each in objective.named_children() if name.startswith("p_theta"))
    return network


def one_after_another(objective: nn.Module, law: object, x: Tensor, draws: Tensor) -> Tensor:
    """The sum as it is written, for each example in its order: what is not given yet is anything at all."""
    total = torch.zeros((), dtype=torch.float64)
    for example, numbers in zip(x, draws, strict=True):
        order = numbers.argsort().tolist()
        for t, asked in enumerate(order):
            given = torch.zeros_like(example)
            given[order[:t]] = example[order[:t]]
            found = network_of(objective)(given[None], numbers[None])[0, asked]
            total = total + law(found).log_prob(example[asked])  # type: ignore[operator]
    return total / len(x)


@pytest.mark.parametrize("space", SPACES)
def test_each_entry_reads_those_before_it_in_the_order(space: str) -> None:
    said, law = SPACES[space]
    torch.manual_seed(0)
    objective = f2d.compile([TEXTS["below"], said], scaffold=True).double()
    x, draws = data(space), torch.randn(6, ENTRIES, dtype=torch.float64)
    found = objective(x=x, noise={"z": draws}).value
    expected = one_after_another(objective, law, x, draws)
    torch.testing.assert_close(found, expected)
    weights = list(objective.parameters())
    for one, other in zip(torch.autograd.grad(found, weights), torch.autograd.grad(expected, weights), strict=True):
        torch.testing.assert_close(one, other)
        assert other.abs().max() > 0


@pytest.mark.parametrize("space", SPACES)
def test_the_reference_agrees(space: str) -> None:
    assert_defaults_agree([TEXTS["below"], SPACES[space][0]], {})


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_spellings(text: str) -> None:
    values = []
    for each in (text, TEXTS["below"]):
        torch.manual_seed(0)
        objective = f2d.compile([each, r"x \in \{0, 1\}^4"], scaffold=True).double()
        (site,) = objective.example_noise(x=data("bits"))
        draws = torch.arange(24.0).double().reshape(6, 4).sin()
        values.append(objective(x=data("bits"), noise={site: draws}).value)
    torch.testing.assert_close(*values)


def test_each_order_is_as_likely() -> None:
    """Of 6000 draws each of the six orders of three entries has a sixth: within five standard deviations."""
    torch.manual_seed(0)
    objective = f2d.compile([TEXTS["below"], r"x \in \{0, 1\}^3"], scaffold=True)
    orders = objective.example_noise(x=torch.zeros(6000, 3))["z"].argsort(1)
    for order in itertools.permutations(range(3)):
        share = (orders == torch.tensor(order)).all(1).double().mean()
        assert abs(share - 1 / 6) < 5 * (5 / 36 / 6000) ** 0.5


def test_what_else_is_given_stands_at_each_entry() -> None:
    text = r"\max E_\sigma[\sum_{t=1}^D \log p(x_{\sigma_t} | x_{\sigma_{<t}}, c)]; x \in \{0,1\}^4; c \in \mathbb{R}^2"
    assert_defaults_agree(text, {})


def test_the_mean_over_places_knows_how_many_there_are() -> None:
    x, values = data("bits"), []
    for share in ("", r"\frac1D"):
        torch.manual_seed(0)
        text = rf"\max E_\sigma[{share} \sum_{{t=1}}^D \log p(x_{{\sigma_t}} | x_{{\sigma_{{<t}}}})]; x \in \{{0,1\}}^4"
        objective = f2d.compile(text, scaffold=True).double()
        values.append(objective(x=x, noise={"sigma": torch.arange(24.0).double().reshape(6, 4).cos()}).value)
    torch.testing.assert_close(values[0], ENTRIES * values[1])


ORDER = r"\max E_{\sigma \sim %s}[\sum_{t=1}^D \log p(x_{\sigma(t)} | %s)]; x \in \{0,1\}^4"
REFUSED = {
    "another law": ORDER % (r"\mathcal{N}(0, I)", r"x_{\sigma(<t)}"),
    "a learned law": ORDER % (r"q(\sigma|y)", r"x_{\sigma(<t)}"),
    "given itself": ORDER % ("S_D", r"x_{\sigma(\le t)}"),
    "given all": ORDER % ("S_D", "x"),
    "given its place": ORDER % ("S_D", r"x_{\sigma(<t)}, \sigma(t)"),
    "two sizes": ORDER % ("S_D", r"x_{\sigma(<t)}") + "; D = 3",
    "a law that is said": ORDER % ("S_D", r"x_{\sigma(<t)}") + r"; S_D = 3",
    "a declared density": ORDER % ("S_D", r"x_{\sigma(<t)}") + r"; p(x|y) = \mathrm{Bernoulli}(x; f(y))",
    "no sum": r"\max E_{\sigma, t}[\log p(x_{\sigma(t)} | x_{\sigma(<t)})]; x \in \{0,1\}^4",
    "from 0": (ORDER % ("S_D", r"x_{\sigma(<t)}")).replace("t=1", "t=0"),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0592") as refused:
        f2d.compile(text, scaffold=True)
    assert all(each.span is not None for each in refused.value.diagnostics)


def test_a_bound_density_and_an_unknown_size_are_refused() -> None:
    bound = {"p_\\theta(x|y)": f2d.Bernoulli(logits=nn.Linear(4, 4))}
    with pytest.raises(f2d.FormulaError, match="F2D-0592"):
        f2d.compile([TEXTS["below"], r"x \in \{0, 1\}^4"], bound, scaffold=True)
    with pytest.raises(f2d.FormulaError, match="F2D-0592"):
        f2d.compile([TEXTS["below"], r"x \in \{0, 1\}^4"])
    with pytest.raises(f2d.FormulaError, match="F2D-0609"):
        f2d.compile(TEXTS["below"], scaffold=True)


def test_no_new_values_are_drawn() -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0611"):
        f2d.compile([TEXTS["below"], r"x \in \{0, 1\}^4"], scaffold=True).sample(2)
