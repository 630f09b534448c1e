"""D of a sum over entries is how many entries the vector has, of an image all its pixels."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree

ERROR = r"\min \frac{1}{D} \sum_{d=1}^D (x_d - \hat x_d)^2 + KL[q(z|x) \| p(z)], \hat x = f(z), z \sim q(z|x)"


@pytest.mark.parametrize("size", [1, 4, 7])
def test_a_mean_over_entries_is_one(size: int) -> None:
    objective = assert_defaults_agree(ERROR, {"x": size, "z": 2})
    assert "D is the number of entries of x" in objective.assumptions
    batch, noise = objective.example_batch(3), objective.example_noise(3)
    batch = {name: each.double() for name, each in batch.items()}
    out = objective(**batch, noise={name: each.double() for name, each in noise.items()})
    name = "(x_d - x_hat_d)^2"
    torch.testing.assert_close(out.contributions[name], out.terms[name] / size)


def test_of_an_image_all_pixels_count() -> None:
    image = torch.randn(5, 2, 3, 4, dtype=torch.float64)
    network = nn.Conv2d(2, 2, 1).double()
    objective = assert_agrees(
        r"\min \frac{1}{D} \sum_{d=1}^D (x_d - \hat x_d)^2, \hat x = f(x)", {"f": network}, {"x": image}
    )
    expected = ((image - network(image)) ** 2).mean()
    torch.testing.assert_close(objective(x=image).loss, expected)


def test_a_number_that_is_given_stays() -> None:
    objective = f2d.compile(f"{ERROR}, D = 9", scaffold=True, dims={"x": 4, "z": 2})
    assert objective.D == 9


@pytest.mark.parametrize("letter", ["D", "d"])
def test_it_is_no_hyperparameter(letter: str) -> None:
    index = "i"
    formula = rf"\max \frac{{1}}{{{letter}}} \sum_{{{index}=1}}^{letter} \log p(x_{index}|z), z \sim q(z|x)"
    objective = f2d.compile(formula, scaffold=True, dims={"x": 4, "z": 2})
    assert not objective.program.hyperparameters


@pytest.mark.parametrize("bound", ["D", "J"])
def test_a_floor_for_each_entry_of_a_whole_posterior(bound: str) -> None:
    r"""``\sum_{j=1}^J \max(\lambda, KL[q(z_j|x) || p(z_j)])``: the larger of the two for each entry, then the sum."""
    formula = rf"\min \sum_{{j=1}}^{bound} \max(\lambda, KL[q(z_j|x) \| p(z_j)]) - E_{{q(z|x)}}[\log p(x|z)]"
    objective = f2d.compile(f"{formula}; \\lambda = 0.1", scaffold=True, dims={"x": 4, "z": 3})
    x = torch.randn(5, 4)
    heads = objective.q_z_given_x(x)
    q = torch.distributions.Normal(heads["loc"], heads["scale"])
    entries = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
    out = objective(x=x)
    (name,) = (each for each in out.terms if "KL" in each)
    assert (entries < 0.1).any() and (entries > 0.1).any()
    torch.testing.assert_close(out.terms[name], entries.clamp(min=0.1).sum(1).mean())


def test_parts_that_no_density_has_as_a_whole_are_no_entries() -> None:
    with pytest.raises(f2d.FormulaError):
        f2d.compile(r"\max \sum_{j=1}^J E_{q(z_j|x)}[\log p(x|z_j)] - KL[q(z_j|x) \| p(z_j)]", scaffold=True)
