"""What a chosen display needs of the rest of its document: the definitions of its names, and of theirs in turn.

A name that the display binds itself (the variable of a density, what an expectation draws, an index) needs only its
space. Of several definitions of one name the nearest counts, and of two as near the one before; of several equations of
one path, ``dz/dt = f(z, t)``, the nearest of those whose function the display reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from formula2dgm.reading.kinds import binder_names, find_indices, find_parameters
from formula2dgm.reading.names import mentions, read_name
from formula2dgm.reading.path_needs import Paths
from formula2dgm.reading.signature import is_density_call, read_signature
from formula2dgm.reading.spaces import is_constraint, read_space
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree

_DEFINES = frozenset({"=", ":=", "~", "propto"})
_STARS = frozenset({"star", "ast", "*"})
Key = tuple[object, ...]


def needed(statements: Sequence[tree.Statement], chosen: Sequence[int]) -> list[int]:
    """The places of the statements that those at the places ``chosen`` need, in the order of the document.

    >>> from formula2dgm.syntax import parse
    >>> text = "z in R^8; beta = 4; gamma = 2; p(z) = N(z; 0, I); L = E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]"
    >>> needed(parse(text)[0], [4])
    [0, 1, 3]
    """
    return _Search(statements, chosen).run()


class _Search:
    def __init__(self, statements: Sequence[tree.Statement], chosen: Sequence[int]):
        self.bodies = [each.body for each in statements]
        self.chosen = list(chosen)
        self.indices, _ = find_indices(self.bodies)
        self.parameters = find_parameters(self.bodies, self.indices)
        # What a density of the chosen statements is over is no value of something else.
        self.over = self._ids(each for place in chosen for each in _variables(_computed(self.bodies[place])))
        self.choices = self._ids(each for body in self.bodies for each in _chosen(body))
        self.paths = Paths(self.bodies)
        self.places: dict[Key, list[int]] = defaultdict(list)
        for place, body in enumerate(self.bodies):
            for key in (*self._defined(body), *(("path", each) for each in self.paths.said_in(body))):
                self.places[key].append(place)

    def run(self) -> list[int]:
        """The places that are needed and not chosen, in order."""
        taken: dict[int, None] = dict.fromkeys(self.chosen)
        waiting = list(self.chosen)
        while waiting:
            for key in self._used(self.bodies[waiting.pop()]):
                for place in self._definitions(key):
                    if place not in taken:
                        taken[place] = None
                        waiting.append(place)
        return sorted(set(taken) - set(self.chosen))

    def _definitions(self, key: Key) -> Iterator[int]:
        """Where a name is defined; nowhere if a chosen statement defines it. ``h_t`` and ``h_0`` are both needed of
        ``h_t``; of ``h_0`` what is said of that step, or else of any."""
        if key[0] == "path":
            said = self.places.get(key, [])
            equations = [place for place in said if self.paths.is_equation(self.bodies[place])]
            own = set(equations) & set(self.chosen)
            read = [each for each in equations if self._reads_its_function(self.bodies[each])]
            nearest = own or ({min(read or equations, key=self._distance)} if equations else set())
            yield from (place for place in said if place in nearest or place not in equations)
            return
        steps = key[0] in ("value", "draw")
        at = str(key[-1]) if steps else ""
        defined: dict[str, list[int]] = defaultdict(list)
        for place in self.places.get(key[:-1] if steps else key, []):
            defined[self._step(place) if steps else ""].append(place)
        if at:
            defined = {each: places for each, places in defined.items() if each == (at if at in defined else "")}
        for places in defined.values():
            if set(places).isdisjoint(self.chosen):
                yield min(places, key=self._distance)

    def _reads_its_function(self, equation: tree.Node) -> bool:
        """Does a chosen statement read the function of an equation, v of ``dz/dt = v(z, t)``?"""
        heads = self.paths.functions_in(equation)
        wanted = (each for place in self.chosen for each in self.bodies[place].all(tree.Call))
        return any(each.head in heads for each in wanted)

    def _distance(self, place: int) -> tuple[int, bool]:
        """How far a statement is from what is chosen; of two as far, the one before is nearer."""
        return min((abs(place - own), place > own) for own in self.chosen)

    def _step(self, place: int) -> str:
        """The numbered step of what is defined at a place; empty where it is defined at any step."""
        body = self.bodies[place]
        symbols = _symbols(body.members[0]) if isinstance(body, tree.Chain) else []
        return self._step_of(symbols[0]) if symbols else ""

    def _step_of(self, symbol: tree.Symbol) -> str:
        index = read_name(symbol, self.indices).index
        return " ".join(str(each) for each in index if not mentions(each, self.indices))

    # -- what a statement defines --------------------------------------------------------------------------

    def _defined(self, body: tree.Node) -> Iterator[Key]:
        if not isinstance(body, tree.Chain):
            return
        left, relation = body.members[0], body.relations[0]
        if relation == "in":
            if read_space(body.members[1]) is None and not is_constraint(body):
                return  # prose: x \in \mathcal{M}
            yield from (("space", self._id(each)) for each in _symbols(left))
        elif relation in _DEFINES and isinstance(left, tree.Call) and isinstance(left.head, tree.Symbol):
            if _is_optimum(left.head) or is_written_family(left):
                return  # \mathcal{N}(\mu, \sigma^2) = \mu + \sigma \epsilon says nothing of a name
            yield from self._densities(left) if is_density_call(left) else [("function", self._head(left.head))]
            if set(body.relations) <= {"=", ":="}:  # p_0(x|x_1) = p(x) = N(x; 0, I) says what p(x) is, too
                between = (each for each in body.members[1:-1] if isinstance(each, tree.Call) and is_density_call(each))
                yield from (key for each in between for key in self._densities(each))
        elif relation in _DEFINES:
            what = "draw" if relation == "~" else "value"
            yield from ((what, *self._written(each)) for each in _symbols(left))

    def _densities(self, call: tree.Call) -> list[Key]:
        """How a density may be written where it is used: in full, at other values of its variables, without them."""
        found = read_signature(call, self.indices, self.parameters)
        ways: tuple[tuple[object, ...], ...] = (found.ids, found.bases, found.group)
        return [("density", found.head, *each) for each in ways]

    def _first_step(self, call: tree.Call) -> Iterator[Key]:
        """The density of a chain's first step: p(z_1) beside p(z_t|z_{t-1})."""
        found = read_signature(call, self.indices, self.parameters)
        variables, givens = found.ids
        if variables & givens:
            yield "density", found.head, variables, givens - variables

    def _joint(self, posterior: tree.Node) -> Iterator[Key]:
        """The joint of a model whose posterior p(z|x) is compared: p(x, z)."""
        if isinstance(posterior, tree.Call) and posterior.given and is_density_call(posterior):
            found = read_signature(posterior, self.indices, self.parameters)
            variables, givens = found.ids
            yield "density", found.head, variables | givens, type(givens)()

    # -- what a statement uses -----------------------------------------------------------------------------

    def _used(self, body: tree.Node) -> Iterator[Key]:
        """What of a statement has to be known: all its names have spaces, but only its last member is computed."""
        for node in body.walk():
            if isinstance(node, tree.Symbol):
                yield "space", self._id(node)
        yield from (("path", each) for each in self.paths.read_in(body))
        bound: frozenset[str] = frozenset()
        if isinstance(body, tree.Chain) and isinstance(body.members[0], tree.Call):
            left = body.members[0]
            bound = self._ids((*left.args, *(left.given or ()), *(left.params or ())))
        elif isinstance(body, tree.Chain) and body.relations[0] == "~":
            bound = self._ids(_symbols(body.members[0]))
        for key in self._free(_computed(body), bound):
            if key[0] != "value" or key[1] not in self.over:
                yield key

    def _free(self, node: tree.Node, bound: frozenset[str]) -> Iterator[Key]:
        """The names that are used in a node, those in ``bound`` aside; scripts of names are left out."""
        bound |= self._bound_by(node)
        children = list(node.children)
        if isinstance(node, tree.Symbol):
            head = read_name(node, self.indices, head=True)
            yield from (("density", head.id, *head.group), ("function", head.id))
            if self._id(node) not in bound:
                yield from ((what, *self._written(node), self._step_of(node)) for what in ("value", "draw"))
            chosen = (each for each in _symbols(tree.Tuple(node.sub, span=node.span)) if self._id(each) in self.choices)
            yield from (("value", *self._written(each), "") for each in chosen if self._id(each) not in bound)
            return
        if isinstance(node, tree.Expect):
            # What an expectation names is drawn: by what another statement says of its draw, not by its value.
            bare = {id(each): _without_power(each) for each in node.binders}
            named = [each for each in bare.values() if isinstance(each, tree.Symbol)]
            for each in named:
                head = read_name(each, self.indices, head=True)
                yield "density", head.id, *head.group
            yield from (("draw", *self._written(each), self._step_of(each)) for each in named)
            children = [each for each in children if not isinstance(bare.get(id(each)), tree.Symbol)]
            bound |= self._ids(named)
        if isinstance(node, tree.Optimise) and isinstance(node.body, tree.Divergence):
            yield from self._joint(node.body.right)
        if isinstance(node, tree.Call) and is_density_call(node):
            yield from self._densities(node)[:-1]
            yield from self._first_step(node)
            children = [each for each in children if each is not node.head]
        for child in children:
            yield from self._free(child, bound)

    def _bound_by(self, node: tree.Node) -> frozenset[str]:
        """The names that a node gives a meaning itself; a bare name under an expectation has none yet."""
        match node:
            case tree.Big():
                return frozenset(name for name, _ in binder_names(node))
            case tree.Expect(binders=binders):
                calls = [each for item in binders if isinstance(item, tree.Call) for each in item.args]
                draws = [each for item in binders if isinstance(item, tree.Draws) for each in item.names]
                return self._ids((*calls, *draws))
            case tree.Divergence() | tree.Func(name="H"):
                return self._ids(_variables(node, inside=True))
            case tree.Integral(variables=names) | tree.Optimise(names=names):
                return self._ids(names)
        return frozenset()

    def _ids(self, nodes: Iterable[tree.Node]) -> frozenset[str]:
        return frozenset(map(self._id, _all_symbols(nodes)))

    def _id(self, symbol: tree.Symbol) -> str:
        return read_name(symbol, self.indices).id

    def _head(self, symbol: tree.Symbol) -> str:
        return read_name(symbol, self.indices, head=True).id

    def _written(self, symbol: tree.Symbol) -> tuple[str, bool]:
        """A name, and whether it is read at a position: what is said of ``beta`` says nothing about ``beta_s``."""
        name = read_name(symbol, self.indices)
        return name.id, bool(name.index)


