r"""Noise of a level that a variable carries: ``q(x_\sigma|x)`` is ``\mathcal{N}(x_\sigma; x, \sigma^2 I)``.

q(x_0, x_\sigma)                       x_0 is data, x_\sigma drawn from q(x_\sigma|x_0), an x beside them x_0
E_{x, \sigma, \epsilon}[f(x_\sigma)]   x_\sigma = x + \sigma \epsilon
E_{u(\sigma)}, E_\sigma                \log\sigma is uniform, \sigma from 0.002 to 80, as far as the samplers of
                                       Karras et al. 2022 go; u(\sigma) elsewhere is the density that this is
\lambda(\sigma)                        one weight, the same at every level

What the text says of any of these holds. A level that nothing draws is a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_paths import NOISE
from formula2dgm.completion.processes.default_statements import Defaults, is_zero, placed
from formula2dgm.completion.processes.unsaid_processes import names_of
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.brackets import brackets
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.records import dataclass
from formula2dgm.syntax import parse_one, tree

#: The least level, how many times it the greatest is, and letters for where a level lies between them.
LEAST, RATIO, PLACES = "0.002", "40000", ("s", "r", "v", "k")
#: Letters of weights.
WEIGHTS = ("lambda", "w", "omega")


@dataclass(frozen=True, slots=True)
class _Kernel:
    """``q(x_\\sigma|x)``: its letter, what it is over and given."""

    head: tree.Symbol
    noised: tree.Symbol
    clean: tree.Symbol

    @property
    def call(self) -> str:
        return f"{replace(self.head, sub=()).latex()}({self.noised.latex()}|{self.clean.latex()})"


def write_noise_at_levels(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such noise, and what was decided; ``keys`` are what is bound."""
    text = _Levels(list(statements), keys)
    text.complete()
    return text.statements, text.notes


