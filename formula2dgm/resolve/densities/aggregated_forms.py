r"""How a text declares a mixture over the data.

q(z) = E_{p_{data}(x)}[q(z|x)]      q(z) = \int q(z|x) p_{data}(x) dx      q(z) = \frac1N \sum_{n=1}^N q(z|x_n)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.data_names import DATA_LABELS
from formula2dgm.reading.names import plain, read_name, without_index
from formula2dgm.reading.signature import Signature, is_density_call
from formula2dgm.syntax import tree

#: The kind of such a declaration; of the law of a function of the data, ``z = e(x)``.
AGGREGATED, PUSHED = "aggregated", "pushed"


def mixed_over_data(
    left: tree.Call, right: tree.Node, indices: frozenset[str], known: Sequence[tree.Node]
) -> tree.Call | None:
    """The density that the right side mixes over the data, ``q(z|x)``; None for anything else.

    ``known`` are the densities that are bound or declared: what is integrated over is none of them.
    """
    match right:
        case tree.Expect(binders=(tree.Call() as source,), body=tree.Call() as body, given=None):
            over: tuple[tree.Node, ...] = source.args if _is_source(source, left, known) else ()
        case tree.Integral(body=tree.Mul(factors=(tree.Call() as one, tree.Call() as other)), variables=over):
            body, source = (one, other) if one.given is not None else (other, one)
            over = over if _is_source(source, left, known) and set(source.args) == set(over) else ()
        case _:
            return _mean_over_examples(left, right, indices)
    if not over or body.given is None or set(body.given) != set(over) or body.args != left.args:
        return None
    return body if is_density_call(body) else None


def _is_source(source: tree.Call, left: tree.Call, known: Sequence[tree.Node]) -> bool:
    """Can an unconditional density be the data's: one that nothing binds or declares, and that is no prior of the model
    on the left, as p(z) in p(x) = \\int p(x|z) p(z) dz is by its letter?"""
    if source.given is not None or source.params is not None or not is_density_call(source) or source in known:
        return False
    if not isinstance(source.head, tree.Symbol) or not isinstance(left.head, tree.Symbol):
        return False
    labels = set(read_name(source.head, frozenset(), head=True).labels)
    return source.head.letter.lower() != left.head.letter.lower() or bool(labels & DATA_LABELS)


def _mean_over_examples(left: tree.Call, right: tree.Node, indices: frozenset[str]) -> tree.Call | None:
    r"""``q(z|x)`` of ``\frac1N \sum_{n=1}^N q(z|x_n)``."""
    match right:
        case tree.Mul(factors=(tree.Div(tree.Number("1"), size), tree.Big(op="sum") as big)):
            pass
        case tree.Div(tree.Big(op="sum") as big, size):
            pass
        case _:
            return None
    if not isinstance(big.body, tree.Call) or str(size) not in ("N", "n") or len(big.binders) != 1:
        return None
    item, body = big.binders[0], big.body
    name = plain(item.name if isinstance(item, tree.Binds) else item)
    upper = item.value.upper if isinstance(item, tree.Binds) and isinstance(item.value, tree.Range) else big.upper
    if name is None or str(upper) != str(size) or body.args != left.args or not body.given:
        return None
    if not all(isinstance(each, tree.Symbol) and _is_read_at(each, name, indices) for each in body.given):
        return None
    return replace(
        body, given=tuple(without_index(each, indices) for each in body.given if isinstance(each, tree.Symbol))
    )


def _is_read_at(symbol: tree.Symbol, index: str, indices: frozenset[str]) -> bool:
    return [plain(each) for each in read_name(symbol, indices).index] == [index]


def mixes_to(own: Signature, wanted: Signature, latent: frozenset[str]) -> bool:
    """Is ``q(z)`` the mixture of this ``q(z|x)``, which is given data alone?"""
    if own.head != wanted.head or own.bases[0] != wanted.bases[0] or not own.given or None in own.given:
        return False
    if own.group and wanted.group and own.group != wanted.group:
        return False
    return not own.ids[1] & latent
