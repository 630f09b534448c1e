"""Flows: the generated code against the reference, whose log-determinants are those of autograd's Jacobians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm import flows
from tests.support.flows import WithContext, perturbed
from tests.support.reference import reference
from tests.support.small import Gaussian

PRIOR = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)


def coupling(seed: int = 0, context: int = 0) -> nn.Module:
    """Two couplings that change both entries."""
    masks = ([1, 0], [0, 1])
    f = flows.Compose(
        *(flows.AffineCoupling(mask, flows.Conditioner(2, 4, (5,), context), bound=2.0) for mask in masks)
    )
    return perturbed(f, seed)


def planar(seed: int = 0) -> nn.Module:
    """A flow that cannot be inverted."""
    return perturbed(flows.Planar(2), seed)


def square() -> nn.Module:
    """A plain network with as many outputs as inputs."""
    return perturbed(nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)))


def posterior(**more: object) -> dict[str, object]:
    return {
        "q(z_0|x)": f2d.Normal(perturbed(Gaussian(2))),
        "p(x|z)": f2d.Normal(perturbed(Gaussian(2), 1)),
        "p(z)": PRIOR,
        **more,
    }


X, Y = torch.tensor([[0.3, -1.2], [1.0, 0.4], [-0.5, 0.8]]).double(), torch.eye(3).double()

LIKELIHOODS: list[tuple[str | Sequence[str], dict[str, object]]] = [
    (r"\log p_z(f(x)) + \log|\det \frac{\partial f}{\partial x}|", {"f": coupling(), "p_z(z)": PRIOR}),
    (r"\log p_Z(f_\theta(x)) + \log\left|\det J_{f_\theta}(x)\right|", {"f_theta": coupling(), "p(z)": PRIOR}),
    (r"\log p(f(x)) + \log |\det \nabla_x f(x)|", {"f": coupling(), "p(z)": PRIOR}),
    (r"\log p_z(f(x)) \left|\det \frac{\partial f}{\partial x}\right|", {"f": coupling(), "p_z(z)": PRIOR}),
    (r"\log p(f^{-1}(x)) + \log|\det J_{f^{-1}}(x)|", {"f": coupling(), "p(z)": PRIOR}),
    ([r"\log p(x)", "x = f(z)", r"z \sim N(0, I)"], {"f": coupling()}),
    ([r"\log p(x)", "z = f(x)", r"z \sim N(0, I)"], {"f": coupling()}),
    ([r"\log p(x)", r"p(x) = p(f(x)) |\det \partial f / \partial x|"], {"f": coupling(), "p(z)": PRIOR}),
    (
        [r"\log p(x)", r"p(x) = p(z) \left|\det \frac{\partial x}{\partial z}\right|^{-1}", "x = f(z)"],
        {"f": coupling(), "p(z)": PRIOR},
    ),
    (
        [r"\log p(f(x)) + \log |\det \frac{\partial f}{\partial x}|", r"f = f_2 \circ f_1"],
        {"f_1": coupling(1), "f_2": coupling(2), "p(z)": PRIOR},
    ),
    ([r"\log p(x)", "z = f(x)"], {"f": [coupling(1), coupling(2)], "p(z)": PRIOR}),
    (
        [
            r"\log p(z_K) + \sum_{k=1}^K \log|\det \frac{\partial z_k}{\partial z_{k-1}}|",
            "z_k = f_k(z_{k-1})",
            "z_0 = x",
        ],
        {"f": [coupling(1), coupling(2), coupling(3)], "p(z)": PRIOR},
    ),
    (r"\log p(f(x)) + \log |\det \frac{\partial f(x)}{\partial x}|", {"f": square(), "p(z)": PRIOR}),
]

CONDITIONAL: list[tuple[str | Sequence[str], dict[str, object]]] = [
    (r"\log p_z(f(x; y)) + \log|\det \partial_x f(x; y)|", {"f": coupling(context=3), "p_z(z)": PRIOR}),
    ([r"\log p(x|y)", "x = f^{-1}(z; y)", r"z \sim p(z)"], {"f": coupling(context=3), "p(z)": PRIOR}),
]

POSTERIORS: list[tuple[Sequence[str], dict[str, object]]] = [
    (
        [r"E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]", "z = f(z_0)", r"z_0 \sim q(z_0|x)"],
        posterior(f=planar()),
    ),
    ([r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) || p(z)]", "z = f(z_0)", r"z_0 \sim q(z_0|x)"], posterior(f=planar())),
    (
        [
            r"E_{q(z_0|x)}[\log p(x, z_K) - \log q(z_0|x)"
            r" + \sum_{k=1}^K \log|\det \frac{\partial f_k}{\partial z_{k-1}}|]",
            r"z_K = f_K \circ \dots \circ f_1(z_0)",
        ],
        posterior(f=nn.ModuleList([planar(1), planar(2), planar(3)])),
    ),
    (
        [
            r"E_{q(z_0|x)}[\log p(x|z_K) + \log p(z_K) - \log q(z_K|x)]",
            r"z_K = f_K \circ \dots \circ f_1(z_0)",
        ],
        posterior(f=[planar(1), planar(2)]),
    ),
]


def agree(
    formula: str | Sequence[str], bindings: Mapping[str, object], data: Mapping[str, Tensor], **options: Any
) -> Any:
    """Generated code and reference agree in value and gradients; the objective and its output."""
    objective = f2d.compile(formula, bindings, **options)
    noise = objective.example_noise(3, **data)
    out = objective(**data, noise=noise)
    expected = reference(formula, bindings, data, noise, **options).run()
    torch.testing.assert_close(out.value, expected.value)
    parameters = list(objective.parameters())
    both = [torch.autograd.grad(each.loss, parameters, materialize_grads=True) for each in (out, expected)]
    torch.testing.assert_close(*both)
    return objective, out


@pytest.mark.parametrize(("formula", "bindings"), LIKELIHOODS, ids=lambda each: str(each)[:60])
def test_a_likelihood(formula: str | Sequence[str], bindings: dict[str, object]) -> None:
    agree(formula, bindings, {"x": X})


@pytest.mark.parametrize(("formula", "bindings"), CONDITIONAL, ids=lambda each: str(each)[:60])
def test_a_conditional_likelihood(formula: str | Sequence[str], bindings: dict[str, object]) -> None:
    agree(formula, bindings, {"x": X, "y": Y})


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize(("formula", "bindings"), POSTERIORS, ids=lambda each: str(each)[:60])
def test_a_posterior(formula: Sequence[str], bindings: dict[str, object], samples: int) -> None:
    agree(formula, bindings, {"x": X}, samples=samples)


STATED = [r"z_{1:K} \sim q(z|x)", "z = f(z_0)"]


@pytest.mark.parametrize("said", [[], [r"z_0 \sim q(z_0|x)"]], ids=["implied", "said"])
@pytest.mark.parametrize(
    "objective",
    [
        r"\log \frac1K \sum_{k=1}^K \frac{p(x, z_k)}{q(z_k|x)}",
        r"\frac1K \sum_{k=1}^K (\log p(x, z_k) - \log q(z_k|x))",
    ],
)
def test_several_draws_of_a_flow_by_a_statement(objective: str, said: list[str]) -> None:
    """They are those of a bracket."""
    bindings = posterior(f=[planar(1), planar(2)], K=3)
    made, out = agree([objective, *STATED, *said], bindings, {"x": X})
    assert [(site.name, len(site.axes)) for site in made.sites] == [("z_0", 2)]
    bracket = f2d.compile([rf"E_{{z_{{1:K}} \sim q(z|x)}}[{objective}]", "z = f(z_0)"], bindings)
    noise = {"z_0": torch.linspace(-1, 1, 18).reshape(3, 3, 2).double()}
    torch.testing.assert_close(made(x=X, noise=noise).value, bracket(x=X, noise=noise).value)


def test_several_draws_of_a_default_flow() -> None:
    text = [r"\log \frac1K \sum_{k=1}^K \frac{p(x, z_k)}{q(z_k|x)}", *STATED]
    made = f2d.compile(text, {"K": 3}, scaffold=True, dims={"x": 2, "z": 2})
    assert torch.isfinite(made(**made.example_batch(4)).value)


def test_the_change_of_variables_by_hand() -> None:
    f = coupling()
    _, out = agree([r"\log p(x)", "x = f(z)", r"z \sim N(0, I)"], {"f": f}, {"x": X})
    z, log_det = f.inverse(X)
    standard = torch.distributions.Normal(torch.zeros(2), torch.ones(2))
    torch.testing.assert_close(out.value, (standard.log_prob(z).sum(-1) + log_det).mean())


def test_both_directions_are_one_density() -> None:
    """x = f(z) and z = g(x) with g the inverse of f."""
    f = coupling()
    values = [
        agree([r"\log p(x)", relation, r"z \sim N(0, I)"], {"f": bound}, {"x": X})[1].value
        for relation, bound in (("x = f(z)", f), ("z = f(x)", flows.Inverse(f)))
    ]
    torch.testing.assert_close(*values)


def test_value_and_log_determinant_are_one_call() -> None:
    calls = []
    f = coupling()
    f.register_forward_hook(lambda *_: calls.append(1))
    objective = f2d.compile(r"\log p_z(f(x)) + \log|\det \frac{\partial f(x)}{\partial x}|", {"f": f, "p_z(z)": PRIOR})
    objective(x=X)
    assert len(calls) == 1


def test_a_refined_draw_is_not_inverted() -> None:
    class OneWay(flows.Planar):
        def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
            raise AssertionError("nothing is to be inverted")

    formula, _ = POSTERIORS[0]
    agree(formula, posterior(f=perturbed(OneWay(2))), {"x": X})


def test_frozen_inverses_of_another_player() -> None:
    formula = r"\min_f \max_D E_{p_{data}(x)}[\log \sigma(D(x))] + E_{z \sim p(z)}[\log(1 - \sigma(D(f^{-1}(z))))]"
    bindings = {"f": coupling(), "D": perturbed(nn.Linear(2, 1)), "p(z)": PRIOR}
    objective = f2d.compile(formula, bindings)
    objective(x=X, player="D").loss.backward()
    assert all(each.grad is None for each in objective.f.parameters())
    assert all(each.grad is not None for each in objective.D.parameters())


def test_zuko() -> None:
    zuko = pytest.importorskip("zuko")
    maf = zuko.flows.MAF(2, 3, transforms=2, hidden_features=(8,)).double()
    formula = r"\log p_z(f(x; y)) + \log|\det \frac{\partial f(x; y)}{\partial x}|"
    agree(formula, {"f": maf.transform, "p_z(z)": PRIOR}, {"x": X, "y": Y})


def test_a_transform_of_torch() -> None:
    transform = torch.distributions.AffineTransform(1.0, 2.0)
    objective = f2d.compile([r"\log p(x)", "x = f(z)"], {"f": transform, "p(z)": PRIOR})
    expected = torch.distributions.Normal(1.0, 2.0).log_prob(X).sum(-1).mean()
    torch.testing.assert_close(objective(x=X).value, expected)


def test_several_outputs() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.h, self.c = nn.Linear(5, 2), nn.Linear(5, 1)

        def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
            joined = torch.cat(given, -1)
            return self.h(joined), self.c(joined)

    agree([r"\min \|x - h\|^2 + c^2 + c", "(h, c) = f(x, y)"], {"f": perturbed(Two())}, {"x": X, "y": Y})


@pytest.mark.parametrize("network", [nn.Bilinear(2, 3, 2), WithContext(nn.Linear(5, 2))])
def test_other_outputs_than_named(network: nn.Module) -> None:
    objective = f2d.compile([r"\min \|x - h\|^2 + \|c\|^2", "(h, c) = f(x, y)"], {"f": network.double()})
    with pytest.raises(ValueError, match="names 2 outputs of f"):
        objective(x=X, y=Y)


def test_a_map_that_changes_the_size() -> None:
    objective = f2d.compile(
        r"\log p(f(x)) + \log|\det \frac{\partial f(x)}{\partial x}|", {"f": nn.Linear(2, 3).double(), "p(z)": PRIOR}
    )
    with pytest.raises(ValueError, match="as many outputs as inputs"):
        objective(x=X)


def test_an_invertible_module_without_log_determinant() -> None:
    class Wrong(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x

        inverse = forward

    objective = f2d.compile([r"\log p(x)", "z = f(x)"], {"f": Wrong(), "p(z)": PRIOR})
    with pytest.raises(ValueError, match="returns its value and log"):
        objective(x=X)
