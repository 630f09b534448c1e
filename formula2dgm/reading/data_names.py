"""Names that say "the data": ``\\mathcal{D}``, and labels that say it on a density's letter, ``p_{data}(x)``."""

from __future__ import annotations

from formula2dgm.reading.names import read_name
from formula2dgm.syntax import tree

DATA_NAMES = frozenset(("data", "D", "calD"))
DATA_LABELS = frozenset(("data", "real", "emp", "empirical", "train", "D", "calD", "r", "star", "gt"))

#: Those of them that say nothing else: D may be a decoder, r a reward, a star an optimum.
SURE_LABELS = frozenset(("data", "real", "emp", "empirical", "train", "gt"))

#: Letters that papers draw from a prior when nothing else is said.
NOISE_LETTERS = frozenset(("z", "epsilon", "eps", "u", "xi"))

#: Upper bounds that papers use for the number of examples.
DATA_SIZES = frozenset(("N", "n"))


def is_data_name(node: tree.Node) -> bool:
    """Does a name by itself say "the data"?"""
    if not isinstance(node, tree.Symbol):
        return False
    name = read_name(node, frozenset(), head=True)
    return name.id in DATA_NAMES or bool(DATA_LABELS & set(name.labels))
