"""Divergences through the whole compiler: generated code against the literal reference in values and gradients, values
against sums and integrals over a grid, the identities between divergences, and what the options choose."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td

import formula2dgm as f2d
from tests.numeric.test_families import assert_same

X = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


class Normal(nn.Module):
    """``(loc, scale)``, linear in x; the scales stay below 1.4."""

    def __init__(self, size: int = 2):
        super().__init__()
        torch.manual_seed(1)
        self.layer = nn.Linear(3, 2 * size, dtype=torch.float64)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        loc, raw = self.layer(x).chunk(2, -1)
        return loc, 0.4 + torch.sigmoid(raw)


def linear(outputs: int) -> nn.Linear:
    torch.manual_seed(outputs)
    return nn.Linear(3, outputs, dtype=torch.float64)


def bound(family: str) -> dict[str, object]:
    match family:
        case "Normal":
            return {"q(z|x)": f2d.Normal(Normal()), "p(z)": f2d.Normal(loc=0.2, scale=1.1, event_shape=2)}
        case "Categorical":
            logits = torch.tensor([0.3, -0.4, 1.0, 0.2], dtype=torch.float64)
            return {"q(z|x)": f2d.Categorical(linear(4)), "p(z)": f2d.Categorical(logits=logits)}
        case "Bernoulli":
            return {"q(z|x)": f2d.Bernoulli(linear(3)), "p(z)": f2d.Bernoulli(probs=0.3, event_shape=3)}
    laplace = f2d.Laplace(loc=linear(2), scale=0.8)
    return {"q(z|x)": laplace, "p(z)": f2d.Normal(loc=0.2, scale=1.1, event_shape=2)}


SPELLINGS = {
    "Jeffreys": (r"D_J(q(z|x) \| p(z))", r"\mathrm{Jeffreys}(q(z|x), p(z))", "J[q(z|x) || p(z)]"),
    "JS": (r"D_{JS}(q(z|x) \| p(z))", r"\mathrm{JSD}(q(z|x) \| p(z))", "JS[q(z|x) || p(z)]"),
    "JS of 0.3": (r"\mathrm{JS}_{0.3}(q(z|x) \| p(z))",),
    "Renyi": (r"D_{1/2}(q(z|x) \| p(z))", r"D_R^{0.5}(q(z|x) \| p(z))", "R_{0.5}[q(z|x) || p(z)]"),
    "chi": (r"\chi^2(q(z|x) \| p(z))", r"D_{\chi^2}(q(z|x) \| p(z))"),
    "Hellinger": (r"H^2(q(z|x), p(z))", r"D_H^2(q(z|x) \| p(z))", "H^2[q(z|x) || p(z)]"),
    "TV": (r"D_{TV}(q(z|x), p(z))", r"\mathrm{TV}(q(z|x), p(z))", "TV[q(z|x) || p(z)]"),
}
FAMILIES = ("Normal", "Categorical", "Bernoulli", "Laplace")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", SPELLINGS)
def test_generated_code_and_reference_agree(name: str, family: str) -> None:
    for choice in ("auto", "sampled"):
        assert_same(SPELLINGS[name][0], bound(family), {"x": X}, maximize=False, divergences=choice)


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings_mean_the_same(name: str) -> None:
    values = [f2d.compile(each, bound("Categorical"), maximize=False)(x=X).value for each in SPELLINGS[name]]
    for each in values[1:]:
        torch.testing.assert_close(each, values[0])


@pytest.mark.parametrize(
    "text", [r"W_2^2(q(z|x), p(z))", r"W_2(q(z|x), p(z))", r"\mathrm{JS}^{G_\alpha}(q(z|x) \| p(z))"]
)
def test_divergences_in_closed_form_alone(text: str) -> None:
    assert_same(text, bound("Normal") | ({"alpha": 0.3} if "alpha" in text else {}), {"x": X}, maximize=False)


# -- against sums and integrals ------------------------------------------------------------------------


def defined(name: str, p: Tensor, q: Tensor) -> Tensor:
    """A divergence of two rows of probabilities, or of densities times the area of a cell, by its definition."""
    m, w = (p + q) / 2, 0.3 * p + 0.7 * q
    match name:
        case "KL":
            return (p * (p / q).log()).sum(-1)
        case "Jeffreys":
            return ((p - q) * (p.log() - q.log())).sum(-1)
        case "JS":
            return (p * (p / m).log() + q * (q / m).log()).sum(-1) / 2
        case "JS of 0.3":
            return (0.3 * p * (p / w).log() + 0.7 * q * (q / w).log()).sum(-1)
        case "Renyi":
            return -2 * (p * q).sqrt().sum(-1).log()
        case "chi":
            return ((p - q) ** 2 / q).sum(-1)
        case "Hellinger":
            return ((p.sqrt() - q.sqrt()) ** 2).sum(-1) / 2
    return (p - q).abs().sum(-1) / 2


def grid(reach: float = 9.0, steps: int = 361) -> tuple[Tensor, float]:
    line = torch.linspace(-reach, reach, steps, dtype=torch.float64)
    points = torch.stack(torch.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    return points, float(line[1] - line[0]) ** 2


def cells(bindings: Mapping[str, object]) -> tuple[Tensor, Tensor]:
    """The two Normal densities of ``bound("Normal")`` on a grid, times the area of a cell."""
    points, area = grid()
    loc, scale = Normal()(X)
    q = td.Independent(td.Normal(loc.detach()[:, None], scale.detach()[:, None]), 1).log_prob(points).exp() * area
    prior = td.Independent(td.Normal(torch.full((2,), 0.2).double(), torch.full((2,), 1.1).double()), 1)
    return q, prior.log_prob(points).exp().expand_as(q) * area


@pytest.mark.parametrize("name", ["KL", *SPELLINGS])
def test_of_categories_it_is_the_sum(name: str) -> None:
    p = torch.softmax(linear(4)(X).detach(), -1)
    q = torch.softmax(torch.tensor([0.3, -0.4, 1.0, 0.2], dtype=torch.float64), -1).expand_as(p)
    for choice in ("auto", "sampled", "closed"):
        text = SPELLINGS[name][0] if name in SPELLINGS else r"KL[q(z|x) \| p(z)]"
        objective = f2d.compile(text, bound("Categorical"), maximize=False, divergences=choice)
        torch.testing.assert_close(objective(x=X).value.detach(), defined(name, p, q).mean())
        assert not any("estimated" in each for each in objective.assumptions)


@pytest.mark.parametrize("name", ["Jeffreys", "Renyi", "chi", "Hellinger"])
def test_of_normals_it_is_the_integral(name: str) -> None:
    found = f2d.compile(SPELLINGS[name][0], bound("Normal"), maximize=False, divergences="closed")(x=X).value
    wanted = defined(name, *cells(bound("Normal"))).mean()
    torch.testing.assert_close(found.detach(), wanted, rtol=1e-6, atol=1e-9)


def estimates(text: str | list[str], bindings: dict[str, object], size: int = 20_000) -> Tensor:
    """The formula's value for each of many copies of the first example: independent estimates."""
    objective = f2d.compile(text, bindings, maximize=False, divergences="sampled", reduction="none")
    torch.manual_seed(3)
    return objective(x=X[:1].expand(size, 3)).value.detach()


