r"""What an expectation is over that does not say it, and what a divergence is given that it does not draw.

    E[\log p(x|z)] - KL[q(z|x) \| p(z)]                E_{q(z|x)}[\log p(x|z)]
    E_z[\log p(x|z)] - KL[q(z|x) \| p(z)]              E_{q(z|x)}[\log p(x|z)]
    \max_{q(z)} E[\log p(x, z)] + H(q(z))              E_{q(z)}[\log p(x, z)]
    E[\log p(x, z) - \log q(z|x)]                      E_{q(z|x)}[...]
    ... - KL[q(z_2|z_1) \| p(z_2)]                     E_{q(z_1|x)} KL[q(z_2|z_1) \| p(z_2)]
    ... - KL[q(z_1|x) \| p(z_1|z_2)]                   E_{q(z_1|x) q(z_2|z_1)}[\log q(z_1|x) - \log p(z_1|z_2)]

Each variable that nothing around draws is drawn from the only density over it that the text draws from: the left side
of a divergence, what an entropy is of, what an operator optimises, the subscript of another expectation; or the
approximation that is scored under this very expectation. Where there are several, nothing is decided, nor under a
function: ``\log E[p(x|z)]`` is the evidence where z is drawn from its prior, and else a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.names import read_name
from formula2dgm.reading.rewrite import listed, map_children, replace
from formula2dgm.reading.scopes import Names, bound_by, occurs_free
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.syntax import tree


def write_draws(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with these draws written out, and what was decided."""
    writer = _Writer(statements)
    return [each.with_body(writer.written(each.body, frozenset())) for each in statements], writer.notes


class _Writer:
    """Writes the draws of one text."""

    def __init__(self, statements: Sequence[tree.Statement]):
        bodies = [each.body for each in statements]
        self.names = Names.of(bodies, frozenset())
        self.drawn = list(dict.fromkeys(each for body in bodies for each in _drawn_from(body)))
        self.over = self._over(self.drawn)
        self.compared = [each for body in bodies for each in _compared_with_priors(body)]
        chains = [each for each in bodies if isinstance(each, tree.Chain) and each.relations[0] != "in"]
        lefts = [item for each in chains for item in _items(each.members[0])]
        self.said = self._ids(lefts)
        self.notes: list[Note] = []

    def written(self, node: tree.Node, around: frozenset[str]) -> tree.Node:
        """The node with its draws, where ``around`` are the ids of what is bound."""
        match node:
            case tree.Prefix() | tree.Func() | tree.Power() if not _is_linear(node):
                return node
            case tree.Expect(binders=(), given=None):
                sources = self._sources((node.body,), around, _scored(node.body))
                if sources:
                    self.notes.append(Note(f"{node} is over {listed(sources)}", node.span))
                    node = replace(node, binders=tuple(sources))
            case tree.Expect(binders=(tree.Symbol() as name,), given=None):
                if (source := self._approximation(name)) is not None:
                    self.notes.append(Note(f"{node} is over {source}, and not the prior of {name}", node.span))
                    node = replace(node, binders=(source,))
            case tree.Divergence(left=left) | tree.Func(name="H", args=(left,)):
                over = self._over(_factors(left))
                sources = self._sources(_givens(node), around, (), over)
                return self._given(node, left, sources) if sources else node
        inner = around | bound_by(node, self.names) if isinstance(node, tree.Expect) else around
        if isinstance(node, tree.Call):
            return replace(node, args=tuple(self.written(each, inner) for each in node.args))
        return map_children(node, lambda each: self.written(each, inner))

    def _approximation(self, name: tree.Symbol) -> tree.Call | None:
        """The only approximation that a divergence of the text compares with a prior of this name, which the text draws
        from nothing: ``E_z`` beside ``KL[q(z|x) || p(z)]`` is over q(z|x)."""
        own = read_name(name, self.names.indices).id
        if own in self.said:
            return None
        sources = _without_marginals([each for each in self.compared if own in self._ids(each.args)])
        return sources[0] if len(sources) == 1 and sources[0].args == (name,) else None

    def _given(self, node: tree.Node, left: tree.Node, sources: list[tree.Call]) -> tree.Node:
        """A divergence or an entropy under the draws of what it is given."""
        over = self._over(_factors(left))
        drawn = self._over(sources)
        elsewhere = self._ids(arg for call in sources if call not in _factors(left) for arg in call.args)
        if not over & drawn or over & elsewhere:  # q(z|x) draws a z of its own, whatever draws x
            self.notes.append(Note(f"{node} is averaged over {listed(sources)}: what it is given", node.span))
            return tree.Expect(tuple(sources), node, span=node.span)
        if not isinstance(node, tree.Divergence) or node.name != "KL":
            return node
        self.notes.append(
            Note(f"{node} is averaged over {listed(sources)}: what it is given depends on what it is over", node.span)
        )
        log_left, log_right = (tree.Prefix("log", side, span=side.span) for side in (node.left, node.right))
        ratio = tree.Add((log_left, tree.Neg(log_right, span=log_right.span)), span=node.span)
        return tree.Labelled(tree.Expect(tuple(sources), ratio, span=node.span), str(node), span=node.span)

    def _sources(
        self,
        nodes: Sequence[tree.Node],
        around: frozenset[str],
        scored: Iterable[tree.Call],
        over: frozenset[str] = frozenset(),
    ) -> list[tree.Call]:
        """The densities of what the nodes read and nothing draws, among those drawn from and those ``scored``, parents
        first; none where one is not known. What a divergence is ``over`` it draws itself."""
        drawn = [*self.drawn, *scored]
        latent = (self.over | self._over(drawn[len(self.drawn) :])) - around - self.said
        read = (id for id in latent - over if any(occurs_free(each, frozenset((id,)), self.names) for each in nodes))
        found: list[tree.Call] = []
        waiting = sorted(read)
        while waiting:
            own = waiting.pop()
            if own in self._over(found):
                continue
            sources = _without_marginals([each for each in drawn if own in self._ids(each.args)])
            if len(sources) != 1:
                return []
            found.insert(0, sources[0])
            waiting += sorted(self._ids(sources[0].given or ()) & latent)
        return found

    def _over(self, calls: Iterable[tree.Call]) -> frozenset[str]:
        return self._ids(arg for call in calls for arg in call.args)

    def _ids(self, nodes: Iterable[tree.Node]) -> frozenset[str]:
        return frozenset(read_name(each, self.names.indices).id for each in nodes if isinstance(each, tree.Symbol))


