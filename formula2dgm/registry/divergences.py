"""Divergences with a closed form: a name and two families, and the library function that computes it.

The function takes the parameters of the left family, then those of the right.
"""

from __future__ import annotations

CLOSED_FORMS: dict[tuple[str, str, str], str] = {
    ("KL", "Normal", "Normal"): "kl_normal_normal",
    ("KL", "Laplace", "Laplace"): "kl_laplace_laplace",
    ("KL", "Normal", "Laplace"): "kl_normal_laplace",
    ("KL", "Laplace", "Normal"): "kl_laplace_normal",
    ("KL", "Bernoulli", "Bernoulli"): "kl_bernoulli_bernoulli",
    ("KL", "Categorical", "Categorical"): "kl_categorical_categorical",
}


def closed_form(name: str, left: str, right: str) -> str | None:
    """The library function for a divergence between two families, or None where no closed form is known.

    >>> closed_form("KL", "Normal", "Normal")
    'kl_normal_normal'
    >>> closed_form("KL", "Normal", "Bernoulli") is None
    True
    """
    return CLOSED_FORMS.get((name, left, right))