class _Levels(Defaults):
    def complete(self) -> None:
        """Declare the noise, and the law of its level where the text draws it."""
        kernel = next((found for each in self.nodes() if (found := _kernel(each)) is not None), None)
        said = any(_is_level(each) for left in self._lefts() for each in left.walk())
        if kernel is None:
            if not self._mix():
                return
        elif self._declares(kernel):
            return
        else:
            self._refuse_others(kernel)
            law = rf"\mathcal{{N}}({kernel.noised.latex()}; {kernel.clean.latex()}, \sigma^2 I)"
            self._put(lambda node: self._split(self._bare(node, kernel), kernel))
            self._name_data(kernel)
            self.add(f"{kernel.call} = {law}", kernel.noised.span)
        if not said:
            self._draw_level()
        elif not any(isinstance(each, tree.Call) and _is_law(each) for each in self._lefts()):
            self._put(_without_law)  # the text says what sigma is drawn from

    def _put(self, change: Callable[[tree.Node], tree.Node]) -> None:
        self.statements = [each.with_body(change(each.body)) for each in self.statements]

    def _lefts(self) -> list[tree.Node]:
        """What the text speaks of, but for densities of what has noise."""
        sides = [*(each for each in self.left_sides() if not names_objective(each)), *self.keys]
        return [each for each in sides if not isinstance(each, tree.Call) or each.given is None]

    def _declares(self, kernel: _Kernel) -> bool:
        """Does the text, or a binding, say what has noise: by a density of it, or by what it is made of?"""
        sides = (*self.left_sides(), *self.keys)
        return any(each == kernel.noised or kernel.noised in _over(each) for each in sides)

    def _refuse_others(self, kernel: _Kernel) -> None:
        """Another level of the same variable, ``q(x_\\rho|x_\\sigma, x)``: nothing says how far it is from this one."""
        for each in self.nodes():
            if isinstance(each, tree.Call) and each.head == kernel.head and kernel.noised in (each.given or ()):
                message = f"{each} is noise between two levels, and nothing says which"
                hint = "write what it is, or count the levels as steps: q(x_{t-1}|x_t, x_0)"
                raise FormulaError(Diagnostic("F2D-0555", "error", message, each.span, hint))

    def _bare(self, node: tree.Node, kernel: _Kernel) -> tree.Node:
        """``q_\\sigma(x_\\sigma|x)`` without the level below its letter: it is no parameter."""
        node = map_children(node, lambda each: self._bare(each, kernel))
        if not isinstance(node, tree.Call) or node.head != kernel.head or not kernel.head.sub:
            return node
        made = replace(node, head=replace(kernel.head, sub=(), span=node.head.span))
        self.say(f"{node} is {made}", node.span)
        return made

    def _split(self, node: tree.Node, kernel: _Kernel) -> tree.Node:
        """``E_{q(x_0, x_\\sigma)}`` as one over the data, and over noise around them."""
        node = map_children(node, lambda each: self._split(each, kernel))
        if not isinstance(node, tree.Expect):
            return node
        binders: list[tree.Node] = []
        for each in node.binders:
            if isinstance(each, tree.Call) and each.given is None and set(each.args) == {kernel.noised, kernel.clean}:
                first = tree.Draws((kernel.clean,), placed(parse_one("p_{data}"), each.span), span=each.span)
                second = placed(parse_one(kernel.call), each.span)
                self.say(f"{each} is the law of the data and {second}", each.span)
                binders += [first, second]
            else:
                binders.append(each)
        return node if binders == list(node.binders) else replace(node, binders=tuple(binders))

    def _name_data(self, kernel: _Kernel) -> None:
        """An x that nothing draws or defines, beside ``x_0``, is ``x_0``."""
        bare = replace(kernel.clean, sub=())
        said = self.is_drawn(bare) or bare in (*self.left_sides(), *self.keys)
        bound = any(bare in each.binders for each in self.nodes() if isinstance(each, tree.Expect))
        if kernel.clean.sub and not said and not bound and bare in self.nodes():
            self.say(f"{bare} is {kernel.clean}, the data", kernel.clean.span)
            self._put(lambda node: _exchanged(node, bare, kernel.clean))

    def _mix(self) -> bool:
        """``E_{x, \\sigma, \\epsilon}`` around an ``x_\\sigma`` that nothing says: data, and noise of that level."""
        for binders, expectation in (found for each in self.statements for found in brackets(each.body)):
            names = [name for each in binders for name in names_of(each) if isinstance(name, tree.Symbol)]
            noise = [each for each in names if each.letter in NOISE and not each.sub]
            if len(noise) != 1 or not any(_is_level(each) for each in names):
                continue
            for clean in (each for each in names if each not in noise and (not each.sub or is_zero(each.sub[0]))):
                noised = replace(clean, sub=(_level(clean),))
                known = self.is_drawn(noised) or noised in (*self.left_sides(), *self.keys, *names)
                if noised in expectation.body.walk() and not known:
                    mixed = rf"{noised.latex()} = {clean.latex()} + \sigma {noise[0].latex()}"
                    self.add(mixed, expectation.span)
                    return True
        return False

    def _draw_level(self) -> None:
        """A level that a bracket draws and of which nothing is said: its logarithm is uniform."""
        brackets_of = [each for each in self.nodes() if isinstance(each, tree.Expect)]
        laws = [each for bracket in brackets_of for each in bracket.binders if _draws_level(each)]
        if not laws:
            if any(isinstance(each, tree.Call) and any(map(_is_level, each.args)) for each in self.nodes()):
                self.add(r"\sigma = 1", next(self.nodes()).span)
            return
        calls = {each.density if isinstance(each, tree.Draws) else each for each in laws}
        used = {plain(each) for each in self.nodes()}
        place = next((each for each in PLACES if each not in used), PLACES[0])
        drawn = parse_one(rf"E_{{{place} \sim \mathcal{{U}}(0, 1)}} 1")
        assert isinstance(drawn, tree.Expect)

        def written(node: tree.Node) -> tree.Node:
            if isinstance(node, tree.Expect):
                binders = (placed(drawn.binders[0], each.span) if _draws_level(each) else each for each in node.binders)
                node = replace(node, binders=tuple(binders))
            elif isinstance(node, tree.Call) and node in calls:
                density = placed(parse_one(rf"\frac{{1}}{{\sigma \log {RATIO}}}"), node.span)
                self.say(f"{node} is {density}, its density", node.span)
                return density
            elif (weight := _weight(node)) is not None and node not in self._lefts() and weight not in self.keys:
                self.say(f"{node} is {weight}, the same at every sigma", node.span)
                return weight
            return map_children(node, written)

        self._put(written)
        span = laws[0].span
        said = f"log sigma is uniform, from log {LEAST} to log {float(LEAST) * float(RATIO):g}"
        self.add(rf"\sigma = {LEAST} \cdot {RATIO}^{place}", span, said)


