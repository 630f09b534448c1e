r"""Indices of what formulas define by number alone: i of ``\sum_{i=1}^L E[...]`` over ``\sigma_i = 0.7^i``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading.data_names import DATA_SIZES
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.resolve.statements.model import Model
from formula2dgm.syntax import tree

#: What is no function of numbers.
_OF_MODELS = tree.Expect | tree.Divergence | tree.Draws | tree.Integral | tree.Call


def counted_levels(model: Model, names: Sequence[Name]) -> Iterator[str]:
    """The indices of sums to a bound at which nothing is read but such definitions: they run over steps."""
    for index, bound in model.bounds.items():
        read = [each for each in names if any(plain(item) == index for item in each.index)]
        if read and str(bound) not in DATA_SIZES and all(_is_counted(model, each, index) for each in read):
            yield index


def _is_counted(model: Model, name: Name, index: str) -> bool:
    definition = model.definitions.get(name.full)
    if definition is None or definition.index != (index,):
        return False
    for each in definition.body.walk():
        if isinstance(each, _OF_MODELS):
            return False
        if isinstance(each, tree.Symbol) and plain(each) != index:
            own = read_name(each, model.indices)
            if own.id in model.drawn or (own.id in model.variables and own.full not in model.definitions):
                return False
    return True
