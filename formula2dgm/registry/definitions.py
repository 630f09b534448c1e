"""What each divergence is: how formulas name it, its definition as expectations, its closed forms beside those of KL.

A definition is a weighted sum of brackets, each the mean of a function of ``u = log p - log q`` under one of the sides;
the mathematics of the functions are nodes, made in :mod:`formula2dgm.resolve.divergences.sampled`.
"""

from __future__ import annotations

from typing import Literal

from formula2dgm.records import dataclass

Side = Literal["left", "right"]

#: Functions of u = log p - log q that are averaged under p or under q.
Integrand = Literal["u", "-u", "to-mean", "tilt", "chi", "gap", "root-gap"]


@dataclass(frozen=True, slots=True)
class Bracket:
    """``weight * E_side[integrand]``; a weight of None is the divergence's own: of JS the weight of that side."""

    weight: float | None
    side: Side
    integrand: Integrand


@dataclass(frozen=True, slots=True)
class Definition:
    """One divergence of p (left) and q (right).

    name       as ``Divergence.name`` holds it, and as comments spell it
    title      what the field calls it
    labels     how formulas name it: a word before the bracket, or the label of ``D``
    formula    its definition, for people
    source     where that definition stands
    order      what stands in its subscript beside the label: ``order`` (of Rényi), ``weight``; None: nothing
    brackets   the expectations that it is the sum of; empty where it is none, and only closed forms can be used
    rooted     formulas write the square of what they name: ``W_2^2``, ``H^2``; without it the root is meant
    """

    name: str
    title: str
    labels: tuple[str, ...]
    formula: str
    source: str
    order: Literal["order", "weight"] | None = None
    brackets: tuple[Bracket, ...] = ()
    rooted: bool = False


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "KL",
        "Kullback-Leibler divergence",
        ("KL",),
        r"E_p[\log p - \log q]",
        "Kullback and Leibler, 1951",
        brackets=(Bracket(1.0, "left", "u"),),
    ),
    Definition(
        "Jeffreys",
        "Jeffreys divergence",
        ("J", "Jeffreys", "Jeffrey", "JD", "SKL", "symKL", "SymKL", "sKL"),
        r"KL[p || q] + KL[q || p]",
        "Jeffreys, 1946",
        brackets=(Bracket(1.0, "left", "u"), Bracket(1.0, "right", "-u")),
    ),
    Definition(
        "JS",
        "Jensen-Shannon divergence",
        ("JS", "JSD"),
        r"w KL[p || m] + (1 - w) KL[q || m], m = w p + (1 - w) q, w = 1/2 unless written",
        "Lin, 1991",
        order="weight",
        brackets=(Bracket(None, "left", "to-mean"), Bracket(None, "right", "to-mean")),
    ),
    Definition(
        "GeometricJS",
        "geometric Jensen-Shannon divergence",
        ("GJS", "GJSD", "JSG", "gJS"),
        r"(1 - w) KL[p || g] + w KL[q || g], g \propto p^{1-w} q^w, w = 1/2 unless written",
        "Deasy, Simidjievski and Liò, 2020",
        order="weight",
    ),
    Definition(
        "Renyi",
        "Rényi divergence",
        ("R", "Renyi", "Rényi"),
        r"\frac{1}{a-1} \log E_p[(p / q)^{a-1}]",
        "van Erven and Harremoës, 2014",
        order="order",
        brackets=(Bracket(1.0, "left", "tilt"),),
    ),
    Definition(
        "chi^2",
        "Pearson's chi-square divergence",
        ("chi^2",),
        r"E_p[p / q] - 1",
        "Pearson, 1900",
        brackets=(Bracket(1.0, "left", "chi"),),
    ),
    Definition(
        "H^2",
        "squared Hellinger distance",
        ("H", "Hel", "Hell", "Hellinger"),
        r"1 - E_p[(q / p)^{1/2}] = \frac12 \int (p^{1/2} - q^{1/2})^2",
        "Le Cam, 1986",
        brackets=(Bracket(0.5, "left", "root-gap"), Bracket(0.5, "right", "root-gap")),
        rooted=True,
    ),
    Definition(
        "TV",
        "total variation distance",
        ("TV",),
        r"\frac12 \int |p - q|",
        "Le Cam, 1986",
        brackets=(Bracket(0.5, "left", "gap"), Bracket(0.5, "right", "gap")),
    ),
    Definition(
        "W_2^2",
        "squared Wasserstein-2 distance",
        ("W_2",),
        r"\inf E[\|x - y\|^2] over all joint laws of x \sim p and y \sim q",
        "Givens and Shortt, 1984",
        rooted=True,
    ),
)

CLOSED_FORMS_BESIDE_KL: dict[tuple[str, str, str], str] = {
    ("Renyi", "Normal", "Normal"): "renyi_normal_normal",
    ("Renyi", "LogNormal", "LogNormal"): "renyi_log_normal_log_normal",
    ("Renyi", "Bernoulli", "Bernoulli"): "renyi_bernoulli_bernoulli",
    ("Renyi", "Categorical", "Categorical"): "renyi_categorical_categorical",
    ("Renyi", "ContinuousBernoulli", "ContinuousBernoulli"): "renyi_continuous_bernoulli_continuous_bernoulli",
    ("Renyi", "Beta", "Beta"): "renyi_beta_beta",
    ("Renyi", "Gamma", "Gamma"): "renyi_gamma_gamma",
    ("Renyi", "InverseGamma", "InverseGamma"): "renyi_inverse_gamma_inverse_gamma",
    ("Renyi", "Exponential", "Exponential"): "renyi_exponential_exponential",
    ("Renyi", "Poisson", "Poisson"): "renyi_poisson_poisson",
    ("Renyi", "Dirichlet", "Dirichlet"): "renyi_dirichlet_dirichlet",
    ("Renyi", "MultivariateNormal", "MultivariateNormal"): "renyi_multivariate_normal_multivariate_normal",
    ("Renyi", "MultivariateNormal", "Normal"): "renyi_multivariate_normal_normal",
    ("Renyi", "Normal", "MultivariateNormal"): "renyi_normal_multivariate_normal",
    ("W_2^2", "Normal", "Normal"): "w2_normal_normal",
    ("W_2^2", "MultivariateNormal", "MultivariateNormal"): "w2_multivariate_normal_multivariate_normal",
    ("W_2^2", "MultivariateNormal", "Normal"): "w2_multivariate_normal_normal",
    ("W_2^2", "Normal", "MultivariateNormal"): "w2_normal_multivariate_normal",
    ("GeometricJS", "Normal", "Normal"): "geometric_js_normal_normal",
}


def definition(name: str) -> Definition:
    """The divergence of this name; ``KeyError`` if there is none.

    >>> definition("JS").title
    'Jensen-Shannon divergence'
    """
    for each in DEFINITIONS:
        if each.name == name:
            return each
    raise KeyError(name)


def by_label(label: str) -> Definition | None:
    """The divergence that formulas name so, or None.

    >>> by_label("Hellinger").name
    'H^2'
    """
    return next((each for each in DEFINITIONS if label in each.labels), None)
