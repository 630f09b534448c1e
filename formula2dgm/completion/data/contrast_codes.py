r"""Codes and contexts that a contrast between steps reads and that the text leaves to its prose:
``\frac{\exp(z_{t+k}^\top W_k c_t)}{\sum_{x_j \in X} \exp(z_j^\top W_k c_t)}``.

Where the elements of the set are x and the values that are compared are z, z is a network of x at each step. The
context c, or the state h, at the step from which a later one is predicted is what is known up to there, a network of
``z_{\le t}``. Values whose origin nothing says, z of ``\sum_{j \in B}``, are data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.data.batch_negatives import Step, read_of_others
from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

#: Letters of what is known up to a step.
_CONTEXTS = frozenset(("c", "h"))
#: Letters of batches, whose small letters are their elements.
_BATCHES = frozenset(("X", "Y"))


def write_contrast_codes(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such codes and contexts, and what was decided; ``keys`` are what is bound."""
    text = _Codes(list(statements), keys)
    for each in statements:
        sums = each.body.all(tree.Big)
        for big in sums:
            for symbol, step in read_of_others(big, each.body).items():
                text.written(big, replace(symbol, sub=()), step, each.body)
    return text.statements, text.notes


class _Codes(Defaults):
    def written(self, big: tree.Big, code: tree.Symbol, step: Step, body: tree.Node) -> None:
        """Say what the code and the context of a contrast are."""
        element = _element(big)
        code = replace(code, accents=step.stem.accents, sup=step.stem.sup)
        if element is not None and element != code.letter and not self._is_known(code):
            self.add(rf"{code.latex()}_{step.letter} = g_{{\mathrm{{enc}}}}({element}_{step.letter})", code.span)
        if step.by is None or isinstance(step.by, tree.Neg):
            return  # a context of the steps so far would hold what it is to predict
        code = self._code_of(code, step.letter) or code
        contexts = [each for each in dict.fromkeys(body.walk()) if _is_context(each, step.letter)]
        unknown = [each for each in contexts if isinstance(each, tree.Symbol) and not self._is_known(each)]
        if len(unknown) == 1 and unknown[0].letter != code.letter:
            self.add(
                rf"{unknown[0].latex()} = g_{{\mathrm{{ar}}}}({code.latex()}_{{\le {step.letter}}})", unknown[0].span
            )

    def _code_of(self, values: tree.Symbol, index: str) -> tree.Symbol | None:
        """z, where the text says ``z_t = g(x_t)`` of the values x that are compared."""
        for chain in self.chains():
            match chain:
                case tree.Chain(
                    (tree.Symbol(sub=(at,)) as left, tree.Call(args=(tree.Symbol() as read,))), ("=" | ":=",)
                ):
                    if plain(at) == index and read == replace(values, sub=(at,)):
                        return replace(left, sub=())
        return None

    def _is_known(self, symbol: tree.Symbol) -> bool:
        """Does a statement, a binding or a density say something of the letter?"""
        calls = (each for each in self.nodes() if isinstance(each, tree.Call) and is_density_call(each))
        over = (part for call in calls for each in call.children for part in each.walk())
        return self.is_said(symbol.letter, symbol.accents) or any(
            isinstance(each, tree.Symbol) and each.letter == symbol.letter for each in over
        )


def _element(big: tree.Big) -> str | None:
    """x of ``\\sum_{x_j \\in X}`` and of ``\\sum_{j \\in X}``."""
    match big.binders[0]:
        case tree.Relates(tree.Symbol(sub=(_,)) as left, "in", _):
            return left.letter
        case tree.Relates(_, "in", tree.Symbol(letter=letter)) if letter in _BATCHES:
            return letter.lower()
    return None


def _is_context(node: tree.Node, letter: str) -> bool:
    return (
        isinstance(node, tree.Symbol)
        and node.letter in _CONTEXTS
        and not (node.accents or node.sup)
        and [plain(each) for each in node.sub] == [letter]
    )
