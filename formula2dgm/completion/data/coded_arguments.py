r"""Scores of a contrast by codes: ``f_k(x_{t+k}, c_t) = \exp(z_{t+k}^\top W_k c_t)`` beside ``f_k(x_j, c_t)``.

Where ``z_t`` is a network of ``x_t``, the ``z_{t+k}`` of a score of ``x_{t+k}`` is that network of its argument,
whichever example this is of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from formula2dgm.completion.data.batch_negatives import read_of_others
from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def write_codes_of_arguments(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], defaults: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such scores of their arguments; ``keys`` are what is bound, ``defaults`` whether a code that
    nothing says is a default network's."""
    scores = {
        call.head
        for each in statements
        for big in each.body.all(tree.Big)
        if (others := read_of_others(big, each.body))
        for call in big.body.all(tree.Call)
        if any(arg in others for arg in call.args)
    }
    text = _Text(list(statements), keys)
    for place, each in enumerate(statements):
        match each.body:
            case tree.Chain((tree.Call() as left, body), ("=" | ":=",)) if left.head in scores:
                made = text.of_arguments(left, body, defaults)
                text.statements[place] = each.with_body(replace(each.body, members=(left, made)))
    return text.statements, text.notes


class _Text(Defaults):
    def of_arguments(self, left: tree.Call, body: tree.Node, defaults: bool) -> tree.Node:
        """The body of a score, its codes as networks of the arguments."""
        arguments = {each.sub: each for each in left.args if isinstance(each, tree.Symbol) and len(each.sub) == 1}
        letters = {each.letter for each in arguments.values()}
        put: dict[tree.Node, tree.Node] = {}
        for each in body.walk():
            if not isinstance(each, tree.Symbol) or each.letter in letters or each.sub not in arguments or each in put:
                continue
            argument = arguments[each.sub]
            index = _letter(each.sub[0])
            if index is None or isinstance(each.sub[0], tree.Symbol):
                continue  # of the present step, whichever example the score is of
            made = self._code(each, argument)
            if made is None and defaults and not self.is_said(each.letter, each.accents):
                name = replace(each, sub=())
                self.add(rf"{name.latex()}_{index} = g_{{\mathrm{{enc}}}}({argument.letter}_{index})", each.span)
                made = self._code(each, argument)
            if made is not None:
                put[each] = made
                self.notes.append(Note(f"{each} of {left} is {made}", each.span))
        return _put(body, put)

    def _code(self, code: tree.Symbol, argument: tree.Symbol) -> tree.Node | None:
        """``g(x_{t+k})`` for ``z_{t+k}``, where ``z_t = g(x_t)`` reads nothing else of the step."""
        for each in self.statements:
            match each.body:
                case tree.Chain((tree.Symbol(sub=(at,)) as left, body), ("=" | ":=",)) if plain(at) is not None:
                    own = [node for node in body.all(tree.Symbol) if at in node.sub]
                    if (
                        replace(left, sub=()) == replace(code, sub=())
                        and own
                        and set(own) == {replace(argument, sub=(at,))}
                    ):
                        return _put(body, {own[0]: argument})
        return None


def _letter(step: tree.Node) -> str | None:
    """t of ``t + k``."""
    return plain(step.terms[0]) if isinstance(step, tree.Add) else plain(step)


def _put(node: tree.Node, put: Mapping[tree.Node, tree.Node]) -> tree.Node:
    return put[node] if node in put else map_children(node, lambda each: _put(each, put))