def _kernel(node: tree.Node) -> _Kernel | None:
    """``q(x_\\sigma|x)``, ``q_\\sigma(x_\\sigma|x_0)``, ``q(x_0, x_\\sigma)``; None of anything else."""
    if not isinstance(node, tree.Call) or not is_density_call(node) or node.params:
        return None
    head, slots = node.head, (*node.args, *(node.given or ()))
    noised = [each for each in node.args if isinstance(each, tree.Symbol) and list(map(_is_level, each.sub)) == [True]]
    clean = [each for each in slots if isinstance(each, tree.Symbol) and each not in noised]
    if len(noised) != 1 or len(slots) != 2 or len(clean) != 1 or not isinstance(head, tree.Symbol):
        return None
    data = clean[0]
    if letter_of(data) != letter_of(noised[0]) or data.sup or (data.sub and not is_zero(data.sub[0])):
        return None
    if any(not _is_level(each) for each in head.sub) or head.sup or (node.given is not None and data in node.args):
        return None
    return _Kernel(head, noised[0], data)


def _is_level(node: tree.Node) -> bool:
    return plain(node) == "sigma"


def _level(like: tree.Node) -> tree.Symbol:
    return tree.Symbol("sigma", span=like.span)


def _over(left: tree.Node) -> tuple[tree.Node, ...]:
    """What a density is over."""
    return left.args if isinstance(left, tree.Call) else ()


def _draws_level(binder: tree.Node) -> bool:
    """``\\sigma``, ``u(\\sigma)``, ``\\sigma \\sim p(\\sigma)``: a level, and no word of its law."""
    if isinstance(binder, tree.Draws):
        law = binder.density
        bare = isinstance(law, tree.Symbol) or _is_law(law)
        return bare and [plain(each) for each in binder.names] == ["sigma"]
    return _is_level(binder) or _is_law(binder)


def _is_law(node: tree.Node) -> bool:
    """``u(\\sigma)``."""
    if not isinstance(node, tree.Call) or node.given is not None or node.params:
        return False
    return isinstance(node.head, tree.Symbol) and [plain(each) for each in node.args] == ["sigma"]


def _weight(node: tree.Node) -> tree.Symbol | None:
    """The letter of ``\\lambda(\\sigma)``, ``\\lambda^x(\\sigma)``."""
    if not isinstance(node, tree.Call) or node.given is not None or [plain(each) for each in node.args] != ["sigma"]:
        return None
    head = node.head.base if isinstance(node.head, tree.Power) else node.head
    is_weight = isinstance(head, tree.Symbol) and head.letter in WEIGHTS and not head.sub and not head.accents
    return head if is_weight else None  # type: ignore[return-value]


def _without_law(node: tree.Node) -> tree.Node:
    """``E_{\\sigma \\sim p(\\sigma)}`` as ``E_\\sigma``."""
    node = map_children(node, _without_law)
    if not isinstance(node, tree.Expect) or not any(map(_draws_level, node.binders)):
        return node
    return replace(node, binders=tuple(_level(each) if _draws_level(each) else each for each in node.binders))


def _exchanged(node: tree.Node, old: tree.Symbol, new: tree.Symbol) -> tree.Node:
    if node == old:
        return replace(new, span=node.span)
    if isinstance(node, tree.Symbol):
        return node  # its scripts are labels
    return map_children(node, lambda each: _exchanged(each, old, new))
