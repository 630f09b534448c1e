r"""``x_t`` in the place of the data: ``\sqrt{\bar\alpha_t} x_t + \sqrt{1 - \bar\alpha_t} \epsilon``.

The sum is ``x_t`` itself. Where nothing else says what ``x_t`` is, and the text reads it in such sums alone, and
``x_0``, which the bracket draws, nowhere, it is ``x_0`` that was meant: otherwise the same noise would be added twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_paths import NOISE, TIMES
from formula2dgm.completion.processes.default_statements import Defaults, is_zero
from formula2dgm.reading import Note
from formula2dgm.reading.brackets import brackets
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def write_data_of_points(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with data in such places, and what was decided; ``keys`` are what is bound."""
    text = _Points(list(statements), keys)
    for binders, expectation in [each for said in statements for each in brackets(said.body)]:
        text.declare(binders, expectation)
    return text.statements, text.notes


class _Points(Defaults):
    def declare(self, binders: Sequence[tree.Node], expectation: tree.Expect) -> None:
        """Read the point of one bracket as its data, where it stands in their place."""
        names = [name for each in binders for name in _names(each)]
        starts = [each for each in names if len(each.sub) == 1 and is_zero(each.sub[0])]
        noises = [each for each in names if each.letter in NOISE]
        times = [each for each in names if plain(each) in TIMES]
        if len(starts) != 1 or len(noises) != 1:
            return
        (start,), (noise,) = starts, noises
        for point in (replace(start, sub=(each,)) for each in times):
            said = self.is_drawn(point) or point in (*self.left_sides(), *self.keys)
            read = _count(expectation.body, point)
            if said or not read or any(each == start for each in expectation.body.walk()):
                continue
            if read == sum(_adds(each, point, noise) for each in expectation.body.walk()):
                body = _put(expectation.body, point, start)
                self.say(f"{point} is {start}, the data, where {noise} is added to it", expectation.span)
                self.statements = [
                    each.with_body(_put(each.body, expectation, replace(expectation, body=body)))
                    for each in self.statements
                ]


def _adds(node: tree.Node, point: tree.Symbol, noise: tree.Symbol) -> bool:
    """Is it a sum of the point and the noise, each with a factor: ``a x_t + b \\epsilon``?"""
    terms = node.terms if isinstance(node, tree.Add) else ()
    factors = [each.factors if isinstance(each, tree.Mul) else (each,) for each in terms]
    return len(terms) == 2 and any(point in each for each in factors) and any(noise in each for each in factors)


def _names(binder: tree.Node) -> Iterator[tree.Symbol]:
    """What a part of a bracket draws."""
    match binder:
        case tree.Symbol():
            yield binder
        case tree.Draws(names=names):
            yield from (each for each in names if isinstance(each, tree.Symbol))
        case tree.Call(args=args, given=None):
            yield from (each for each in args if isinstance(each, tree.Symbol))


def _count(body: tree.Node, symbol: tree.Symbol) -> int:
    return sum(each == symbol for each in body.walk())


def _put(node: tree.Node, old: tree.Node, new: tree.Node) -> tree.Node:
    if node == old:
        return replace(new, span=node.span)
    return map_children(node, lambda each: _put(each, old, new))
