"""A capital is the random variable of which the small letter is a value: ``q(Z|X=x)`` is ``q(z|x)``."""

import pytest
import torch

import formula2dgm as f2d

ELBOS = [
    r"\max E_{z \sim q(Z|X=x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]",
    r"\max E_{z \sim q(z|X=x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]",
    r"\max E_{z \sim q(z|x)}[\log p(x|z)] - KL[q(Z|x) \| p(Z)]",
    r"\max E_{z \sim q(Z|X=x)}[\log p(X=x|Z=z)] - KL(q(Z|X=x) \| p(Z))",
    r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(Z|X) \| p(Z)]",
    "max E_{z ~ q(Z|X=x)}[log p(x|z)] - KL[q(z|x) || p(z)]",
]


@pytest.mark.parametrize("text", ELBOS)
def test_the_encoder_that_is_drawn_is_the_one_of_the_divergence(text):
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    assert {name for name, _ in objective.named_children()} == {"q_z_given_x", "p_x_given_z"}
    x, noise = torch.randn(5, 3), torch.randn(5, 2)
    q = torch.distributions.Normal(*objective.q_z_given_x(x).values())
    decoded = torch.distributions.Normal(objective.p_x_given_z(q.mean + q.stddev * noise), 1.0)
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
    by_hand = (decoded.log_prob(x).sum(1) - kl.sum(1)).mean()
    made = objective(x=x, noise={"z": noise}).value
    torch.testing.assert_close(made, by_hand)
    parameters = list(objective.parameters())
    for one, other in zip(torch.autograd.grad(made, parameters), torch.autograd.grad(by_hand, parameters), strict=True):
        torch.testing.assert_close(one, other)


def test_examples_are_values_of_the_capital():
    r"""``\sum_i`` over ``q(Z|X=x_i)`` is over the examples, and not over a number of columns of each."""
    text = r"""\min \frac1N \sum_i E_{z \sim q(Z|X=x_i)}[-\log p(x_i|z)] + \beta KL(q(Z|X=x_i) \| p(Z))"""
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    assert {name for name, _ in objective.named_children()} == {"q_z_given_x", "p_x_given_z"}
    assert objective.example_batch(7)["x"].shape == (7, 3)


def test_an_entropy_of_the_random_variable_is_of_the_density_that_is_scored():
    text = r"\max \log p_\theta(y|x) + H(p_\theta(Y|x)); y \in \{1, 2, 3\}"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3})
    x, y = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    logits = objective.p_theta_y_given_x(x)
    p = torch.distributions.Categorical(logits=logits)
    torch.testing.assert_close(objective(x=x, y=y).value, (p.log_prob(y) + p.entropy()).mean())


def test_a_capital_that_is_said_to_have_the_value_is_it_everywhere():
    text = r"\max \log p(Y=y|X=x) + \log r(Y|x); p(y|x) = N(y; f(x), I); r(y|x) = N(y; g(x), I)"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "y": 2})
    assert set(objective.example_batch(2)) == {"x", "y"}


def test_a_capital_alone_and_a_space_are_what_they_were():
    alone = f2d.compile(r"\max E_{q(Z|X)}[\log p(X|Z)] - KL[q(Z|X) \| p(Z)]", scaffold=True, dims={"X": 3})
    assert set(alone.example_batch(2)) == {"X"}
    space = f2d.compile(r"\max E_{x \sim p(\mathcal{X})}[\log q(x)]; q(x) = N(x; m, I)", scaffold=True, dims={"x": 3})
    assert not any("capital" in each for each in space.assumptions)


@pytest.mark.parametrize(
    "text",
    [
        r"\max E_{z \sim q(z|x)}[\log p(x|z)] - KL[q(z|X) \| p(z)]",
        r"\min \log p(x) - \log p(X)",
        r"\min KL[q(z|x) \| q(Z|x)]",
        r"\min E_{z \sim q(z|X=x)}[-\log p(X=x|z)] + KL[q(z|X) \| p(z)]",
    ],
)
def test_letters_in_two_cases_that_may_be_two_values_are_refused(text):
    with pytest.raises(f2d.FormulaError, match="F2D-0578"):
        f2d.compile(text, scaffold=True, dims={"x": 3, "X": 3, "z": 2})
