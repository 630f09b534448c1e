r"""Reconstructions of which nothing says what makes them: ``\hat x`` of ``\|x - \hat x\|^2``.

A variable with a hat, in a difference from the same variable without one, is what a network makes of the latent
variable of the text; where the text has none, of x itself: an autoencoder. Where nothing draws the latent variable
around it, it is drawn from the approximation that the text has over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.syntax import tree

#: Names of the network, the first that the text does not use.
_NETWORKS = ("f", "g", "h", "decoder")


def write_reconstructions(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such reconstructions as values of a network, and what was decided; ``keys`` are what is
    bound."""
    return _Reconstructions.completed(statements, keys)


class _Reconstructions(Defaults):
    def complete(self) -> None:
        """Write out each reconstruction that is compared with what it is of."""
        for made in list(dict.fromkeys(found for each in self.nodes() for found in _compared(each))):
            data = replace(made, accents=())
            if self._is_known(made) or self._is_made(data):
                continue
            letters = {each.letter for each in self.nodes() if isinstance(each, tree.Symbol)}
            network = tree.Symbol(next((each for each in _NETWORKS if each not in letters), "ff"), span=made.span)
            source = self._posterior(data)
            self._refuse_doubtful(made, data)
            if source is None and (made.letter != "x" or any(map(_has_draws, self.nodes()))):
                continue
            of = source.args[0] if source is not None else data
            call = tree.Call(network, (of,), span=made.span)
            where = f", {of} drawn from {source}" if source is not None else ""
            if made.sub or made.sup:
                if source is None:  # entries: the vector is defined
                    whole = replace(made, sub=(), sup=()), replace(data, sub=(), sup=())
                    self.add(f"{whole[0].latex()} = {network.latex()}({whole[1].latex()})", made.span)
                continue
            self.notes.append(Note(f"{made} is {call}, what a network makes of {of}{where}", made.span))
            self.statements = [
                each.with_body(_written(each.body, made, call, source, frozenset())) for each in self.statements
            ]

    def _is_known(self, made: tree.Symbol) -> bool:
        """Does the text define, draw or bind it, apply it, or hand it to something?"""
        heads = [*self.left_sides(), *self.keys]
        if any(_bare(made) == _bare(each.head if isinstance(each, tree.Call) else each) for each in heads):
            return True
        calls = [each for each in self.nodes() if isinstance(each, tree.Call)]
        read = {_bare(item) for each in calls for item in (each.head, *each.args, *(each.given or ()))}
        return _bare(made) in read or self.is_drawn(made)

    def _is_made(self, data: tree.Symbol) -> bool:
        """Is what it would be a reconstruction of defined itself?"""
        return any(_bare(data) == _bare(each) for each in self.left_sides())

    def _refuse_doubtful(self, made: tree.Symbol, data: tree.Symbol) -> None:
        """A reconstruction where the text draws several latent variables."""
        own = (each for each in self.nodes() if isinstance(each, tree.Call) and _is_approximation(each))
        over = {str(arg) for each in own for arg in each.args if arg != data}
        if len(over) > 1:
            listed = ", ".join(sorted(over))
            raise FormulaError(
                Diagnostic(
                    "F2D-0582",
                    "error",
                    f"{made} is a reconstruction of {data}, and nothing says of which of {listed}",
                    made.span,
                    f"define it, {made} = f({listed}); or say that it is data, {made} \\in \\mathbb{{R}}^{{64}}",
                )
            )

    def _posterior(self, data: tree.Symbol) -> tree.Call | None:
        """The approximation over the latent variable, given the data: the only one of the text."""
        own = [each for each in self.nodes() if isinstance(each, tree.Call) and _is_approximation(each)]
        over = dict.fromkeys(each.args for each in own if each.args != (data,))
        if len(over) != 1 or len(next(iter(over))) != 1:
            return None
        given = [each for each in own if each.given]
        if len(set(given)) > 1 or any(data not in (each.given or ()) for each in given):
            return None
        return given[0] if given else replace(own[0], given=(data,))


def _compared(node: tree.Node) -> Iterator[tree.Symbol]:
    r"""``\hat x`` of ``x - \hat x``."""
    match node:
        case tree.Add((tree.Symbol() as one, tree.Neg(tree.Symbol() as other))):
            pairs = [(one, other), (other, one)]
        case _:
            return
    for data, made in pairs:
        if made.accents == ("hat",) and replace(made, accents=()) == data:
            yield made


def _is_approximation(call: tree.Call) -> bool:
    return is_density_call(call) and isinstance(call.head, tree.Symbol) and call.head.letter in POSTERIOR_LETTERS


def _has_draws(node: tree.Node) -> bool:
    return isinstance(node, tree.Call) and is_density_call(node)


def _bare(node: tree.Node) -> tree.Node:
    return replace(node, sub=(), sup=()) if isinstance(node, tree.Symbol) else node


def _written(
    node: tree.Node, made: tree.Symbol, call: tree.Call, source: tree.Call | None, around: frozenset[tree.Node]
) -> tree.Node:
    """The node with the call, under the draw of what it is given."""
    if isinstance(node, tree.Expect):
        drawn = {name for each in node.binders for name in _drawn(each)}
        if source is not None and call.args[0] not in around | drawn and _holds(node.body, made):
            node, drawn = replace(node, binders=(*node.binders, source)), {*drawn, *source.args}
        around = around | drawn
    if isinstance(node, tree.Norm | tree.Power) and source is not None and call.args[0] not in around:
        if _holds(node, made):
            inner = _written(node, made, call, source, around | set(source.args))
            return tree.Expect((source,), inner, span=node.span)
    if node == made:
        return replace(call, span=node.span)
    return map_children(node, lambda each: _written(each, made, call, source, around))


def _holds(node: tree.Node, made: tree.Symbol) -> bool:
    return any(each == made for each in node.walk())


def _drawn(binder: tree.Node) -> tuple[tree.Node, ...]:
    match binder:
        case tree.Draws(names=names):
            return names
        case tree.Call(args=args):
            return args
    return ()