def _is_optimum(head: tree.Symbol) -> bool:
    """``s_{\\theta^*}(x) = ...``: what holds of the best network is no definition of it."""
    return any(
        isinstance(each, tree.Symbol) and each.letter in _STARS
        for script in (*head.sub, *head.sup)
        for each in script.walk()
    )


def _without_power(node: tree.Node) -> tree.Node:
    """The variable of ``E_{\\psi^{0:K}}``, whose superscript may be read as a power yet."""
    return node.base if isinstance(node, tree.Power) else node


def _chosen(body: tree.Node) -> list[tree.Symbol]:
    """The index that ``k = \\arg\\min_j \\|z_e(x) - e_j\\|`` defines: where it stands below a name it is looked up."""
    if not isinstance(body, tree.Chain) or body.relations[0] not in ("=", ":="):
        return []
    last = body.members[-1]
    choice = isinstance(last, tree.Optimise | tree.Big) and last.op in ("argmin", "argmax")
    return _symbols(body.members[0]) if choice else []


def _computed(body: tree.Node) -> tree.Node:
    return body.members[-1] if isinstance(body, tree.Chain) else body


def _variables(node: tree.Node, inside: bool = False) -> Iterator[tree.Node]:
    """What the densities in a node are over, those in divergences aside unless it is ``inside`` one."""
    if isinstance(node, tree.Call) and is_density_call(node):
        yield from node.args
    if inside or not isinstance(node, tree.Divergence):
        for child in node.children:
            yield from _variables(child, inside)


def _symbols(left: tree.Node) -> list[tree.Symbol]:
    """The names on the left of a relation."""
    items = left.items if isinstance(left, tree.Tuple) else (left,)
    return [each for each in items if isinstance(each, tree.Symbol)]


def _all_symbols(nodes: Iterable[tree.Node]) -> Iterator[tree.Symbol]:
    for node in nodes:
        target = node.name if isinstance(node, tree.Binds) else node
        yield from _symbols(target)