@pytest.mark.parametrize("name", ["Jeffreys", "JS", "JS of 0.3", "Hellinger", "TV", "chi"])
def test_estimates_have_the_right_mean(name: str) -> None:
    """6 standard errors."""
    drawn = estimates(SPELLINGS[name][0], bound("Normal"))
    wanted = defined(name, *cells(bound("Normal")))[0]
    assert abs(drawn.mean() - wanted) < 6 * drawn.std() / math.sqrt(len(drawn))


def test_the_estimate_of_renyi_comes_closer_with_more_draws() -> None:
    """Of order 1/2 it is consistent; with one draw it is the estimate of KL."""
    text, bindings = SPELLINGS["Renyi"][0], bound("Normal")
    torch.manual_seed(5)
    many = f2d.compile(text, bindings, maximize=False, divergences="sampled", samples=20_000)(x=X).value
    assert many.item() == pytest.approx(defined("Renyi", *cells(bindings)).mean().item(), abs=0.02)
    noise = {"z": torch.randn(5, 2, dtype=torch.float64)}
    one = f2d.compile(text, bindings, maximize=False, divergences="sampled")(x=X, noise=noise).value
    kl = f2d.compile("KL[q(z|x) || p(z)]", bindings, divergences="sampled")(x=X, noise=noise).value
    torch.testing.assert_close(one, kl)


# -- identities ----------------------------------------------------------------------------------------


def value(text: str, bindings: dict[str, object], **options: object) -> float:
    return f2d.compile(text, bindings, maximize=False, **options)(x=X).value.item()  # type: ignore[arg-type]


