r"""Functionals of distributions that papers call by a name, written as divergences.

    I_q(x; z), I(x; z)       MI[q(z|x) || q(z)]: the mean of KL[q(z|x) || q(z)] over the data
    TC(z), TC(q(z))          KL[q(z) || \prod_j q(z_j)]
    MMD^2(q, p)              MMD[q || p]: its square is what is estimated, and what papers call MMD

The kernel of an MMD is applied here to a variable and a copy of it, ``k(z, z')``: a definition of it is unfolded as any
function's is. The term keeps the name that the text gives it. A name that the text defines, or that is bound, is left
alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.kinds import binder_names, spelling
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.syntax import tree

INFORMATION = frozenset(("I", "calI", "MI"))
CORRELATION = frozenset(("TC", "calTC"))
#: Indices of the entries of a vector, the first that the text does not use otherwise.
ENTRY_INDICES = ("j", "d", "l", "i", "k")


def write_functionals(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with named functionals as divergences, and what was decided. ``bound`` are the bindings' keys."""
    writer = _Writer(statements, bound)
    out = [each.with_body(writer.statement(each.body)) for each in statements]
    return [*out, *writer.added], writer.notes


class _Writer:
    """Writes the functionals of one text as divergences."""

    def __init__(self, statements: Sequence[tree.Statement], bound: Sequence[tree.Node]):
        self.bodies = [each.body for each in statements]
        self.nodes = [each for body in self.bodies for each in body.walk()]
        self.keys = [each for each in bound if isinstance(each, tree.Call | tree.Symbol)]
        self.known = {*self.keys, *(each.members[0] for each in self.bodies if isinstance(each, tree.Chain))}
        self.heads = {each.head if isinstance(each, tree.Call) else each for each in self.known}
        self.calls = [each for each in (*self.nodes, *self.keys) if isinstance(each, tree.Call)]
        self.notes: list[Note] = []
        self.added: list[tree.Statement] = []

    def statement(self, body: tree.Node) -> tree.Node:
        """A statement's body; what a chain begins with is a name."""
        if isinstance(body, tree.Chain):
            return replace(body, members=(body.members[0], *map(self.written, body.members[1:])))
        return self.written(body)

    def written(self, node: tree.Node) -> tree.Node:
        """An expression with its functionals written out."""
        match node:
            case tree.Power(base=tree.Divergence(name="MMD") as base, exponent=tree.Number("2")):
                return self._discrepancy(base, str(node))
            case tree.Divergence(name="MMD"):
                return self._discrepancy(node, str(node))
            case tree.Call(head=tree.Symbol() as head) if head not in self.heads and not head.accents:
                if spelling(head) in INFORMATION and (made := self._information(node)) is not None:
                    return made
                if spelling(head) in CORRELATION and (made := self._correlation(node)) is not None:
                    return made
        return map_children(node, self.written)

    # -- mutual information --------------------------------------------------------------------------------

    def _information(self, call: tree.Call) -> tree.Node | None:
        both = (*call.args, *(call.params or ()))
        if call.given is not None or len(both) != 2 or not all(isinstance(each, tree.Symbol) for each in both):
            return None
        letters = {each.letter for each in call.head.children if isinstance(each, tree.Symbol)} & {"q", "p", "Q", "P"}
        density = self._conditional(both[0], both[1], letters) or self._conditional(both[1], both[0], letters)
        if density is None:
            return None
        marginal = tree.Call(density.head, density.args, span=call.span)
        left = tree.Call(density.head, density.args, density.given, span=call.span)
        self._declare_marginal(left, marginal, call)
        self.notes.append(Note(f"{call} is the mean of KL[{left} || {marginal}] over the data", call.span))
        return tree.Labelled(tree.Divergence("MI", left, marginal, span=call.span), str(call), span=call.span)

    def _conditional(self, given: tree.Node, over: tree.Node, letters: set[str]) -> tree.Call | None:
        """The density of one variable given the other: an encoder, never a likelihood beside one."""
        found = [each for each in self.calls if self._is_conditional(each, over, given, letters)]
        found.sort(
            key=lambda each: each.head.letter not in POSTERIOR_LETTERS if isinstance(each.head, tree.Symbol) else True
        )
        return found[0] if found else None

    def _is_conditional(self, call: tree.Call, over: tree.Node, given: tree.Node, letters: set[str]) -> bool:
        if not is_density_call(call) or call.args != (over,) or call.given != (given,):
            return False
        assert isinstance(call.head, tree.Symbol)
        if letters and call.head.letter not in letters:
            return False
        if (
            call.head.letter not in POSTERIOR_LETTERS
            and isinstance(given, tree.Symbol)
            and given.letter in NOISE_LETTERS
        ):
            return False  # p(x|z) is a likelihood: z is no data
        return not any(
            each.head == call.head and each.args == (given,) and each.given == (over,) for each in self.calls
        )

    def _declare_marginal(self, density: tree.Call, marginal: tree.Call, call: tree.Call) -> None:
        """``p(z) = E_{p_data(x)}[p(z|x)]`` where nothing says what p(z) is; q(z) is understood anyway."""
        assert isinstance(density.head, tree.Symbol)
        same = [each for each in self.known if isinstance(each, tree.Call) and each.args == marginal.args]
        if any(each.given is None and spelling(each.head) == spelling(density.head) for each in same):
            self.notes.append(Note(f"{marginal} in {call} is the one that is given", call.span))
            return
        if density.head.letter in POSTERIOR_LETTERS:
            return
        source = tree.Call(_data(density), density.given or (), span=call.span)
        mean = tree.Expect((source,), density, span=call.span)
        self.added.append(tree.Statement(tree.Chain((marginal, mean), ("=",), span=call.span), span=call.span))

    # -- total correlation -----------------------------------------------------------------------------------

    def _correlation(self, call: tree.Call) -> tree.Node | None:
        if call.given is not None or call.params is not None or len(call.args) != 1:
            return None
        inside = call.args[0]
        if isinstance(inside, tree.Symbol):
            over = [each for each in self.calls if each.args == (inside,) and is_density_call(each)]
            heads = [each.head for each in over if isinstance(each.head, tree.Symbol)]
            heads.sort(key=lambda head: head.letter not in POSTERIOR_LETTERS)
            if not heads:
                return None
            density = tree.Call(heads[0], (inside,), span=call.span)
        elif isinstance(inside, tree.Call) and is_density_call(inside) and len(inside.args) == 1:
            density = inside
        else:
            return None
        variable = density.args[0]
        if not isinstance(variable, tree.Symbol):
            return None
        index = tree.Symbol(self._index(), span=call.span)
        entry = replace(density, args=(replace(variable, sub=(*variable.sub, index)),))
        product = tree.Big("prod", (index,), None, entry, span=call.span)
        self.notes.append(Note(f"{call} is KL[{density} || {product}]", call.span))
        return tree.Labelled(tree.Divergence("KL", density, product, span=call.span), str(call), span=call.span)

    def _index(self) -> str:
        """A letter that the text uses for nothing but the index of a sum without a bound."""
        bound = {
            name
            for each in self.nodes
            if isinstance(each, tree.Big)
            for name, upper in binder_names(each)
            if upper is None
        }
        used = {plain(each) for each in self.nodes if isinstance(each, tree.Symbol)}
        return next((letter for letter in ENTRY_INDICES if letter in bound or letter not in used), "j")

    # -- maximum mean discrepancy ----------------------------------------------------------------------------

    def _discrepancy(self, node: tree.Divergence, text: str) -> tree.Node:
        """The divergence with its kernel at a variable and its copy, under the name that the text gives the term."""
        variable = _variable(node.left) or _variable(node.right)
        if variable is None or len(node.sub) > 1 or not all(isinstance(each, tree.Symbol) for each in node.sub):
            return node
        kernel = node.sub[0] if node.sub else tree.Symbol("k", span=node.span)
        copy = replace(variable, accents=(*variable.accents, "prime"))
        made = replace(node, sub=(tree.Call(kernel, (variable, copy), span=kernel.span),))
        return tree.Labelled(made, text, span=node.span)


def _variable(side: tree.Node) -> tree.Symbol | None:
    """What a side is a density of."""
    if isinstance(side, tree.Call) and len(side.args) == 1 and isinstance(side.args[0], tree.Symbol):
        return side.args[0] if is_density_call(side) else None
    return None


def _data(like: tree.Call) -> tree.Symbol:
    assert isinstance(like.head, tree.Symbol)
    return tree.Symbol("p", sub=(tree.Symbol("data", span=like.span),), span=like.span)
