"""Flows and functions of draws: drawn, and scored where the draws land, against Jacobians by autograd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td

import formula2dgm as f2d
from formula2dgm import flows
from tests.support.distributions import assert_answers_of_the_reference, assert_draws_of_the_reference


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def coupling(order: list[int], context: int = 0) -> flows.AffineCoupling:
    return flows.AffineCoupling(order, flows.Conditioner(2, 4, context=context), bound=2.0)


STANDARD = r"z \sim N(0, I)"


def standard(z: Tensor) -> Tensor:
    return td.Normal(0.0, 1.0).log_prob(z).sum(-1)


def density_at_draws(function: object, z: Tensor, *given: Tensor) -> Tensor:
    """log p(x) at x = function(z) for z ~ N(0, I), the Jacobian by autograd, example by example."""
    logs = []
    for row in range(len(z)):
        here = [each[row : row + 1] for each in given]
        jacobian = torch.autograd.functional.jacobian(lambda u: function(u[None], *here)[0], z[row])  # type: ignore[operator] # noqa: B023
        logs.append(standard(z[row]) - torch.linalg.slogdet(jacobian)[1])
    return torch.stack(logs)


@pytest.mark.parametrize(
    ("relation", "method"),
    [("x = f(z)", "forward"), ("z = f^{-1}(x)", "forward"), ("z = f(x)", "inverse"), ("x = f^{-1}(z)", "inverse")],
)
def test_both_directions(relation: str, method: str) -> None:
    f, z = coupling([1, 0]), torch.randn(6, 2)
    made = f2d.distribution(["p(x)", relation, STANDARD], {"f": f}, dims={"x": 2})
    function = lambda u: getattr(f, method)(u)[0]  # noqa: E731
    x = made.sample(6, noise={"z": z})["x"]
    torch.testing.assert_close(x, function(z))
    torch.testing.assert_close(made.log_prob(x=x), density_at_draws(function, z))
    assert_draws_of_the_reference(made, 5)
    assert_answers_of_the_reference(made, {"x": x.detach()}, "log_prob")


def test_the_change_of_variables_written_out() -> None:
    f, z = coupling([1, 0]), torch.randn(6, 2)
    prior = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)
    for text in (
        r"p(x) = p_z(f(x)) \left|\det \frac{\partial f(x)}{\partial x}\right|",
        r"\log p(x) = \log p_z(f(x)) + \log|\det J_f(x)|",
    ):
        made = f2d.distribution([text, "p(x)"], {"f": f, "p_z(z)": prior})
        torch.testing.assert_close(made.sample(6, noise={"z": z})["x"], f.inverse(z)[0])


def test_compositions() -> None:
    first, second, z = coupling([1, 0]), coupling([0, 1]), torch.randn(6, 2)
    function = lambda u: second(first(u)[0])[0]  # noqa: E731
    for text, bound in (
        (r"x = f_2 \circ f_1(z)", {"f_1": first, "f_2": second}),
        ("x = f_2(f_1(z))", {"f_1": first, "f_2": second}),
        (r"x = f_K \circ \dots \circ f_1(z)", {"f": [first, second]}),
    ):
        made = f2d.distribution(["p(x)", text, STANDARD], bound, dims={"x": 2})
        x = made.sample(6, noise={"z": z})["x"]
        torch.testing.assert_close(x, function(z))
        torch.testing.assert_close(made.log_prob(x=x), density_at_draws(function, z))


def test_a_conditional_flow() -> None:
    f, z, y = coupling([1, 0], context=3), torch.randn(4, 2), torch.randn(4, 3)
    made = f2d.distribution(["p(x|y)", "x = f(z; y)", STANDARD], {"f": f}, dims={"x": 2})
    x = made.sample(y=y, noise={"z": z})["x"]
    torch.testing.assert_close(x, f(z, y)[0])
    torch.testing.assert_close(made.log_prob(x=x, y=y), density_at_draws(lambda u, c: f(u, c)[0], z, y))
    assert made.sample(7, y=y)["x"].shape == (7, 4, 2)
    assert_draws_of_the_reference(made, 3, {"y": y})


def test_a_posterior_that_a_flow_refines() -> None:
    f, encoder, x = coupling([1, 0]), nn.Linear(3, 2), torch.randn(4, 3)
    bound = {"f": f, "q_0(z_0|x)": f2d.Normal(loc=encoder, scale=0.5)}
    made = f2d.distribution(["q(z|x)", "z = f(z_0)", r"z_0 \sim q_0(z_0|x)"], bound)
    noise = torch.randn(5, 4, 2)
    drawn = made.sample(5, x=x, noise={"z_0": noise})["z"]
    torch.testing.assert_close(drawn, f((encoder(x) + 0.5 * noise).reshape(20, 2))[0].reshape(5, 4, 2))
    gradient = torch.autograd.grad(drawn.sum(), [encoder.weight, *f.parameters()], allow_unused=True)
    assert gradient[0] is not None and bool(gradient[0].abs().sum() > 0)
    assert_draws_of_the_reference(made, 3, {"x": x})


def test_a_flow_over_a_mixture() -> None:
    f = coupling([1, 0])
    made = f2d.distribution(
        ["p(x)", "x = f(z)", "p(z) = 0.5 N(z; -3, 0.01) + 0.5 N(z; 3, 0.01)"], {"f": f}, dims={"x": 2}
    )
    z = f.inverse(made.sample(200)["x"])[0]
    assert bool((z.abs() - 3).abs().max() < 1)
    assert 50 < int((z[:, 0] > 0).sum()) < 150
    assert_draws_of_the_reference(made, 5)


def test_what_stands_beside_a_flow() -> None:
    f, z = coupling([1, 0]), torch.randn(4, 2)
    bound = {"f": f, "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2), "p(y|x)": f2d.Normal(loc="x", scale=1.0)}
    made = f2d.distribution(["p(y|x) p(x)", "x = f(z)"], bound)
    drawn = made.sample(4, noise={"z": z, "y": torch.zeros(4, 2)})
    torch.testing.assert_close(drawn["y"], f(z)[0])
    torch.testing.assert_close(made.sample(x=z, noise={"y": torch.zeros(4, 2)})["y"], z)
    renamed = made.rename(x="u")
    torch.testing.assert_close(renamed.sample(4, noise={"z": z})["u"], f(z)[0])


def test_a_function_without_an_inverse_scores_and_does_not_draw() -> None:
    g = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    made = f2d.distribution(["p(x)", "z = g(x)", STANDARD], {"g": g}, dims={"x": 2})
    x = torch.randn(3, 2)
    jacobians = torch.stack([torch.autograd.functional.jacobian(lambda u: g(u), row) for row in x])
    torch.testing.assert_close(made.log_prob(x=x), standard(g(x)) + torch.linalg.slogdet(jacobians)[1])
    with pytest.raises(f2d.FormulaError) as caught:
        made.sample(3)
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0230" and "f2d.flows" in str(found.hint)


def test_a_function_without_an_inverse_draws_and_does_not_score() -> None:
    """x = G(z): what a generator makes of noise."""
    g, z = nn.Linear(2, 3), torch.randn(4, 2)
    made = f2d.distribution(["p(x)", "x = G(z)", STANDARD], {"G": g}, dims={"z": 2})
    torch.testing.assert_close(made.sample(4, noise={"z": z})["x"], g(z))
    for call in (made.mean, made.params, made.entropy, lambda: made.log_prob(x=torch.zeros(2, 3))):
        with pytest.raises(f2d.FormulaError) as caught:
            call()  # type: ignore[operator]
        assert caught.value.diagnostics[0].hint


def test_the_mean_of_a_flow_is_refused() -> None:
    made = f2d.distribution(["p(x)", "x = f(z)", STANDARD], {"f": coupling([1, 0])}, dims={"x": 2})
    for call, code in ((made.mean, "F2D-0446"), (made.variance, "F2D-0446"), (made.entropy, "F2D-0441")):
        with pytest.raises(f2d.FormulaError) as caught:
            call()
        assert caught.value.diagnostics[0].code == code


def test_noise_of_unknown_size() -> None:
    made = f2d.distribution(["p(x)", "x = f(z)", STANDARD], {"f": coupling([1, 0])})
    with pytest.raises(f2d.FormulaError) as caught:
        made.sample(3)
    assert caught.value.diagnostics[0].code == "F2D-0610"
