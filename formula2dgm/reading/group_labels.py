r"""Letters that tell groups of parameters apart: ``\theta_t``, ``\theta_s`` of ``f_{\theta_t}(x) - f_{\theta_s}(x)``.

Elsewhere such a letter says what the parameters are of, ``p_{\theta_x}(x|z)``, and is no part of the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from formula2dgm.reading.names import GREEK_GROUPS, Indices, is_group_word, label_of, mentions, read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.stopped import unstopped
from formula2dgm.syntax import tree


def groups_apart(nodes: Iterable[tree.Node], indices: Indices) -> frozenset[str]:
    """The labelled parameters, ``theta_t``, beside which the same function or density has others of their letter, and
    those that an operator names, ``\\max_{\\theta_D}``."""
    nodes = list(nodes)
    found: dict[object, dict[str, set[str]]] = {}
    for call in (each for root in nodes for each in root.walk()):
        if isinstance(call, tree.Call) and isinstance(call.head, tree.Symbol):
            for each in map(unstopped, call.head.sub):
                if isinstance(each, tree.Symbol) and each.letter in GREEK_GROUPS and not each.accents:
                    found.setdefault(_applied(call, indices), {}).setdefault(each.letter, set()).update(
                        _labels(each, indices)
                    )
    pairs = (pair for letters in found.values() for pair in letters.items())
    apart = {f"{letter}_{label}" for letter, labels in pairs if len(labels) > 1 for label in labels if label}
    return frozenset(apart | set(_under_operators(nodes, indices)))


def _under_operators(nodes: Iterable[tree.Node], indices: Indices) -> Iterator[str]:
    """The labelled parameters that an operator names."""
    operators = (each for root in nodes for each in root.all(tree.Optimise))
    for name in (each for operator in operators for each in operator.names):
        if isinstance(name, tree.Symbol) and name.letter in GREEK_GROUPS and not name.accents:
            yield from (f"{name.letter}_{label}" for label in _labels(name, indices) if label)


def _applied(call: tree.Call, indices: Indices) -> object:
    """What is applied, its parameters left out: a function by its name, a density by what it is over and given, too."""
    assert isinstance(call.head, tree.Symbol)
    name = read_name(call.head, indices, head=True).id
    if not is_density_call(call):
        return name
    slots = ([read_name(each, indices).id for each in part if isinstance(each, tree.Symbol)] for part in _slots(call))
    return (name, *map(tuple, slots))


def _slots(call: tree.Call) -> tuple[tuple[tree.Node, ...], tuple[tree.Node, ...]]:
    return call.args, call.given or ()


def _labels(parameters: tree.Symbol, indices: Indices) -> list[str]:
    """The letter below parameters; ``""`` where there is none; nothing where it is an index."""
    if not parameters.sub and not parameters.sup:
        return [""]
    if len(parameters.sub) != 1 or parameters.sup or mentions(parameters.sub[0], indices):
        return []
    (item,) = parameters.sub
    letters = item.factors if isinstance(item, tree.Mul) else (item,)
    alone = all(isinstance(each, tree.Symbol) and len(each.letter) == 1 for each in letters)
    return [label_of(item)] if alone or is_group_word(item) else []
