"""Names: which decorations of a symbol are part of it, and which are an index into it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from formula2dgm.reading.positions import reads_position
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

#: Subscripts of a density, a network or a loss that name its parameters.
GREEK_GROUPS = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
    "phi varphi chi psi omega Theta Phi Psi Omega Lambda Xi".split()
)


class _Spelled:
    """What a name keeps of how it is spelled."""

    __slots__ = ("_base", "_id")
    _base: str
    _id: str


@dataclass(frozen=True, slots=True)
class Name(_Spelled):
    """A symbol as the resolver sees it.

    ``labels`` (numbers, text, capitals) are part of the name, ``group`` names its parameters, ``index`` are the
    expressions that read it at a position; the index takes no part in equality.  ``positions`` are the labels that say
    at which drawn step it is: ``t_1`` of ``z_{t_1}``.
    """

    letter: str
    accents: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    style: str = ""
    index: tuple[tree.Node, ...] = field(default=(), compare=False)
    positions: tuple[str, ...] = field(default=(), compare=False)

    @property
    def id(self) -> str:
        """The name as an identifier, without group and index: ``x_hat``, ``z_1``, ``p_data``."""
        try:
            return self._id
        except AttributeError:
            object.__setattr__(self, "_id", "_".join([self.style + self.letter, *self.accents, *self.labels]))
            return self._id

    @property
    def full(self) -> str:
        """``id`` with the parameter group: ``f_theta``."""
        return "_".join([self.id, *self.group])

    @property
    def base(self) -> str:
        """What two uses of one density share: the letter and literal numbers, no accents, no other labels."""
        try:
            return self._base
        except AttributeError:
            numbers = (label for label in self.labels if label.isdigit())
            object.__setattr__(self, "_base", "_".join([self.style + self.letter, *numbers]))
            return self._base


#: Where an item stands among the scripts of a name: above or below, how many stand there, and which of them it is.
Place = tuple[str, int, int]


class Indices(frozenset[str]):
    """The names of indices; ``steps`` are the places where the scripts of a letter are steps of one variable, numbers
    and the names in ``last`` included: ``z_0`` and ``z_T`` beside ``z_t``, but for those in ``labels``. ``positions``
    are names that are drawn or defined and say at which step all is read but the letters ``own``, which are drawn there
    themselves. ``groups`` are parameters whose letter below is part of their name, ``theta_t`` beside ``theta_s``."""

    steps: frozenset[tuple[str, Place]]
    last: frozenset[str]
    labels: frozenset[tuple[str, Place, str]]
    positions: frozenset[str]
    own: frozenset[str]
    groups: frozenset[str]

    def __new__(
        cls,
        names: Iterable[str] = (),
        steps: frozenset[tuple[str, Place]] = frozenset(),
        last: frozenset[str] = frozenset(),
        labels: frozenset[tuple[str, Place, str]] = frozenset(),
    ) -> Indices:
        made = super().__new__(cls, names)
        made.steps, made.last, made.labels = steps, last, labels
        made.positions = made.own = made.groups = frozenset()
        return made

    def at(self, positions: frozenset[str], own: frozenset[str]) -> Indices:
        """The same, with positions that are drawn."""
        made = Indices(self, self.steps, self.last, self.labels)
        made.positions, made.own, made.groups = positions, own, self.groups
        return made

    def with_groups(self, groups: frozenset[str]) -> Indices:
        """The same, with parameters that a letter tells apart."""
        made = self.at(self.positions, self.own)
        made.groups = groups
        return made

    def widened(self, names: Iterable[str]) -> Indices:
        """The same, with more names of indices."""
        made = Indices(self | frozenset(names), self.steps, self.last, self.labels)
        return made.at(self.positions, self.own).with_groups(self.groups)

    def reads_position(self, item: tree.Node) -> bool:
        """Is this script a step that is drawn: ``t_1``, ``t_1 + 1``?"""
        return bool(self.positions) and reads_position(item, self.positions)

    def is_named(self, symbol: tree.Symbol) -> bool:
        """Is a number below the symbol part of its name, beside steps of its letter: ``x_0`` of ``q(x_t|x_0)``?"""
        letter = "_".join([symbol.style + symbol.letter, *symbol.accents])
        return any(
            isinstance(item, tree.Number) and (letter, place, item.text) in self.labels
            for place, item in scripts(symbol)
        )

    def reads_step(self, letter: str, place: Place, item: tree.Node) -> bool:
        """Is this script of the letter one step: ``0``, ``T``, ``T - 1``?"""
        labelled = isinstance(item, tree.Number) and (letter, place, item.text) in self.labels
        if labelled or (letter, place) not in self.steps:
            return False
        first = item.terms[0] if isinstance(item, tree.Add) else item
        return isinstance(item, tree.Number) or plain(first) in self.last


def scripts(symbol: tree.Symbol) -> Iterator[tuple[Place, tree.Node]]:
    """The items of a name's scripts, each with its place."""
    for side, items in (("sub", symbol.sub), ("sup", symbol.sup)):
        for position, item in enumerate(items):
            yield (side, len(items), position), item


def plain(node: tree.Node) -> str | None:
    """The identifier of an undecorated or accented symbol; None for anything else."""
    if isinstance(node, tree.Symbol) and not node.sub and not node.sup:
        return "_".join([node.style + node.letter, *node.accents])
    return None


