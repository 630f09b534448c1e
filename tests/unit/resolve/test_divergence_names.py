"""Which divergence a spelling means, and which are refused because nobody could know."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d
from formula2dgm.registry.definitions import DEFINITIONS
from tests.support.small import assumed, codes, program

BINDINGS: dict[str, object] = {
    "q(z|x)": f2d.Normal(loc="x", scale=1.0),
    "p(z)": f2d.Normal(loc=0.0, scale=1.0),
}
SIDES = r"(q(z|x) \| p(z))"


@pytest.mark.parametrize(
    "name",
    [
        r"D_{\mathrm{Z}}",
        r"D_f",
        r"D^A_\alpha",
        "H",
        r"\chi",
        "W",
        "W_1",
        "D_1",
        "D_0",
        "D_{-2}",
        r"\mathrm{JS}_2",
        r"D_{R}",
        r"D_{J, 2}",
        r"\mathrm{TV}_2",
        r"D_{\infty}",
    ],
)
def test_refused(name: str) -> None:
    found = codes(rf"\min {name}{SIDES}", BINDINGS | ({"alpha": 0.5} if "alpha" in name else {}))
    assert found and found[0].startswith("F2D-03")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (r"D_{0.3}", "is the Rényi divergence of that order"),
        (r"D_J", "is KL[p || q] + KL[q || p], without a factor 1/2"),
        (r"D_{\mathrm{KL}}^{\mathrm{sym}}", "is KL[p || q] + KL[q || p], without a factor 1/2"),
        ("D", "without a label, is the Kullback-Leibler divergence"),
        ("D_H", "is the Hellinger distance with the factor 1/2, at most 1"),
    ],
)
def test_conventions_are_listed(name: str, said: str) -> None:
    assert said in assumed(rf"\min {name}{SIDES}", BINDINGS)


def test_an_order_of_one_hints_at_kl() -> None:
    with pytest.raises(f2d.FormulaError, match=r"write KL\[p \|\| q\]"):
        f2d.compile(rf"\min D_\alpha{SIDES}", {**BINDINGS, "alpha": 1.0})


def test_an_order_is_a_number() -> None:
    assert codes(rf"\min D_{{\alpha}}{SIDES}", {**BINDINGS, "alpha": f2d.Normal(loc=0.0, scale=1.0)})
    objective = f2d.compile(rf"\min D_\alpha{SIDES}", {**BINDINGS, "alpha": 0.5})
    x = torch.ones(2, 3)
    assert objective(x=x).value.item() == pytest.approx(0.75)  # a |x|^2 / 2
    assert objective(x=x, alpha=0.25).value.item() == pytest.approx(0.375)
    assert objective(x=x, alpha=1.0).value.item() == pytest.approx(1.5)  # the limit, which is KL


def test_a_power_stays_a_power() -> None:
    x = torch.ones(2, 3)
    kl = f2d.compile(rf"\min KL{SIDES}", BINDINGS)(x=x).value.item()
    assert f2d.compile(rf"\min KL^2{SIDES}", BINDINGS)(x=x).value.item() == pytest.approx(kl**2)
    assert f2d.compile(rf"\min D_{{0.5}}{SIDES}^2", BINDINGS)(x=x).value.item() == pytest.approx(0.75**2)


def test_insisting_on_a_closed_form() -> None:
    for name in ("JS", "TV"):
        assert codes(rf"\min {name}{SIDES}", BINDINGS, divergences="closed") == ["F2D-0311"]
    laplace = BINDINGS | {"q(z|x)": f2d.Laplace(loc="x", scale=1.0)}
    for name in ("W_2^2", r"\mathrm{JS}^G"):
        assert codes(rf"\min {name}{SIDES}", laplace) == ["F2D-0311"]
        assert codes(rf"\min {name}{SIDES}", BINDINGS, divergences="sampled") == ["F2D-0311"]


def test_bounds_are_of_mixtures_and_by_term() -> None:
    formula = "KL[q(z|x) || p(z)]"
    assert codes(formula, BINDINGS, divergences={formula: "variational-bound"}) == ["F2D-0708"]
    assert codes(formula, BINDINGS, divergences="variational-bound") == ["F2D-0708"]


def test_a_choice_for_a_term_that_is_not_there_is_refused() -> None:
    formula = r"\min KL[q(z|x) || p(z)]"
    with pytest.raises(f2d.FormulaError, match=r"those it has: 'KL\[q\(z\|x\) \|\| p\(z\)\]'"):
        program(formula, BINDINGS, divergences={"KL[q(z|x) || p(x|z)]": "sampled"})


def test_divergences_are_minimised() -> None:
    for name in ("D_J", "JS", "D_{0.5}", r"\chi^2", "H^2", "W_2^2", "TV"):
        assert program(f"{name}{SIDES}", BINDINGS).objectives[0].maximize is False


def test_labels_name_one_divergence_each() -> None:
    labels = [label for each in DEFINITIONS for label in each.labels]
    assert len(labels) == len(set(labels))


def test_a_term_is_chosen_by_any_spelling_of_it() -> None:
    formula = r"\min KL[q(z|x) || p(z)] + D_{0.5}[q(z|x) || p(z)]"
    for key in ("KL(q(z|x) || p(z))", r"D_{\mathrm{KL}}(q(z \mid x) \,\|\, p(z))"):
        said = assumed(formula, BINDINGS, divergences={key: "sampled"})
        assert "KL[q(z|x) || p(z)] is estimated" in said and "D_{0.5}[q(z|x) || p(z)] is estimated" not in said


@pytest.mark.parametrize(
    "text",
    [
        r"\mathrm{Jeffreys}(q(z|x), p(z))",
        r"\mathrm{Hellinger}^2(q(z|x), p(z))",
        r"\mathrm{Renyi}_\alpha(q(z|x) \| p(z))",
        r"D_{\chi^2}(q(z|x) \| p(z))",
        r"\mathrm{JS}^{\mathrm{G}_\alpha}(q(z|x) \| p(z))",
        r"D_R^\alpha(q(z|x) \| p(z))",
        r"H^2(q(z|x), p(z))",
    ],
)
def test_what_is_printed_is_read_as_the_same(text: str) -> None:
    read = f2d.parse(text)
    assert f2d.parse(str(read)) == read and str(f2d.parse(read.latex())) == str(read)
    objective = f2d.compile(text, {**BINDINGS, **({"alpha": 0.5} if "alpha" in text else {})}, maximize=False)
    again = f2d.compile(str(read), {**BINDINGS, **({"alpha": 0.5} if "alpha" in text else {})}, maximize=False)
    x = torch.ones(2, 3)
    torch.testing.assert_close(objective(x=x).value, again(x=x).value)