@pytest.mark.parametrize("family", ["Categorical", "Bernoulli"])
def test_bounds_and_symmetries(family: str) -> None:
    bindings = bound(family)
    for name in ("JS", "TV", "D_H^2", "J"):
        there, back = f"{name}[q(z|x) || p(z)]", f"{name}[p(z) || q(z|x)]"
        assert value(there, bindings) == pytest.approx(value(back, bindings))
    one = {"reduction": "none"}
    each = {
        name: f2d.compile(f"{name}[q(z|x) || p(z)]", bindings, maximize=False, **one)(x=X).value.detach()  # type: ignore[arg-type]
        for name in ("JS", "TV", "D_H^2", "KL", "chi^2")
    }
    assert (each["JS"] <= math.log(2)).all() and (each["JS"] <= each["TV"] * math.log(2)).all()
    assert (each["D_H^2"] <= each["TV"]).all() and (each["TV"] <= (2 * each["D_H^2"]).sqrt()).all()
    assert (each["TV"] <= (each["KL"] / 2).sqrt()).all() and (each["KL"] <= torch.log1p(each["chi^2"])).all()


def test_js_of_disjoint_laws_is_log_two() -> None:
    bindings = {
        "q(z|x)": f2d.Normal(loc=linear(2), scale=0.01),
        "p(z)": f2d.Normal(loc=100.0, scale=0.01, event_shape=2),
    }
    assert value("JS[q(z|x) || p(z)]", bindings) == pytest.approx(math.log(2), rel=1e-12)
    assert value("TV[q(z|x), p(z)]", bindings) == pytest.approx(1.0, rel=1e-12)
    assert value("D_H[q(z|x) || p(z)]", bindings) == pytest.approx(1.0, rel=1e-12)


def test_a_divergence_of_products() -> None:
    """Rényi's is the sum of the factors', W_2^2 too; JS is not, and is estimated."""
    bindings = {
        "q(z|x)": f2d.Normal(Normal()),
        "q(w|x)": f2d.Normal(Normal(3)),
        "p(z)": f2d.Normal(loc=0.0, scale=1.5, event_shape=2),
        "p(w)": f2d.Normal(loc=0.0, scale=1.5, event_shape=3),
    }
    for name in ("D_{0.5}", "W_2^2"):
        whole = value(f"{name}[q(z|x) q(w|x) || p(z) p(w)]", bindings)
        parts = value(f"{name}[q(z|x) || p(z)] + {name}[q(w|x) || p(w)]", bindings)
        assert whole == pytest.approx(parts)
    text = "JS[q(z|x) q(w|x) || p(z) p(w)]"
    assert_same(text, bindings, {"x": X}, maximize=False)  # type: ignore[arg-type]


def test_conditional_factors_are_not_taken_apart() -> None:
    bindings = {
        "q(z|x)": f2d.Normal(Normal()),
        "q(w|z)": f2d.Normal(loc=nn.Linear(2, 2, dtype=torch.float64), scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.5, event_shape=2),
        "p(w)": f2d.Normal(loc=0.0, scale=1.5, event_shape=2),
    }
    text = "D_{0.5}[q(w|z) q(z|x) || p(z) p(w)]"
    assert any("estimated" in each for each in f2d.compile(text, bindings).assumptions)
    assert_same(text, bindings, {"x": X})  # type: ignore[arg-type]


def test_stopped_sides_and_families_written_in_place() -> None:
    assert_same("JS[sg[q(z|x)] || p(z)]", bound("Normal"), {"x": X}, maximize=False)
    q = {"q(z|x)": bound("Normal")["q(z|x)"]}
    for text in ("JS(q(z|x) || N(0, I))", "W_2^2(N(0, I), q(z|x))", "D_{0.5}(q(z|x) || N(0, I))"):
        assert_same(text, q, {"x": X}, maximize=False)
    loc, scale = Normal()(X)
    wanted = (loc**2 + (scale - 1) ** 2).sum(-1).mean()
    assert value("W_2^2(N(0, I), q(z|x))", q) == pytest.approx(wanted.item())


# -- entry by entry, free nats -------------------------------------------------------------------------


def kl_by_entry() -> Tensor:
    loc, scale = Normal()(X)
    prior = td.Normal(torch.tensor(0.2).double(), torch.tensor(1.1).double())
    return td.kl_divergence(td.Normal(loc, scale), prior).detach()


