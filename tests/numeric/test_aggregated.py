"""The aggregated posterior and what is made of it: mutual information, total correlation, dimension-wise KL."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td

import formula2dgm as f2d
from formula2dgm.library.batches import log_stratum_weights
from tests.numeric.networks import Gaussian
from tests.numeric.test_families import assert_same
from tests.numeric.test_written_densities import tensor

M, N, X, Z = 5, 40, 4, 3
PRIOR = f2d.Normal(loc=0.0, scale=1.0, event_shape=Z)
INPUT, NOISE = tensor(M, X, seed=1), tensor(M, Z, seed=2)
ESTIMATES = ("stratified", "weighted", "batch")


def encoder() -> Gaussian:
    torch.manual_seed(0)
    return Gaussian(X, Z).double()


def bound(network: nn.Module | None = None) -> dict[str, object]:
    return {"q(z|x)": f2d.Normal(network or encoder()), "p(z)": PRIOR, "N": N}


def weights(estimate: str) -> Tensor:
    """What q(z_i|x_j) weighs in the estimate of q(z_i), row i: from Chen et al. 2018, appendices C.1 and C.2."""
    if estimate != "stratified":
        return torch.full((M, M), 1 / (N * M) if estimate == "weighted" else 1 / M, dtype=torch.float64)
    rest = M - 1
    out = torch.full((M, M), 1 / rest, dtype=torch.float64)
    for i in range(M):
        out[i, i], out[i, (i + 1) % M] = 1 / N, (N - rest) / (N * rest)
    return out


def densities(network: nn.Module, estimate: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """log q(z|x), log q(z), sum_j log q(z_j), log p(z) at the draws."""
    heads = network(INPUT)
    z = heads["loc"] + heads["log_scale"].exp() * NOISE
    entries = td.Normal(heads["loc"], heads["log_scale"].exp()).log_prob(z[:, None])  # [draw, example, entry]
    log_w = weights(estimate).log()
    joint = torch.logsumexp(entries.sum(-1) + log_w, 1)
    marginals = torch.logsumexp(entries + log_w[..., None], 1).sum(-1)
    return entries.sum(-1).diagonal(), joint, marginals, td.Normal(0.0, 1.0).log_prob(z).sum(-1)


def value(text: str | list[str], network: nn.Module, estimate: str = "stratified") -> Tensor:
    given = {key: each for key, each in bound(network).items() if key != "N" or estimate != "batch"}
    objective = f2d.compile(text, given, maximize=False, estimators={"q(z)": estimate})
    return objective(x=INPUT, noise={"z": NOISE}).value


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_the_three_terms_and_their_sum(estimate: str) -> None:
    """Each against its definition; together they are E KL[q(z|x) || p(z)] at the same draws."""
    network = encoder()
    conditional, joint, marginals, prior = densities(network, estimate)
    found = [
        value(text, network, estimate)
        for text in ("I_q(x; z)", r"\mathrm{TC}(z)", r"\sum_j D_{KL}[q(z_j) \| p(z_j)]", r"D_{KL}(q(z) \| p(z))")
    ]
    wanted = [conditional - joint, joint - marginals, marginals - prior, joint - prior]
    torch.testing.assert_close(found, [each.mean() for each in wanted])
    torch.testing.assert_close(sum(found[:3]), (conditional - prior).mean())
    torch.testing.assert_close(found[0] + found[3], (conditional - prior).mean())


def test_the_sum_in_one_objective() -> None:
    """One draw, one encoder call."""
    calls: list[nn.Module] = []
    network = encoder()
    network.register_forward_hook(lambda module, *_: calls.append(module))
    decomposed = r"\min I_q(x; z) + TC(z) + \sum_j D_{KL}[q(z_j) \| p(z_j)]"
    whole = f2d.compile(
        r"\min D_{KL}[q(z|x) \| p(z)]", {key: bound(network)[key] for key in ("q(z|x)", "p(z)")}, divergences="sampled"
    )
    parts = f2d.compile(decomposed, bound(network))(x=INPUT, noise={"z": NOISE})
    assert len(calls) == 1
    torch.testing.assert_close(parts.loss, whole(x=INPUT, noise={"z": NOISE}).loss)
    assert list(parts.terms) == ["I_q(x; z)", "TC(z)", "KL[q(z_j) || p(z_j)]"]


@pytest.mark.parametrize("text", ["I(x; z)", "I(z; x)", r"\mathcal{I}_q[x; z]", "MI(x, z)", r"I_{q_\phi}(x; z)"])
def test_spellings_of_mutual_information(text: str) -> None:
    network = encoder()
    conditional, joint, _, _ = densities(network, "stratified")
    torch.testing.assert_close(value(text, network), (conditional - joint).mean())


@pytest.mark.parametrize(
    "text",
    ["TC(q(z))", r"\text{TC}(z)", r"D_{KL}[q(z) \| \prod_j q(z_j)]", r"E_{q(z)}[\log \frac{q(z)}{\prod_j q(z_j)}]"],
)
def test_spellings_of_total_correlation(text: str) -> None:
    network = encoder()
    _, joint, marginals, _ = densities(network, "stratified")
    torch.testing.assert_close(value(text, network), (joint - marginals).mean())


@pytest.mark.parametrize(
    "text",
    [
        "q(z) = E_{p_{data}(x)}[q(z|x)]",
        r"q(z) = \int q(z|x) p_{data}(x) dx",
        r"q(z) = \frac1N \sum_{n=1}^N q(z|x_n)",
        r"q_\phi(z) = \int p(x) q_\phi(z|x) \, dx",
    ],
)
def test_declared(text: str) -> None:
    network = encoder()
    _, joint, _, prior = densities(network, "weighted")
    found = value([r"KL[q(z) \| p(z)]", text], network, "weighted")
    torch.testing.assert_close(found, (joint - prior).mean())


@pytest.mark.parametrize("estimate", ESTIMATES)
@pytest.mark.parametrize(
    "text",
    [
        r"\min I_q(x; z) + 2 TC(z) + \sum_j D_{KL}[q(z_j) \| p(z_j)]",
        r"\min E_{q(z)}[\log q(z) - \log p(z)] + E_{q(z)}[\|z\|^2]",
    ],
)
def test_against_the_reference(text: str, estimate: str) -> None:
    given = {key: each for key, each in bound().items() if key != "N" or estimate != "batch"}
    assert_same(text, given, {"x": INPUT}, estimators={"q(z)": estimate})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        r"\min E_{q(z)}[\|z\|^2] + E_{q(z|x)}[-\log p(x|z)]",
        r"\min E_{q(z|x)}[-\log p(x|z)] + E_{q(z)}[\|z\|^2]",
        r"\min E_{p_{data}(x)} E_{q(z)}[\|z\|^2] + E_{q(z|x)}[-\log p(x|z)]",
        "min E_{q(z)}[||z||^2] - E_q(z|x)[log p(x|z)]",
    ],
)
def test_the_order_of_the_terms_does_not_matter_without_bindings(text: str) -> None:
    """q(z) is the mixture of q(z|x), whichever is read first: z^2 at the draws of the encoder."""
    objective = f2d.compile(text, scaffold=True, dims={"x": X, "z": Z}).double()
    heads = objective.q_z_given_x(INPUT)
    z = heads["loc"] + heads["scale"] * NOISE
    score = td.Normal(objective.p_x_given_z(z), 1.0).log_prob(INPUT).sum(-1)
    expected = (z.square().sum(-1) - score).mean()
    torch.testing.assert_close(objective(x=INPUT, noise={"z": NOISE}).value, expected)


def test_the_default_depends_on_what_is_known() -> None:
    """Stratified with N, else the batch for the data; both are said."""
    known = f2d.compile(r"\min TC(z)", {key: bound()[key] for key in ("q(z|x)", "N")}).assumptions
    open_ = f2d.compile(r"\min TC(z)", {"q(z|x)": bound()["q(z|x)"]}).assumptions
    assert any("minibatch-stratified sampling" in each for each in known)
    assert any("as if they were all data" in each for each in open_)


@pytest.mark.parametrize("size", [2, 3, 7])
def test_stratified_weights_sum_to_one(size: int) -> None:
    found = log_stratum_weights(size, 50, torch.empty((), dtype=torch.float64)).exp()
    torch.testing.assert_close(found.sum(0), torch.ones(size, dtype=torch.float64))
    torch.testing.assert_close(found.diagonal(), torch.full((size,), 1 / 50, dtype=torch.float64))


@pytest.mark.parametrize(("size", "examples"), [(1, 50), (8, 5)])
def test_stratified_weights_need_a_batch_within_the_data(size: int, examples: int) -> None:
    with pytest.raises(ValueError, match="2 examples or more"):
        log_stratum_weights(size, examples, torch.empty(()))


def test_the_stratified_density_is_unbiased() -> None:
    """Over all batches that hold the example of the draw, the estimate of q(z) has the mean q(z)."""
    from itertools import permutations

    locs, z = torch.linspace(-2, 2, 6, dtype=torch.float64), torch.tensor(0.3, dtype=torch.float64)
    density = td.Normal(locs, 0.5).log_prob(z).exp()
    found = []
    for others in permutations(range(1, 6), 2):
        batch = density[[0, *others]]
        found.append(log_stratum_weights(3, 6, locs)[:, 0].exp() @ batch)
    torch.testing.assert_close(torch.stack(found).mean(), density.mean())


def test_mutual_information_of_disjoint_posteriors() -> None:
    """Posteriors that do not overlap: log M where the batch is all data; the weighted estimate is log N M."""
    far = f2d.Normal(loc="x", scale=1e-3)
    x = torch.arange(M, dtype=torch.float64)[:, None]
    batch = f2d.compile(r"\max I(x; z)", {"q(z|x)": far})(x=x).value
    weighted = f2d.compile(r"\max I(x; z)", {"q(z|x)": far, "N": N}, estimators={"q(z)": "weighted"})(x=x).value
    torch.testing.assert_close(batch.item(), math.log(M))
    torch.testing.assert_close(weighted.item(), math.log(M * N))


@pytest.mark.parametrize("text", ["I(x; y)", r"H(q(y)) - E_{p_{data}(x)}[H(q(y|x))]"])
def test_information_of_categories_is_exact(text: str) -> None:
    """The entropy of the mean prediction less the mean entropy, summed over the categories."""
    torch.manual_seed(0)
    net = nn.Linear(X, 3, dtype=torch.float64)
    found = f2d.compile(rf"\max {text}", {"q(y|x)": f2d.Categorical(net, one_hot=True)})(x=INPUT).value
    each = net(INPUT).softmax(-1)
    wanted = td.Categorical(each.mean(0)).entropy() - td.Categorical(each).entropy().mean()
    torch.testing.assert_close(found, wanted)


def test_draws_have_the_gradient_of_the_encoder() -> None:
    """A critic of the aggregated posterior trains the encoder."""
    network = encoder()
    out = f2d.compile(r"\min E_{q(z)}[\|z\|^2]", {"q(z|x)": f2d.Normal(network)})(x=INPUT)
    out.loss.backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in network.parameters())