def mentions(node: tree.Node, names: frozenset[str] | set[str]) -> bool:
    """Does one of these plain names occur in the node, index positions included?"""
    return any(plain(each) in names for each in node.walk())


def read_name(symbol: tree.Symbol, indices: frozenset[str] | set[str], head: bool = False) -> Name:
    """Read a symbol's decorations.

    indices   the index names that are bound (``k``, ``t``): a subscript that mentions one is an index; so is a number
              or a last step where :class:`Indices` say that the variable is read at steps
    head      the symbol is applied to arguments or is a loss, so that a Greek subscript is a parameter group
    """
    if not isinstance(indices, frozenset):
        return _read(symbol, indices, head)
    slot = "_head" if head else "_name"
    kept = getattr(symbol, slot, None)
    if kept is not None and kept[0] is indices:
        return kept[1]
    name = _read(symbol, indices, head)
    object.__setattr__(symbol, slot, (indices, name))
    return name


def _read(symbol: tree.Symbol, indices: frozenset[str] | set[str], head: bool) -> Name:
    if not symbol.sub and not symbol.sup:
        return Name(symbol.letter, symbol.accents, (), (), symbol.style)
    labels: list[str] = []
    group: list[str] = []
    index: list[tree.Node] = []
    positions: list[str] = []
    letter = "_".join([symbol.style + symbol.letter, *symbol.accents])
    for place, item in scripts(symbol):
        name = plain(item)
        step = isinstance(indices, Indices) and indices.reads_step(letter, place, item)
        drawn = isinstance(indices, Indices) and indices.reads_position(item)
        if drawn and isinstance(indices, Indices) and letter in indices.own and not mentions(item, indices):
            labels.append(label_of(item))
            positions.append(labels[-1])
        elif drawn or step or isinstance(item, tree.Range | tree.OpenRange) or mentions(item, indices):
            index.append(item)
        elif isinstance(item, tree.Number):
            labels.append(item.text)
        elif head and isinstance(item, tree.Symbol) and item.letter in GREEK_GROUPS and item in symbol.sub:
            group.append(_group(item, indices))
        elif head and isinstance(item, tree.Func) and item.name == "sg" and _names_group(item.args):
            group.append("sg_" + _group(item.args[0], indices))
        elif name is not None:
            labels.append(name)
        else:
            labels.append(label_of(item))
    return Name(
        symbol.letter, symbol.accents, tuple(labels), tuple(group), symbol.style, tuple(index), tuple(positions)
    )


def label_of(item: tree.Node) -> str:
    """What is no plain name, spelled as one: ``t_1``, ``T_minus_1``, and ``ar`` of the letters of ``g_{ar}``."""
    if isinstance(item, tree.Mul) and not any(item.ops) and all(len(plain(each) or "") == 1 for each in item.factors):
        return "".join(plain(each) or "" for each in item.factors)
    name = plain(item)
    text = str(item).replace("-", " minus ").replace("+", " plus ")
    return name if name is not None else re.sub(r"\W+", "_", text).strip("_") or "index"


def _names_group(args: tuple[tree.Node, ...]) -> bool:
    return len(args) == 1 and isinstance(args[0], tree.Symbol) and args[0].letter in GREEK_GROUPS


#: Words that are no label but a sign or a letter of their own.
_SIGNS = GREEK_GROUPS | frozenset("varepsilon ell star ast minus plus prime infty dagger top nabla".split())


def is_group_word(item: tree.Node) -> bool:
    """Does a word tell one group of parameters from another of its letter: ``enc`` of ``\\theta_{enc}``?"""
    return isinstance(item, tree.Symbol) and not (item.sub or item.sup or item.accents) and _is_word(item.letter)


def _is_word(letter: str) -> bool:
    return letter in ("T", "S") or (len(letter) > 1 and letter not in _SIGNS)


def _group(item: tree.Node, indices: frozenset[str] | set[str]) -> str:
    """``\\phi``, ``\\bar\\phi``, ``\\theta^-``, ``\\theta_{old}``, ``\\theta_1``: each is a group of its own."""
    assert isinstance(item, tree.Symbol)
    labels = [
        each
        for each in item.sub
        if isinstance(each, tree.Number) or (is_group_word(each) and not mentions(each, indices))
    ]
    if isinstance(indices, Indices) and indices.groups:
        labels = [each for each in item.sub if each in labels or f"{item.letter}_{label_of(each)}" in indices.groups]
    return "_".join([item.letter, *item.accents, *map(label_of, labels), *map(label_of, item.sup)])


def without_index(symbol: tree.Symbol, indices: frozenset[str] | set[str]) -> tree.Symbol:
    """The symbol without the positions it is read at: ``z_k`` is z, ``x_{t-1}`` is x."""
    index = read_name(symbol, indices).index
    return replace(
        symbol,
        sub=tuple(each for each in symbol.sub if each not in index),
        sup=tuple(each for each in symbol.sup if each not in index),
    )


def identifier(text: str) -> str:
    """A Python identifier that reads like a piece of formula: ``q(z|x)`` is ``q_z_given_x``."""
    spelled = text.replace("|", " given ").replace("'", " prime ").replace("=", " at ")
    return re.sub(r"\W+", "_", spelled).strip("_") or "unnamed"
