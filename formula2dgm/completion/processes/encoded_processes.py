r"""Noise behind an encoder: ``q_\phi(z_0, z_{1:T}|x)`` beside ``q_\phi(z_0|x)`` and ``q_\phi(z_{1:T}|z_0)``.

The first is the product of the others, and the parameters are the encoder's: what adds noise to its code has none,
unless the text says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import Defaults, is_zero, placed
from formula2dgm.reading import Note
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_encoded_processes(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such joints as products, and what was decided; ``keys`` are what is bound."""
    text = _Encoded(list(statements), keys)
    for call in dict.fromkeys(each for each in text.nodes() if isinstance(each, tree.Call)):
        if (first := text.first_of(call)) is not None:
            text.declare(call, first)
    return text.statements, text.notes


class _Encoded(Defaults):
    def first_of(self, call: tree.Call) -> tree.Symbol | None:
        """The ``z_0`` of ``q_\\phi(z_{1:T}|z_0)`` that an encoder of the same letter draws; None of anything else."""
        match call:
            case tree.Call(head=tree.Symbol(sub=(_, *_)), args=(tree.Symbol(sub=(tree.Range(),)),), given=(first,)):
                pass
            case _:
                return None
        if not isinstance(first, tree.Symbol) or not [each for each in first.sub if is_zero(each)]:
            return None
        if call in self.left_sides() or call in self.keys or self._encoder(call.head, first) is None:
            return None
        return first if letter_of(first) == letter_of(call.args[0]) else None  # type: ignore[arg-type]

    def _encoder(self, head: tree.Node, first: tree.Symbol) -> tree.Call | None:
        """``q_\\phi(z_0|x)``."""
        for each in self.nodes():
            if isinstance(each, tree.Call) and each.head == head and each.args == (first,) and each.given:
                if is_density_call(each):
                    return each
        return None

    def declare(self, steps: tree.Call, first: tree.Symbol) -> None:
        """Draw the code from its encoder, and the steps by what adds noise to it."""
        encoder = self._encoder(steps.head, first)
        assert encoder is not None and isinstance(steps.head, tree.Symbol)
        bare = replace(steps, head=replace(steps.head, sub=()))
        self.say(f"{steps} is {bare}, noise without parameters", steps.span)

        def written(node: tree.Node) -> tree.Node:
            if node == steps:
                return placed(bare, node.span)
            node = map_children(node, written)
            if not isinstance(node, tree.Expect):
                return node
            binders: list[tree.Node] = []
            for each in node.binders:
                if self._is_joint(each, encoder, steps):
                    self.say(f"{each} is {encoder} {bare}", each.span)
                    binders += [placed(encoder, each.span), placed(bare, each.span)]
                else:
                    binders.append(each)
            return replace(node, binders=tuple(binders))

        self.statements = [each.with_body(written(each.body)) for each in self.statements]

    def _is_joint(self, node: tree.Node, encoder: tree.Call, steps: tree.Call) -> bool:
        """``q_\\phi(z_0, z_{1:T}|x)``, ``q_\\phi(z_{0:T}|x)``."""
        if not isinstance(node, tree.Call) or node.head != encoder.head or node.given != encoder.given:
            return False
        if set(node.args) == {*encoder.args, *steps.args}:
            return True
        match (node.args, steps.args):
            case (
                (tree.Symbol(sub=(tree.Range(lower, upper),)) as all_,),
                (tree.Symbol(sub=(tree.Range() as some,)) as own,),
            ):
                return (
                    letter_of(all_) == letter_of(own) and lower is not None and is_zero(lower) and upper == some.upper
                )
        return False
