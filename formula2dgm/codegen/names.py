"""Python names from the formula's own: ``log p(x|z)`` is ``log_p_x_given_z``."""

from __future__ import annotations

import builtins
import keyword
import re
from functools import lru_cache

from formula2dgm.codegen.copied import definitions
from formula2dgm.reading.attributes import attribute, is_taken

#: What generated functions call themselves, and may not be renamed.
RESERVED = frozenset(
    {
        *("self", "torch", "nn", "Tensor", "math", "Output", "Objective"),
        *("noise", "player", "batch_size", "unused", "loss", "value", "terms", "contributions"),
    }
)
LONGEST = 40

_FUNCTIONS = re.compile(r"\b(KL|H|JS|MMD|TC|MI|W)(?=[\[(_])")

#: ``||x - y||``: its bars touch what is between them, those of a divergence do not.
_SQUARED_NORM = re.compile(r"\|\|(?=\S)((?:[^|]|\|(?!\|))*?\S)\|\|(?:_2)?\^2")
_NORM = re.compile(r"\|\|(?=\S)((?:[^|]|\|(?!\|))*?\S)\|\|")
_SIZES = re.compile(r"\|(\w+)\|")
#: ``|KL[q || p] - C|``: the first bar follows no name and no bracket, the last one stands before no name.
_ABSOLUTE = re.compile(r"(?<![\w)\]}'|])\|(?=[^|\s])(.*[^|\s])\|(?![\w(|])")
#: A law without a name of its own, ``Normal(z; mu_k, diag(sigma_k^2))``: its family and its variable.
_LAWS = re.compile(r"\b([A-Z][a-z]\w+)\(([^();]*(?:\([^()]*\))?[^();]*); (?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")


@lru_cache(maxsize=1024)
def identifier(text: str) -> str:
    """A Python identifier that reads like a piece of formula.

    >>> identifier("log p(x|z)"), identifier("KL[q(z|x) || p(z)]"), identifier("q(z|x')")
    ('log_p_x_given_z', 'kl_q_z_given_x_p_z', 'q_z_given_x_prime')
    """
    spelled = _NORM.sub(r"norm \1 ", _SQUARED_NORM.sub(r"squared norm \1 ", text))
    spelled = _ABSOLUTE.sub(r"abs \1 ", _SIZES.sub(r"size \1", spelled))
    spelled = _LAWS.sub(lambda found: f"{found[1].lower()} {found[2]} ", spelled)
    spelled = _FUNCTIONS.sub(lambda found: found[0].lower(), spelled)
    spelled = spelled.replace("||", " ").replace("|", " given ").replace("'", " prime ").replace("=", " at ")
    spelled = spelled.replace("-", " minus ")
    name = re.sub(r"\W+", "_", spelled, flags=re.ASCII)
    name = re.sub("_+", "_", name).strip("_")
    return name if re.match(r"[A-Za-z_]", name) else f"value_{name}".rstrip("_")


def is_free(name: str) -> bool:
    """May a generated function use the name (no keyword, no builtin, nothing the module defines)?"""
    taken = keyword.iskeyword(name) or hasattr(builtins, name) or name in RESERVED or name in definitions()
    return not taken


def argument(name: str) -> str:
    """The keyword under which a generated function takes a formula's name: ``lambda`` is ``lambda_``."""
    name = identifier(name)
    return name if is_free(name) else f"{name}_"


def hyper_argument(name: str) -> str:
    """The keyword of a hyperparameter, which the module keeps as an attribute: ``half`` is ``half_value``."""
    return argument(attribute(name, "value") if is_taken(name) else name)


class Names:
    """The names of one function: each is given out once and shadows nothing."""

    def __init__(self, taken: set[str] | frozenset[str] = frozenset()):
        self._taken = set(taken)

    def fresh(self, wanted: str, otherwise: str = "value", mark: str = "") -> str:
        """``wanted`` as an identifier; ``otherwise`` where it is too long; ``mark`` or a number where it is taken."""
        stem = identifier(wanted)
        if len(stem) > LONGEST:
            stem = identifier(otherwise)
        if not is_free(stem):
            stem = f"{stem}_"
        stem = f"{stem}{mark}" if stem in self._taken else stem
        name, number = stem, 2
        while name in self._taken:
            name, number = f"{stem}_{number}", number + 1
        self._taken.add(name)
        return name

    def inside(self) -> Names:
        """The names of a block whose own names are free again after it."""
        return Names(self._taken)

    def take(self, name: str) -> str:
        """Give out a name that a block inside has chosen."""
        self._taken.add(name)
        return name
