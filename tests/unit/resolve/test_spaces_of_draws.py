"""What is drawn from a law of one number has the entries that the text says it has."""

from __future__ import annotations

from itertools import product

import pytest
import torch

import formula2dgm as f2d


@pytest.mark.parametrize(
    ("law", "space"), [("Bernoulli(0.5)", r"\{0, 1\}^4"), ("U(0, 1)", r"R^4"), ("Bernoulli(0.3)", r"R^4")]
)
def test_a_mask_has_a_bit_for_each_entry(law: str, space: str) -> None:
    net = torch.nn.Linear(4, 4)
    text = rf"\min_\theta E_{{x, m}}[\|x - f_\theta(m \odot x)\|^2]; x \in R^4; m \in {space}; m \sim {law}"
    objective = f2d.compile(text, {r"f_\theta": net})
    x, mask = torch.randn(5, 4), torch.rand(5, 4).round()
    found = objective(x, noise={"m": mask}).loss
    torch.testing.assert_close(found, ((x - net(mask * x)) ** 2).sum(-1).mean())


def test_an_expectation_over_bits_is_over_all_of_them() -> None:
    """Sixteen masks, each with the product of the probabilities of its bits."""
    net = torch.nn.Linear(4, 4)
    text = r"\min_\theta E_{x, m \sim Bernoulli(0.3)}[\|x - f_\theta(m \odot x)\|^2]; x \in R^4; m \in \{0, 1\}^4"
    x, expected = torch.randn(5, 4), torch.zeros(())
    for bits in product((0.0, 1.0), repeat=4):
        mask = torch.tensor(bits)
        chance = 0.3 ** sum(bits) * 0.7 ** (4 - sum(bits))
        expected = expected + chance * ((x - net(mask * x)) ** 2).sum(-1).mean()
    torch.testing.assert_close(f2d.compile(text, {r"f_\theta": net})(x).loss, expected)


@pytest.mark.parametrize("factor", ["m", "(1 - m)", "(-m)", r"\beta m"])
@pytest.mark.parametrize("order", [r"{m} \odot x", r"x \odot {m}"])
def test_one_number_is_no_vector(factor: str, order: str) -> None:
    text = rf"\min_\theta E_{{x, m}}[\|x - f_\theta({order.format(m=factor)})\|^2]; x \in R^4; m \sim Bernoulli(0.5)"
    with pytest.raises(f2d.FormulaError, match="F2D-0668.*: m is drawn"):
        f2d.compile(f"{text}; \\beta = 2", {r"f_\theta": torch.nn.Linear(4, 4)})


@pytest.mark.parametrize("value", ["x + u", "u + x", r"x - 0.1 u", r"x + (1 - u)"])
def test_one_number_is_added_to_no_vector(value: str) -> None:
    """Noise in [0, 1) for each entry of whole numbers is not one number for all of them."""
    text = rf"\min_\theta E_{{x, u}}[\|x - f_\theta({value})\|^2]; x \in R^4; u \sim U(0, 1)"
    net = torch.nn.Linear(4, 4)
    with pytest.raises(f2d.FormulaError, match="F2D-0668"):
        f2d.compile(text, {r"f_\theta": net})
    objective = f2d.compile(f"{text}; u \\in R^4", {r"f_\theta": net})
    x, u = torch.randn(5, 4), torch.rand(5, 4)
    moved = {"x + u": x + u, "u + x": x + u, "x - 0.1 u": x - 0.1 * u, "x + (1 - u)": x + 1 - u}[value]
    torch.testing.assert_close(objective(x, noise={"u": u}).loss, ((x - net(moved)) ** 2).sum(-1).mean())


@pytest.mark.parametrize(("value", "name"), [("x + t", None), ("x + 2 t", None), ("x + t u", "u"), ("x + 2 u", "u")])
def test_a_time_is_one_number_by_nature(value: str, name: str | None) -> None:
    text = rf"\min_\theta E_{{x, t, u}}[\|x - f_\theta({value})\|^2]; x \in R^4; t \sim U(0, 1); u \sim U(0, 1)"
    bindings = {r"f_\theta": torch.nn.Linear(4, 4)}
    if name is None:
        assert f2d.compile(text, bindings) is not None
    else:
        with pytest.raises(f2d.FormulaError, match=f"F2D-0668.*: {name} is drawn"):
            f2d.compile(text, bindings)


@pytest.mark.parametrize("text", [r"f_\theta(m x)", r"f_\theta(u \odot m x)", r"m f_\theta(x)"])
def test_one_number_times_a_vector_is_what_it_was(text: str) -> None:
    said = rf"\min_\theta E_{{x, m}}[\|x - {text}\|^2]; x \in R^4; m \sim Bernoulli(0.5); u \in R^4"
    assert f2d.compile(said, {r"f_\theta": torch.nn.Linear(4, 4)}) is not None


def test_a_condition_that_selects_data_is_said() -> None:
    objective = f2d.compile(r"\min_\theta E_x[\|f_\theta(x) - x\|^2 \mid y = 1]; x \in R^4", scaffold=True)
    assert "the data are those of y=1: nothing selects them" in objective.assumptions
