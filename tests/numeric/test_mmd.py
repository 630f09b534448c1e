"""The maximum mean discrepancy: against matrices of all pairs in torch, the literal reference, and its expectation."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.numeric.networks import Gaussian
from tests.numeric.test_families import assert_same
from tests.numeric.test_written_densities import linear, tensor

N, X, Z = 5, 4, 2
PRIOR = f2d.Normal(loc=0.0, scale=1.0)
WRITTEN = r"k(u, v) = \exp(-\|u - v\|^2 / 2)"


def encoder() -> Gaussian:
    torch.manual_seed(0)
    return Gaussian(X, Z).double()


def noise() -> dict[str, Tensor]:
    return {"q(z|x)": tensor(N, Z, seed=3), "p(z)": tensor(N, Z, seed=4)}


def rbf(u: Tensor, v: Tensor) -> Tensor:
    """All pairs of the rows of two samples."""
    return torch.exp(-torch.cdist(u, v).square() / 2)


def unbiased(u: Tensor, v: Tensor) -> Tensor:
    """Gretton et al. 2012, the first two terms of equation 3, with the whole cross term."""
    n = len(u)
    within = [(each.sum() - each.trace()) / (n * (n - 1)) for each in (rbf(u, u), rbf(v, v))]
    return within[0] + within[1] - 2 * rbf(u, v).mean()


def biased(u: Tensor, v: Tensor) -> Tensor:
    """Gretton et al. 2012, equation 5."""
    return rbf(u, u).mean() + rbf(v, v).mean() - 2 * rbf(u, v).mean()


def samples(network: Gaussian, x: Tensor) -> tuple[Tensor, Tensor]:
    heads = network(x)
    return heads["loc"] + heads["log_scale"].exp() * noise()["q(z|x)"], noise()["p(z)"]


@pytest.mark.parametrize(
    "text",
    [
        r"\mathrm{MMD}(q(z), p(z))",
        r"\mathrm{MMD}_k(q(z) \| p(z))",
        "MMD[q(z|x) || p(z)]",
        r"\mathrm{MMD}^2(q(z), p(z))",
        r"D_{MMD}(q_\phi(z) \| p(z))",
    ],
)
def test_spellings_and_gradients(text: str) -> None:
    """The unbiased estimate; the encoder has the gradient of its draws."""
    network, x = encoder(), tensor(N, X, seed=1)
    out = f2d.compile([rf"\min {text}", WRITTEN], {"q(z|x)": f2d.Normal(network), "p(z)": PRIOR})(x=x, noise=noise())
    wanted = unbiased(*samples(network, x))
    torch.testing.assert_close(out.loss, wanted)
    weights = list(network.parameters())
    ours, theirs = torch.autograd.grad(out.loss, weights), torch.autograd.grad(wanted, weights)
    torch.testing.assert_close(ours, theirs)
    assert all(each.abs().sum() > 0 for each in ours)


@pytest.mark.parametrize("key", ["MMD", "MMD(q(z), p(z))", r"\mathrm{MMD}_k^2(q(z) \| p(z))"])
def test_the_biased_estimate(key: str) -> None:
    network, x = encoder(), tensor(N, X, seed=1)
    bound = {"q(z|x)": f2d.Normal(network), "p(z)": PRIOR}
    objective = f2d.compile([r"\min MMD(q(z), p(z))", WRITTEN], bound, estimators={key: "biased"})
    torch.testing.assert_close(objective(x=x, noise=noise()).loss, biased(*samples(network, x)))
    assert any("all pairs, each example with itself" in each for each in objective.assumptions)


@pytest.mark.parametrize("kernel", [f2d.RBF(), f2d.IMQ(), lambda u, v: (u * v).sum(-1), nn.Bilinear(Z, Z, 1).double()])
def test_bound_kernels_against_the_reference(kernel: object) -> None:
    bound = {"q(z|x)": f2d.Normal(encoder()), "p(z)": PRIOR, "k": kernel, "lambda": 2.0}
    if not isinstance(kernel, nn.Module):
        assert_finite(bound)
        return
    text = r"\min E_{q(z|x)}[\|z\|^2] + \lambda MMD_k(q(z), p(z))"
    assert_same(text, bound, {"x": tensor(N, X, seed=1)})  # type: ignore[arg-type]


def assert_finite(bound: dict[str, object]) -> None:
    """A linear kernel: the squared distance of the means, without each example's own square."""
    network = bound["q(z|x)"].network  # type: ignore[attr-defined]
    x = tensor(N, X, seed=1)
    u, v = samples(network, x)
    out = f2d.compile(r"\min MMD(q(z), p(z))", {key: bound[key] for key in ("q(z|x)", "p(z)", "k")})(x=x, noise=noise())
    pairs = [(each.sum(0).square().sum() - each.square().sum()) / (N * (N - 1)) for each in (u, v)]
    torch.testing.assert_close(out.loss, pairs[0] + pairs[1] - 2 * u.mean(0) @ v.mean(0))


