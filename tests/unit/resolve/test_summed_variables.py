"""Sums over variables, plain or with marks; marked names beside their letter are no numbers with a default."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d


@pytest.mark.parametrize("name", ["y_u", "y'", "y_1", r"\hat{y}"])
def test_a_sum_takes_every_value(name: str) -> None:
    """The mean of log p(x|y) under q(y|x), by hand from the two networks."""
    text = rf"\max \sum_{{{name}}} q({name}|x) \log p(x|{name}); {name} \in \{{1, \dots, 3\}}; x \in R^4"
    classifier, means = torch.nn.Linear(4, 3), torch.nn.Embedding(3, 4)
    bindings = {f"q({name}|x)": f2d.Categorical(classifier), f"p(x|{name})": f2d.Normal(loc=means, scale=1.0)}
    x = torch.randn(6, 4)
    weights = torch.softmax(classifier(x), -1)
    scores = torch.distributions.Normal(means.weight, 1.0).log_prob(x[:, None]).sum(-1)
    torch.testing.assert_close(f2d.compile(text, bindings)(x).value, (weights * scores).sum(-1).mean())


@pytest.mark.parametrize(
    ("binder", "name"),
    [*((each, each) for each in ("v^-", "v_-", "v'", "v_1", r"\tilde v")), (r"v^- \in V", "v^-")],
)
@pytest.mark.parametrize("operator", ["sum", "prod", "max"])
def test_of_unknown_values_it_is_refused(operator: str, binder: str, name: str) -> None:
    text = rf"\min_\theta E_x[\{operator}_{{{binder}}} (f_\theta(x) - {name})^2]; x \in R"
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile(text, scaffold=True)
    assert refused.value.diagnostics[0].code in ("F2D-0411", "F2D-0415")


CONTRAST = r"\min_\theta -E_x[\log \frac{\exp(z \cdot z^+)}{\sum_{z^-} \exp(z \cdot z^-)}]; z = f_\theta(x)"


@pytest.mark.parametrize(
    "text",
    [CONTRAST, r"\min_\theta E_x[z \cdot z^+]; z = f_\theta(x)", r"\min_\theta E_x[z' z]; z = f_\theta(x)^2"],
)
def test_another_value_of_a_letter_is_no_number(text: str) -> None:
    """The contrast of one value with others: a number in place of the positive would train, and teach nothing."""
    with pytest.raises(f2d.FormulaError, match="F2D-0203") as refused:
        f2d.compile(f"{text}; x \\in R^4", scaffold=True)
    assert "the text says what z is" in str(refused.value)


def test_labels_of_ends_and_of_constants_are_numbers() -> None:
    error = r"(1 + t_{max}) \|f_\theta(x, t)\|^2 + \beta_0 \|f_\theta(x, t)\|"
    text = rf"\min_\theta E_{{t \sim U(0, 1)}} E_x[{error}]; x \in R^4"
    assert {"t_max is 1.0", "beta_0 is 1.0"} <= set(f2d.compile(text, scaffold=True).assumptions)


@pytest.mark.parametrize("joint", [r"p(z) p(x|z)", r"p(x|z) p(z)", "p(x, z)"])
@pytest.mark.parametrize("name", ["z", "z_1"])
def test_a_declared_category_is_summed_under_its_prior(joint: str, name: str) -> None:
    """The logarithm of a mixture of five: by hand from the network's means, the prior uniform unless it is bound."""
    means = torch.nn.Embedding(5, 4)
    space = rf"{name} \in \{{1, \dots, 5\}}; x \in R^4"
    said = "p(x, z) = p(x|z) p(z); " if joint == "p(x, z)" else ""
    text = f"{said}\\max \\log \\sum_{{z}} {joint}".replace("z", name)
    objective = f2d.compile(f"{text}; {space}", {f"p(x|{name})": f2d.Normal(loc=means, scale=1.0)}, scaffold=True)
    x = torch.randn(6, 4)
    scores = torch.distributions.Normal(means.weight, 1.0).log_prob(x[:, None]).sum(-1)
    expected = (torch.logsumexp(scores, -1) - torch.log(torch.tensor(5.0))).mean()
    torch.testing.assert_close(objective(x).value, expected)


def test_a_joint_that_nothing_declares_is_no_sum_over_a_category() -> None:
    """Without its factors p(x, z) might be p(x) p(z), of which z says nothing of x."""
    with pytest.raises(f2d.FormulaError, match="F2D-0411"):
        f2d.compile(r"\max \log \sum_z p(x, z); z \in \{1, \dots, 5\}; x \in R^4", scaffold=True)
