"""Names that say "the data": ``\\mathcal{D}``, and labels that say it on a density's letter, ``p_{data}(x)``."""

from __future__ import annotations

DATA_NAMES = frozenset(("data", "D", "calD"))
DATA_LABELS = frozenset(("data", "real", "emp", "empirical", "train", "D", "calD", "r", "star", "gt"))

#: Letters that papers draw from a prior when nothing else is said.
NOISE_LETTERS = frozenset(("z", "epsilon", "eps", "u", "xi"))

#: Upper bounds that papers use for the number of examples.
DATA_SIZES = frozenset(("N", "n"))
