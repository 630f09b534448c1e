"""Names and labels that mean something to Python: they stay names, and what a label says never becomes code."""

from __future__ import annotations

import ast
import re

import pytest
import torch

import formula2dgm as f2d
from formula2dgm import mistakes

NAMES = (
    *("class", "None", "lambda", "import", "self", "torch", "nn", "math", "Tensor", "forward", "noise", "player"),
    *("parameters", "training", "Objective", "Output", "loss", "len", "type", "print", "value", "unused", "half"),
)
DUNDERS = ("__init__", "__class__", "__dict__")
LABELS = (
    *('a"""', "a'''", "a\\n", "a\nimport os", "a\r import os", "a\u2028b", "# a", "{{ 7*7 }}", "{0}", "@imports@"),
    *("\x00", "\x000\x00", "\x1b[31m", "\u202eabc", "\ud800", "</script><script>alert(1)</script>", "\\N{DASH}"),
)
ELBO = r"\mathbb{E}_{q(z|%s)}[\log p(%s|z)] - \mathrm{KL}[q(z|%s)\|p(z)]" + "\n" + r"%s \in \mathbb{R}^6"
LABELLED = (
    r"\underbrace{\mathbb{E}_{q(z|x)}[\log p(x|z)]}_{\text{%s}} - \mathrm{KL}[q(z|x)\|p(z)]"
    "\n" + r"x \in \mathbb{R}^6"
)


def loss_of(text: str) -> float:
    """The loss of the first batch, the same for texts that differ in names alone."""
    torch.manual_seed(0)
    objective = f2d.compile(text, scaffold=True)
    ast.parse(objective.source)
    torch.manual_seed(1)
    data = torch.randn(3, 6)
    torch.manual_seed(2)
    return float(objective(data).loss.detach())


@pytest.fixture(scope="module")
def plain() -> float:
    return loss_of(ELBO.replace("%s", "x"))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_python_s_is_a_name(name: str, plain: float) -> None:
    assert loss_of(ELBO.replace("%s", rf"\mathrm{{{name}}}")) == plain


@pytest.mark.parametrize("name", DUNDERS)
def test_a_name_with_underscores_around_it_is_none(name: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0105"):
        f2d.compile(ELBO.replace("%s", rf"\mathrm{{{name}}}"), scaffold=True)


def calls(source: str) -> list[str]:
    """What a module imports and calls, in order; only the method of a variable that is detached, as a label names
    that variable."""
    nodes = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Call | ast.Import | ast.ImportFrom)]
    found = [ast.unparse(each.func) if isinstance(each, ast.Call) else ast.unparse(each) for each in nodes]
    return [re.sub(r"^\w+(?=\.detach$)", "", each) for each in found]


@pytest.mark.parametrize("label", LABELS)
def test_a_label_stays_text(label: str) -> None:
    expected = calls(f2d.compile(LABELLED.replace("%s", "ok"), scaffold=True).source)
    objective = f2d.compile(LABELLED.replace("%s", label), scaffold=True)
    assert calls(objective.source) == expected
    assert all(each.isprintable() for term in objective(torch.zeros(2, 6)).terms for each in term)
    assert all(line.isprintable() for line in objective.source.split("\n"))


@pytest.mark.parametrize("comment", ["% import os", '% """', "% \x00", "% \u202e"])
def test_a_line_of_an_equation_is_no_line_of_code(comment: str) -> None:
    """What the code says of an equation that moves samples is one comment, whatever lines the equation has."""
    text = "\n".join([
        r"\min_\theta E_{t \sim U(0, 1)} E_{x_0 \sim p_{data}} E_{p(x_t|x_0)} "
        r"\|s_\theta(x_t, t) - \nabla_{x_t} \log p(x_t|x_0)\|^2; x_0 \in \mathbb{R}^6",
        r"p(x_t|x_0) = N(x_t; e^{-t} x_0, (1 - e^{-2t}) I)",
        rf"dx_t = \theta_t (x_T - x_t)\, dt + \sqrt{{2 \theta_t}}\, dw_t {comment}",
        r"\theta_t = 1 + t",
    ])  # fmt: skip
    try:
        source = f2d.compile(text, scaffold=True).source
    except f2d.FormulaError as error:
        assert all(each.span is not None and each.code != mistakes.CODE for each in error.diagnostics)
        return
    ast.parse(source)
    assert "import os" not in [line.strip() for line in source.splitlines()]


def test_the_excerpt_of_an_error_commands_no_terminal() -> None:
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile("log p(x) + (  % \x1b]0;title\x07 \u202e")
    assert all(line.isprintable() for line in str(refused.value).split("\n"))


def test_the_page_escapes_what_a_label_says() -> None:
    page = f2d.compile(LABELLED.replace("%s", "<script>alert(1)</script>"), scaffold=True).explain().html
    assert "<script>alert" not in page