def _items(node: tree.Node) -> tuple[tree.Node, ...]:
    return node.items if isinstance(node, tree.Tuple) else (node,)


def _is_linear(node: tree.Node) -> bool:
    return isinstance(node, tree.Func) and node.name in ("mean", "sum", "H")


def _factors(side: tree.Node) -> tuple[tree.Call, ...]:
    parts = side.factors if isinstance(side, tree.Mul) else (side,)
    return tuple(each for each in parts if isinstance(each, tree.Call) and is_density_call(each))


def _givens(node: tree.Node) -> list[tree.Node]:
    """What the densities of a divergence or an entropy are given."""
    return [each for call in node.all(tree.Call) for each in call.given or ()]


def _drawn_from(body: tree.Node) -> Iterator[tree.Call]:
    """The densities that a text draws from, or is about: those of expectations, and approximations elsewhere."""
    for node in body.walk():
        match node:
            case tree.Expect(binders=binders):
                yield from (each for each in binders if isinstance(each, tree.Call) and is_density_call(each))
                drawn = (each.density for each in binders if isinstance(each, tree.Draws))
                yield from (each for each in drawn if isinstance(each, tree.Call) and is_density_call(each))
            case tree.Divergence(left=side) | tree.Func(name="H", args=(side,)):
                yield from filter(_is_approximation, _factors(side))
            case tree.Optimise(names=names):
                yield from (each for name in names for each in _factors(name))


def _compared_with_priors(body: tree.Node) -> Iterator[tree.Call]:
    """q(z|x) of ``KL[q(z|x) || p(z)]``, whose prior p(z) is given nothing."""
    for node in body.walk():
        if isinstance(node, tree.Divergence) and isinstance(node.right, tree.Call) and not node.right.given:
            yield from filter(_is_approximation, (each for each in _factors(node.left) if each is node.left))


def _is_approximation(call: tree.Call) -> bool:
    return call.given is not None or (isinstance(call.head, tree.Symbol) and call.head.letter in POSTERIOR_LETTERS)


def _scored(body: tree.Node) -> list[tree.Call]:
    """The approximations that are scored beside a density of another letter: q of ``E[log p(x, z) - log q(z|x)]``."""
    calls = [each for each in body.all(tree.Call) if is_density_call(each)]
    own = [each for each in calls if isinstance(each.head, tree.Symbol) and each.head.letter in POSTERIOR_LETTERS]
    others = [each for each in calls if each not in own]
    read = {slot for each in others for slot in (*each.args, *(each.given or ()))}
    return [each for each in dict.fromkeys(own) if set(each.args) <= read]


def _without_marginals(calls: Sequence[tree.Call]) -> list[tree.Call]:
    """``q(z)`` beside ``q(z|x)`` is its marginal: what is read with x is drawn given x."""
    found = list(dict.fromkeys(calls))
    given = {(each.head, each.args) for each in found if each.given}
    return [each for each in found if each.given or (each.head, each.args) not in given]
