r"""What ``q(\tilde x|x)`` is in a text that does not say it: noise around x, ``\mathcal{N}(\tilde x; x, \sigma^2 I)``.

Of a density without parameters over a variable with a tilde, given the same variable without one. A \sigma below its
letter is the width of the noise, a number of its own, and no parameters. Where nothing draws ``\tilde x``, it is drawn
from that density.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.default_statements import Defaults
from formula2dgm.reading import Note
from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_kernels(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such noise, and what was decided; ``keys`` are what is bound."""
    return _Kernels.completed(statements, keys)


class _Kernels(Defaults):
    def complete(self) -> None:
        """Declare the noise of each such density."""
        found = dict.fromkeys(each for each in self.nodes() if isinstance(each, tree.Call) and is_kernel(each))
        said = {*self.left_sides(), *self.keys}
        if any(isinstance(each, tree.Call) and is_kernel(each) for each in said):
            return
        for call in found:
            head, noised, clean = call.head, call.args[0], (call.given or ())[0]
            assert isinstance(head, tree.Symbol) and isinstance(noised, tree.Symbol)
            if any(isinstance(each, tree.Call) and each.head == SIGMA for each in self.nodes()):
                continue  # \sigma(t), or the logistic function
            bare = replace(head, sub=())
            if head != bare:
                self.statements = [replace(each, body=_renamed(each.body, head, bare)) for each in self.statements]
                self.notes.append(Note(f"sigma in {head} is the width of its noise", head.span))
            named = f"{bare.latex()}({noised.latex()}|{clean.latex()})"
            law = rf"\mathcal{{N}}({noised.latex()}; {clean.latex()}, \sigma^2 I)"
            self.add(f"{named} = {law}", call.span)
            if not self.is_drawn(noised):
                self.add(rf"{noised.latex()} \sim {named}", call.span)


SIGMA = tree.Symbol("sigma", span=None)  # type: ignore[arg-type]


def is_kernel(call: tree.Call) -> bool:
    r"""``q(\tilde x|x)`` or ``q_\sigma(\tilde x|x)``."""
    head = call.head
    if not is_density_call(call) or not isinstance(head, tree.Symbol) or call.params or head.sup:
        return False
    groups = {each for each in head.sub if isinstance(each, tree.Symbol) and each.letter in GREEK_GROUPS}
    match call.args, call.given:
        case (tree.Symbol(accents=("tilde",)) as noised,), (tree.Symbol() as clean,):
            return replace(noised, accents=()) == clean and groups <= {SIGMA} and len(groups) == len(head.sub)
    return False


def _renamed(node: tree.Node, old: tree.Symbol, new: tree.Symbol) -> tree.Node:
    if node == old:
        return replace(new, span=node.span)
    return map_children(node, lambda each: _renamed(each, old, new))
