"""Divergences with a closed form: a name and two families, and the library function that computes it.

The function takes the parameters of the left family, then those of the right, then what the divergence depends on
beside them: the order of a Rényi divergence. What each divergence is stands in :mod:`formula2dgm.registry.definitions`.
"""

from __future__ import annotations

from formula2dgm.registry.definitions import CLOSED_FORMS_BESIDE_KL
from formula2dgm.registry.own import FAMILIES
from formula2dgm.registry.plugins import closed_forms

CLOSED_FORMS: dict[tuple[str, str, str], str] = {
    ("KL", "Normal", "Normal"): "kl_normal_normal",
    ("KL", "Laplace", "Laplace"): "kl_laplace_laplace",
    ("KL", "Normal", "Laplace"): "kl_normal_laplace",
    ("KL", "Laplace", "Normal"): "kl_laplace_normal",
    ("KL", "Bernoulli", "Bernoulli"): "kl_bernoulli_bernoulli",
    ("KL", "Categorical", "Categorical"): "kl_categorical_categorical",
    ("KL", "Normal", "Gumbel"): "kl_normal_gumbel",
    ("KL", "Gumbel", "Gumbel"): "kl_gumbel_gumbel",
    ("KL", "Gumbel", "Normal"): "kl_gumbel_normal",
    ("KL", "Cauchy", "Cauchy"): "kl_cauchy_cauchy",
    ("KL", "VonMises", "VonMises"): "kl_von_mises_von_mises",
    ("KL", "Beta", "Beta"): "kl_beta_beta",
    ("KL", "Beta", "ContinuousBernoulli"): "kl_beta_continuous_bernoulli",
    ("KL", "Beta", "Exponential"): "kl_beta_exponential",
    ("KL", "Beta", "Gamma"): "kl_beta_gamma",
    ("KL", "Beta", "Normal"): "kl_beta_normal",
    ("KL", "Beta", "Uniform"): "kl_beta_uniform",
    ("KL", "ContinuousBernoulli", "ContinuousBernoulli"): "kl_continuous_bernoulli_continuous_bernoulli",
    ("KL", "ContinuousBernoulli", "Exponential"): "kl_continuous_bernoulli_exponential",
    ("KL", "ContinuousBernoulli", "Normal"): "kl_continuous_bernoulli_normal",
    ("KL", "ContinuousBernoulli", "Uniform"): "kl_continuous_bernoulli_uniform",
    ("KL", "Uniform", "Uniform"): "kl_uniform_uniform",
    ("KL", "Uniform", "Beta"): "kl_uniform_beta",
    ("KL", "Uniform", "ContinuousBernoulli"): "kl_uniform_continuous_bernoulli",
    ("KL", "Uniform", "Exponential"): "kl_uniform_exponential",
    ("KL", "Uniform", "Gamma"): "kl_uniform_gamma",
    ("KL", "Uniform", "Gumbel"): "kl_uniform_gumbel",
    ("KL", "Uniform", "Normal"): "kl_uniform_normal",
    ("KL", "DiscreteUniform", "DiscreteUniform"): "kl_discrete_uniform_discrete_uniform",
    ("KL", "Gamma", "Gamma"): "kl_gamma_gamma",
    ("KL", "Gamma", "Exponential"): "kl_gamma_exponential",
    ("KL", "Gamma", "Gumbel"): "kl_gamma_gumbel",
    ("KL", "Gamma", "Normal"): "kl_gamma_normal",
    ("KL", "InverseGamma", "InverseGamma"): "kl_inverse_gamma_inverse_gamma",
    ("KL", "Exponential", "Exponential"): "kl_exponential_exponential",
    ("KL", "Exponential", "Gamma"): "kl_exponential_gamma",
    ("KL", "Exponential", "Gumbel"): "kl_exponential_gumbel",
    ("KL", "Exponential", "Normal"): "kl_exponential_normal",
    ("KL", "LogNormal", "LogNormal"): "kl_log_normal_log_normal",
    ("KL", "Poisson", "Poisson"): "kl_poisson_poisson",
    ("KL", "Bernoulli", "Poisson"): "kl_bernoulli_poisson",
    ("KL", "MultivariateNormal", "MultivariateNormal"): "kl_multivariate_normal_multivariate_normal",
    ("KL", "MultivariateNormal", "Normal"): "kl_multivariate_normal_normal",
    ("KL", "Normal", "MultivariateNormal"): "kl_normal_multivariate_normal",
    ("KL", "MultivariateNormal", "LowRankMultivariateNormal"): "kl_multivariate_normal_low_rank_multivariate_normal",
    ("KL", "LowRankMultivariateNormal", "MultivariateNormal"): "kl_low_rank_multivariate_normal_multivariate_normal",
    (
        "KL",
        "LowRankMultivariateNormal",
        "LowRankMultivariateNormal",
    ): "kl_low_rank_multivariate_normal_low_rank_multivariate_normal",
    ("KL", "Dirichlet", "Dirichlet"): "kl_dirichlet_dirichlet",
    ("KL", "VonMisesFisher", "VonMisesFisher"): "kl_von_mises_fisher_von_mises_fisher",
    ("KL", "VonMisesFisher", "SphericalUniform"): "kl_von_mises_fisher_spherical_uniform",
}


#: The same with the standard member of the right family, whose parameters are left out.
STANDARD_FORMS: dict[tuple[str, str, str], str] = {("KL", "Normal", "Normal"): "kl_normal_standard"}
#: Forms that have a function of their own for the sum over the event and the mean over the batch.
MEAN_FORMS = {"kl_normal_standard": "kl_normal_standard_mean"}


def closed_form(name: str, left: str, right: str) -> str | None:
    """The library function for a divergence between two families, or None where no closed form is known.

    >>> closed_form("KL", "Normal", "Normal")
    'kl_normal_normal'
    >>> closed_form("KL", "Normal", "Bernoulli") is None
    True
    """
    known = CLOSED_FORMS.get((name, left, right)) or CLOSED_FORMS_BESIDE_KL.get((name, left, right))
    if known is not None or {left, right} <= {each.name for each in FAMILIES}:
        return known
    return closed_forms().get((name, left, right))
