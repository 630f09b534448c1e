r"""What ``q(\tilde x|x)`` is in a text that does not say it: noise around x, ``\mathcal{N}(\tilde x; x, \sigma^2 I)``.

Of a density without parameters over a variable with a tilde, given the same variable without one. A \sigma below its
letter is the width of the noise, a number of its own, and no parameters; so is one below the letter of a density whose
written law reads it, ``q_\sigma(\tilde x|x) = \mathcal{N}(\tilde x; x, \sigma^2 I)``. Where nothing draws
``\tilde x``, it is drawn from that density. A bracket over x and ``\tilde x`` alone says its noise by the score that a
network is fitted to, ``(\tilde x - x) / \sigma^2``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.reading import Note
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
        for wide in dict.fromkeys(_wide(each) for each in self.chains()):
            if wide is not None:
                self._unsubscript(wide)
        found = dict.fromkeys(each for each in self.nodes() if isinstance(each, tree.Call) and is_kernel(each))
        said = {*self.left_sides(), *self.keys}
        if any(isinstance(each, tree.Call) and is_kernel(each) for each in said):
            return
        for call in found:
            head, noised, clean = call.head, call.args[0], (call.given or ())[0]
            assert isinstance(head, tree.Symbol) and isinstance(noised, tree.Symbol)
            if any(isinstance(each, tree.Call) and each.head == SIGMA for each in self.nodes()):
                continue  # \sigma(t), or the logistic function
            width = head.sub[0] if head.sub else SIGMA
            bare = head if width != SIGMA else replace(head, sub=())  # of each level its own law
            if head != bare:
                self._unsubscript(head)
            named = f"{bare.latex()}({noised.latex()}|{clean.latex()})"
            law = rf"\mathcal{{N}}({noised.latex()}; {clean.latex()}, {width.latex()}^2 I)"
            self.add(f"{named} = {law}", call.span)
            if not self.is_drawn(noised):
                self.add(rf"{noised.latex()} \sim {named}", call.span)
        if not found:
            self._by_score()

    def _by_score(self) -> None:
        """``E_{x, \\tilde x}`` around ``(\\tilde x - x) / \\sigma^2``: the score of noise says what the noise is."""
        said = {*self.left_sides(), *self.keys}
        for node in self.nodes():
            if not isinstance(node, tree.Expect):
                continue
            for noised in [
                each for each in node.binders if isinstance(each, tree.Symbol) and each.accents == ("tilde",)
            ]:
                clean = replace(noised, accents=())
                scores = any(_is_score(each, noised, clean) for each in node.body.walk())
                if clean in node.binders and scores and noised not in said and not self.is_drawn(noised):
                    law = rf"\mathcal{{N}}({clean.latex()}, \sigma^2 I)"
                    self.add(rf"{noised.latex()} \sim {law}", noised.span)
                    if SIGMA not in said and not self.is_drawn(SIGMA) and not _binds(self, SIGMA):
                        self.add(r"\sigma = 1", noised.span)
                    return

    def _unsubscript(self, head: tree.Symbol) -> None:
        """The density by its letter alone."""
        bare = replace(head, sub=())
        self.statements = [each.with_body(_renamed(each.body, head, bare)) for each in self.statements]
        self.notes.append(Note(f"{head.sub[0]} in {head} is the width of its noise", head.span))


SIGMA = tree.Symbol("sigma", span=None)  # type: ignore[arg-type]


def _is_score(node: tree.Node, noised: tree.Symbol, clean: tree.Symbol) -> bool:
    r"""``(\tilde x - x) / \sigma^2``, of either sign."""
    match node:
        case tree.Div(tree.Add((first, tree.Neg(second))), tree.Power(base, tree.Number("2"))):
            return base == SIGMA and {first, second} == {noised, clean}
    return False


def _binds(text: Defaults, name: tree.Symbol) -> bool:
    return any(name in each.binders for each in text.nodes() if isinstance(each, tree.Expect))


def is_kernel(call: tree.Call) -> bool:
    r"""``q(\tilde x|x)``, ``q_\sigma(\tilde x|x)`` or, of one level, ``q_{\sigma_i}(\tilde x|x)``."""
    head = call.head
    if not is_density_call(call) or not isinstance(head, tree.Symbol) or call.params or head.sup:
        return False
    match call.args, call.given:
        case (tree.Symbol(accents=("tilde",)) as noised,), (tree.Symbol() as clean,):
            return replace(noised, accents=()) == clean and len(head.sub) <= 1 and all(map(_is_width, head.sub))
    return False


def _is_width(node: tree.Node) -> bool:
    """``\\sigma``, or that of a level, ``\\sigma_i``."""
    return isinstance(node, tree.Symbol) and replace(node, sub=()) == SIGMA and len(node.sub) <= 1


def _wide(chain: tree.Chain) -> tree.Symbol | None:
    r"""The head of ``q_\sigma(\tilde x|x) = \mathcal{N}(...; \sigma^2 I)``."""
    left, right = chain.members[0], chain.members[-1]
    if not isinstance(left, tree.Call) or not is_density_call(left) or not isinstance(left.head, tree.Symbol):
        return None
    law = (right.params or right.given or ()) if isinstance(right, tree.Call) else ()
    reads = any(_reads(each) for each in law) and SIGMA not in (*left.args, *(left.given or ()))
    return left.head if left.head.sub == (SIGMA,) and not left.head.sup and reads else None


def _reads(node: tree.Node) -> bool:
    r"""Is sigma a value in an expression, and no subscript or function: not ``f_\sigma(x)``, ``\sigma(x)``?"""
    if isinstance(node, tree.Symbol):
        return node == SIGMA
    head = node.head if isinstance(node, tree.Call) else None
    return any(_reads(each) for each in node.children if each is not head)


def _renamed(node: tree.Node, old: tree.Symbol, new: tree.Symbol) -> tree.Node:
    if node == old:
        return replace(new, span=node.span)
    return map_children(node, lambda each: _renamed(each, old, new))
