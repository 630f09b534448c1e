"""Planar flows whose parameters an encoder gives: the log-determinant written out, and by differentiation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.support.flows import perturbed
from tests.support.reference import reference
from tests.support.small import Gaussian, codes

X = torch.tensor([[0.3, -1.2], [1.0, 0.4], [-0.5, 0.8]]).double()
BINDINGS: dict[str, object] = {
    "q(z_0|x)": f2d.Normal(perturbed(Gaussian(2))),
    "p(x|z)": f2d.Normal(perturbed(Gaussian(2), 1)),
    "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
    "u": perturbed(nn.Linear(2, 2), 2),
    "w": perturbed(nn.Linear(2, 2), 3),
    "b": perturbed(nn.Linear(2, 1), 4),
}
PLANAR = r"z + u(x) \tanh(w(x)^\top z + b(x))"
BEFORE = r"E_{q(z_0|x)}[\log p(x|z) + \log p(z) - \log q(z_0|x) + "
WRITTEN = [
    BEFORE + r"\log|1 + u(x)^\top \psi(z_0)|]",
    r"z = z_0 + u(x) \tanh(w(x)^\top z_0 + b(x))",
    r"\psi(z) = (1 - \tanh(w(x)^\top z + b(x))^2) w(x)",
]
DIFFERENTIATED: list[Sequence[str]] = [
    [BEFORE + r"\log|\det \frac{\partial f}{\partial z_0}|]", "z = f(z_0)", f"f(z) = {PLANAR}"],
    [BEFORE + r"\log|\det \frac{\partial f(z_0)}{\partial z_0}|]", "z = f(z_0)", f"f(z) = {PLANAR}"],
    [BEFORE + r"\log|\det \frac{\partial z}{\partial z_0}|]", WRITTEN[1]],
]


def evaluated(text: Sequence[str], noise: Tensor) -> tuple[Tensor, list[Tensor], f2d.Objective]:
    """The value and the gradients of a formula, after the reference has found the same."""
    objective = f2d.compile(list(text), BINDINGS, samples=2)
    out = objective(x=X, noise={"z_0": noise})
    expected = reference(list(text), BINDINGS, {"x": X}, {"z_0": noise}, samples=2).run()
    parameters = [value for each in (objective.u, objective.w, objective.b) for value in each.parameters()]
    gradients = list(torch.autograd.grad(out.value, parameters, retain_graph=True))
    torch.testing.assert_close(out.value, expected.value)
    torch.testing.assert_close(gradients, list(torch.autograd.grad(expected.value, parameters)))
    return out.value, gradients, objective


@pytest.mark.parametrize("text", DIFFERENTIATED, ids=["name", "call", "variable"])
def test_the_determinant_lemma(text: Sequence[str]) -> None:
    noise = torch.linspace(-1, 1, 12).reshape(2, 3, 2).double()
    by_hand, of_hand, _ = evaluated(WRITTEN, noise)
    value, gradients, objective = evaluated(text, noise)
    torch.testing.assert_close(value, by_hand)
    torch.testing.assert_close(gradients, of_hand)
    assert any("by differentiation of every output" in each for each in objective.assumptions)


def test_no_function_inside_an_expression_is_inverted() -> None:
    objective = f2d.compile(list(DIFFERENTIATED[0]), {}, scaffold=True, dims={"x": 4, "z": 3})
    shapes = {each.name: each.scaffold.heads[0][2] for each in objective._facts.program.networks if each.scaffold}
    assert (shapes["u"], shapes["w"], shapes["b"]) == ((3,), (3,), (1,))
    assert not any("invertible" in each for each in objective.assumptions)
    assert torch.isfinite(objective(**objective.example_batch(4)).value)


def test_a_defined_likelihood() -> None:
    """z = x + x^3 / 3 number by number: the derivative is 1 + x^2."""
    text = [r"\log p(f(x)) + \log|\det \frac{\partial f(x)}{\partial x}|", r"f(x) = x + \frac13 x^3"]
    out = f2d.compile(text, {"p(z)": BINDINGS["p(z)"]}, maximize=True)(x=X)
    normal = torch.distributions.Normal(0.0, 1.0)
    expected = (normal.log_prob(X + X**3 / 3) + torch.log(1 + X**2)).sum(-1).mean()
    torch.testing.assert_close(out.value, expected)


def test_numbered_steps_that_the_text_defines() -> None:
    """``f_k(z) = z + u_k tanh(w_k^T z + b_k)`` says what f_1 and f_2 are, with parameters of each one's own."""
    text = [
        r"\max E_{q(z_0|x)}[\log p(x|z_K) + \log p(z_K) - \log q(z_0|x)"
        r" + \sum_{k=1}^K \log|\det \frac{\partial f_k}{\partial z_{k-1}}|]",
        "z_k = f_k(z_{k-1})",
        r"f_k(z) = z + u_k \tanh(w_k^\top z + b_k)",
        "K = 2",
    ]
    torch.manual_seed(0)
    own = {f"{name}_{k}": torch.randn(2).double() / 2 for name in "uw" for k in (1, 2)}
    own |= {f"b_{k}": torch.randn(()).double() for k in (1, 2)}
    models = {key: value for key, value in BINDINGS.items() if "(" in key}
    objective = f2d.compile(text, models | own)
    noise = torch.linspace(-1, 1, 6).reshape(3, 2).double()
    out = objective(x=X, noise={"z_0": noise})
    expected = reference(text, models | own, {"x": X}, {"z_0": noise}).run()
    torch.testing.assert_close(out.value, expected.value)
    loc, scale = objective.q_z_0_given_x(X)
    z = loc + scale * noise
    volume = torch.zeros(3).double()
    for k in (1, 2):
        u, w, h = own[f"u_{k}"], own[f"w_{k}"], torch.tanh(z @ own[f"w_{k}"] + own[f"b_{k}"])
        volume = volume + (1 + (u @ w) * (1 - h**2)).abs().log()
        z = z + u * h[:, None]
    name = next(each for each in out.terms if "det" in each)
    torch.testing.assert_close(out.terms[name], volume.mean())
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1).mean()
    torch.testing.assert_close(out.terms["log p(z_K)"], prior)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ([r"\log q(z_K) = \log q_0(z_0) - \sum_{k=1}^K \log|1 + \psi_k(z_{k-1})|", r"\psi_k(z) = k z"], "F2D-0205"),
        ([r"\min E_{p(x)}[\sum_{k=1}^K \|f_k(x) - x\|^2]", "f_k(x) = k x"], "F2D-0415"),
    ],
)
def test_numbered_functions_beside_no_chain_are_no_default_networks(text: Sequence[str], code: str) -> None:
    """What the text says of psi_k stands; nothing says how z_1 follows from z_0, and z_1 is no further datum."""
    dims = {"x": 2, "z_0": 2, "z_1": 2}
    assert set(codes([*text, "K = 2"], {}, scaffold=True, dims=dims)) == {code}