def test_written_kernels_against_the_reference() -> None:
    bound = {"q(z|x)": f2d.Normal(encoder()), "p(z)": PRIOR}
    assert_same([r"\min MMD(q(z), p(z))", WRITTEN], bound, {"x": tensor(N, X, seed=1)})  # type: ignore[arg-type]


def test_data_and_a_generator() -> None:
    """A generative moment matching network: draws of an implicit density against data."""
    generator, x = linear(Z, X), tensor(N, X, seed=1)
    text = [r"\min_G MMD_k(p_{data}(x), p_G(x))", "x = G(z)", r"z \sim N(0, I)", r"z \in R^2", WRITTEN]
    out = f2d.compile(text, {"G": generator})(x=x, noise={"z": tensor(N, Z, seed=2)})
    torch.testing.assert_close(out.loss, unbiased(x, generator(tensor(N, Z, seed=2))))


def test_the_unbiased_estimate_has_mean_zero_between_equal_laws() -> None:
    """At 6 sigma over many batches; the biased one is above it by the mean of 1 - k on the diagonals."""
    text = [r"\min MMD(q(z|x), p(z))", WRITTEN]
    laws = f2d.Normal(loc=0.0, scale=1.0, event_shape=Z)
    bound = {"q(z|x)": laws, "p(z)": laws}
    torch.manual_seed(0)
    objectives = [f2d.compile(text, bound, estimators=each) for each in ({}, {"MMD": "biased"})]
    x = torch.zeros(N, 1)
    values = torch.stack([torch.stack([each(x=x).loss for each in objectives]) for _ in range(4000)])
    mean, error = values.mean(0), values.std(0) / math.sqrt(len(values))
    assert abs(mean[0]) < 6 * error[0]
    expected = 2 / N * (1 - 1 / 3)  # E exp(-||u - v||^2 / 2) for u - v ~ N(0, 2 I) in two dimensions is 1/3
    assert abs(mean[1] - expected) < 6 * error[1]


def test_independent_copies() -> None:
    """The definition, written out: pairs of different examples of the batch."""
    network, x = encoder(), tensor(N, X, seed=1)
    bound = {"q(z|x)": f2d.Normal(network)}
    out = f2d.compile([r"\min E_{z, z' \sim q(z)}[k(z, z')]", WRITTEN], bound)(x=x, noise={"z": noise()["q(z|x)"]})
    u, _ = samples(network, x)
    torch.testing.assert_close(out.loss, (rbf(u, u).sum() - N) / (N * (N - 1)))
    assert_same([r"\min E_{z, z' \sim q(z)}[k(z, z')]", WRITTEN], bound, {"x": x})  # type: ignore[arg-type]


def test_the_encoder_is_called_once() -> None:
    calls: list[nn.Module] = []
    network = encoder()
    network.register_forward_hook(lambda module, *_: calls.append(module))
    bound = {"q(z|x)": f2d.Normal(network), "p(z)": PRIOR, "p(x|z)": f2d.Normal(loc=linear(Z, X), scale=1.0)}
    f2d.compile([r"\min -E_{q(z|x)}[\log p(x|z)] + MMD(q(z), p(z))", WRITTEN], bound)(x=tensor(N, X))
    assert len(calls) == 1


def test_the_default_kernel_of_a_scaffold() -> None:
    objective = f2d.compile(r"E_q(z|x)[-\log p(x|z)] + MMD(q(z), p(z))", scaffold=True, dims={"x": 3})
    assert any("k(u, v) = C / (C + ||u - v||^2) with C = 32" in each for each in objective.assumptions)
    assert objective(x=torch.randn(6, 3)).loss.isfinite()


def test_one_example_has_no_pairs() -> None:
    bound = {"q(z|x)": f2d.Normal(encoder()), "p(z)": PRIOR, "k": f2d.IMQ()}
    with pytest.raises(f2d.FormulaError, match="a batch of 2 or more"):
        f2d.compile(r"\min MMD(q(z), p(z))", bound)(x=tensor(1, X))


def test_a_negative_weight_is_warned_of_and_a_negative_value_is_not() -> None:
    bound = {
        "q(z|x)": f2d.Normal(encoder()),
        "p(z)": PRIOR,
        "k": f2d.IMQ(),
        "p(x|z)": f2d.Normal(loc=linear(Z, X), scale=1.0),
    }
    wrong = f2d.compile(r"\min -E_{q(z|x)}[\log p(x|z)] - MMD_k(q(z), p(z))", bound)
    right = f2d.compile(r"\min -E_{q(z|x)}[\log p(x|z)] + MMD_k(q(z), p(z))", bound)
    assert [each.code for each in wrong.diagnostics] == ["F2D-0503"] and not right.diagnostics