FREE = {
    r"\sum_{j=1}^D \max(\lambda, KL[q(z_j|x) || p(z_j)])": lambda kl: kl.clamp(min=0.4).sum(-1).mean(),
    r"\sum_j KL[q(z_j|x) || p(z_j)]": lambda kl: kl.sum(-1).mean(),
    r"\max(\lambda, KL[q(z|x) || p(z)])": lambda kl: kl.sum(-1).clamp(min=0.4).mean(),
    r"\max(\lambda, E_{p_{data}(x)}[KL[q(z|x) || p(z)]])": lambda kl: kl.sum(-1).mean().clamp(min=0.4),
    r"\sum_j \max(\lambda, E_{p_{data}(x)}[KL[q(z_j|x) || p(z_j)]])": lambda kl: kl.mean(0).clamp(min=0.4).sum(),
    r"|KL[q(z|x) || p(z)] - \lambda|": lambda kl: (kl.sum(-1) - 0.4).abs().mean(),
    r"|E_{p_{data}(x)}[KL[q(z|x) || p(z)]] - \lambda|": lambda kl: (kl.sum(-1).mean() - 0.4).abs(),
    r"\sum_j (KL[q(z_j|x) || p(z_j)])^2": lambda kl: (kl**2).sum(-1).mean(),
}


@pytest.mark.parametrize("text", FREE)
def test_where_the_mean_and_the_sum_stand(text: str) -> None:
    bindings = bound("Normal") | ({"lambda": 0.4} if "lambda" in text else {})
    assert_same(text, bindings, {"x": X}, maximize=False)
    assert value(text, bindings) == pytest.approx(FREE[text](kl_by_entry()).item())


@pytest.mark.parametrize(
    "text",
    [
        r"E_{q(z|x)}[\sum_j |\log q(z_j|x) - \log p(z_j)|]",
        r"\sum_j \max(0.1, H[q(z_j|x)])",
        r"\sum_j \max(0.1, W_2^2(q(z_j|x), p(z_j)))",
        r"\sum_j \max(0.1, D_{0.5}(q(z_j|x) \| p(z_j)))",
        r"\sum_j \max(0.1, E_{q(z|x)}[\log q(z_j|x) - \log p(z_j)])",
    ],
)
def test_other_values_by_entry(text: str) -> None:
    bindings = {name: each for name, each in bound("Normal").items() if name[:3] in text}
    assert_same(text, bindings, {"x": X}, maximize=False)


def test_a_law_of_whole_vectors_has_no_entries() -> None:
    root = torch.eye(2, dtype=torch.float64)
    bindings = bound("Normal") | {"p(z)": f2d.MultivariateNormal(loc=torch.zeros(2).double(), scale_tril=root)}
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile(r"E_{q(z|x)}[\sum_j \max(0, \log p(z_j))]", bindings, maximize=True)
    assert refused.value.diagnostics[0].code == "F2D-0325"


# -- cross-entropies and mixtures ----------------------------------------------------------------------

MIXTURE = r"r(z) = \sum_{k=1}^3 \pi_k N(z; \mu_k, \sigma_k^2 I)"
WEIGHTS = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
LOCS = torch.tensor([[-1.0, 0.5], [0.3, -0.7], [1.2, 1.1]], dtype=torch.float64)
SCALES = torch.tensor([[0.5, 0.9], [0.8, 0.6], [0.7, 0.5]], dtype=torch.float64)
COMPONENTS: dict[str, object] = {"pi": WEIGHTS, "mu": LOCS, "sigma": SCALES}


def mixture() -> td.Distribution:
    return td.MixtureSameFamily(td.Categorical(WEIGHTS), td.Independent(td.Normal(LOCS, SCALES), 1))


def mixture_cells() -> tuple[Tensor, Tensor]:
    """q(z|x) and the mixture on a grid."""
    q, _ = cells(bound("Normal"))
    points, area = grid()
    return q, mixture().log_prob(points).exp().expand_as(q) * area


@pytest.mark.parametrize("family", ["Normal", "Categorical", "Bernoulli", "Laplace"])
def test_cross_entropy(family: str) -> None:
    for choice in ("auto", "sampled"):
        assert_same("H(q(z|x), p(z))", bound(family), {"x": X}, maximize=False, divergences=choice)


def test_cross_entropy_with_a_mixture() -> None:
    bindings = {"q(z|x)": bound("Normal")["q(z|x)"], **COMPONENTS}
    assert_same(["H(q(z|x), r(z))", MIXTURE], bindings, {"x": X}, maximize=False)  # type: ignore[arg-type]
    drawn = estimates(["H(q(z|x), r(z))", MIXTURE], bindings)
    q, r = mixture_cells()
    wanted = -(q * (r / grid()[1]).log()).sum(-1)[0]
    assert abs(drawn.mean() - wanted) < 6 * drawn.std() / math.sqrt(len(drawn))


@pytest.mark.parametrize("name", ["JS", "TV", "D_H^2", "J"])
def test_divergences_of_a_mixture(name: str) -> None:
    bindings = {"q(z|x)": bound("Normal")["q(z|x)"], **COMPONENTS}
    text = [f"{name}[r(z) || q(z|x)]", MIXTURE]
    assert_same(text, bindings, {"x": X}, maximize=False)  # type: ignore[arg-type]
    drawn = estimates(text, bindings)
    meant = {"JS": "JS", "TV": "TV", "D_H^2": "Hellinger", "J": "Jeffreys"}[name]
    wanted = defined(meant, *mixture_cells())[0]
    assert abs(drawn.mean() - wanted) < 6 * drawn.std() / math.sqrt(len(drawn))


def test_a_mixture_scored_at_its_own_draws_sums_over_all_components() -> None:
    """H[r] of draws that run along k: the density's own sum is over another k."""
    torch.manual_seed(0)
    found = f2d.compile(["H[r(z)]", MIXTURE], COMPONENTS, maximize=True, samples=500)(batch_size=100).value.item()
    points, area = grid()
    log_density = mixture().log_prob(points)
    assert found == pytest.approx(-(log_density.exp() * log_density).sum().item() * area, abs=0.02)


def test_a_marginal_scored_at_its_own_draws_sums_over_all_values() -> None:
    class Rows(nn.Module):
        def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
            return y @ LOCS, y @ SCALES

    bindings = {"r(z|y)": f2d.Normal(Rows()), "r(y)": f2d.Categorical(probs=WEIGHTS, one_hot=True)}
    torch.manual_seed(0)
    text = ["H[r(z)]", r"r(z) = \sum_y r(z|y) r(y)"]
    found = f2d.compile(text, bindings, maximize=True, samples=500)(batch_size=100).value.item()
    points, area = grid()
    log_density = mixture().log_prob(points)
    assert found == pytest.approx(-(log_density.exp() * log_density).sum().item() * area, abs=0.02)


def test_named_bounds_are_above_the_kl_of_a_mixture() -> None:
    bindings = {"q(z|x)": bound("Normal")["q(z|x)"], **COMPONENTS}
    key = "KL[q(z|x) || r(z)]"
    q, r = mixture_cells()
    exact = (q * (q / r).log()).sum(-1)
    loc, scale = Normal()(X)
    components = td.Independent(td.Normal(LOCS, SCALES), 1)
    own = td.Independent(td.Normal(loc.detach()[:, None], scale.detach()[:, None]), 1)
    apart = td.kl_divergence(own, components)
    wanted = {
        "convexity-bound": (WEIGHTS * apart).sum(-1),
        "variational-bound": -torch.logsumexp(WEIGHTS.log() - apart, -1),
    }
    for choice, each in wanted.items():
        options = {"divergences": {key: choice}, "maximize": False}
        found = f2d.compile([key, MIXTURE], bindings, reduction="none", **options)(x=X).value.detach()  # type: ignore[arg-type]
        torch.testing.assert_close(found, each)
        assert (found >= exact - 1e-9).all()
        assert_same([key, MIXTURE], bindings, {"x": X}, **options)  # type: ignore[arg-type]
    assert (wanted["variational-bound"] <= wanted["convexity-bound"]).all()


def test_bounds_with_mixtures_on_both_sides() -> None:
    other = r"p(z) = 0.4 N(z; \nu_1, I) + 0.6 N(z; \nu_2, I)"
    more = {"nu_1": torch.zeros(2).double(), "nu_2": torch.ones(2).double()}
    key = "KL[r(z) || p(z)]"
    mean = torch.stack(list(more.values()))
    theirs = td.Independent(td.Normal(mean, torch.ones(2, 2).double()), 1)
    weights = torch.tensor([0.4, 0.6]).double()
    apart = td.kl_divergence(td.Independent(td.Normal(LOCS[:, None], SCALES[:, None]), 1), theirs)
    points, area = grid()
    s = td.MixtureSameFamily(td.Categorical(weights), theirs).log_prob(points)
    r = mixture().log_prob(points)
    exact = (r.exp() * (r - s)).sum().item() * area
    wanted = {
        "convexity-bound": WEIGHTS @ apart @ weights,
        "variational-bound": -(WEIGHTS * torch.logsumexp(weights.log() - apart, -1)).sum(),
    }
    for choice, each in wanted.items():
        text = [key, MIXTURE, other]
        found = f2d.compile(text, {**COMPONENTS, **more}, maximize=False, divergences={key: choice})().value.item()
        assert found == pytest.approx(each.item()) and found >= exact
