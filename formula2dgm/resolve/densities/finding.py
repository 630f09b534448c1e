"""Finding the density that a formula means: by name, at other values, or as a product of what is there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import field, replace
from difflib import get_close_matches

from formula2dgm.bindings import Binding
from formula2dgm.reading.compared import Apart, without_group
from formula2dgm.reading.signature import Signature
from formula2dgm.records import dataclass
from formula2dgm.resolve.densities.factorisation import covers
from formula2dgm.resolve.densities.listed import Listed, letter_of
from formula2dgm.resolve.densities.pairing import at_other_values, is_at_other_values, paired
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Density:
    """A density the program has: bound by the user (``binding``), declared by a statement, or scaffolded (neither);
    ``cases``: bound one value of a given at a time, ``p(x|z=0)``, ``p(x|z=1)``."""

    signature: Signature
    binding: Binding | None = None
    declared: Declared | None = None
    cases: tuple[Case, ...] = ()

    @property
    def label(self) -> str:
        return self.binding.key.text if self.binding else self.signature.label


@dataclass(frozen=True, slots=True)
class Case:
    """The density at one value of a given, ``p(x|z=0)``, as it is bound (``call``); ``slot`` is the given's place."""

    slot: int
    value: int
    call: tree.Call
    density: Density


@dataclass(frozen=True, slots=True)
class Use:
    """A density at the values a formula gives it: for each of its slots, what stands there; and where (``call``);
    ``stopped``: no gradient passes through it, ``sg[q(z|x)]``; ``frozen``: its parameters are held constant, and the
    gradient of what it is given is kept, ``q_{\\bar\\phi}(z|x)``."""

    density: Density
    variables: tuple[tree.Node, ...]
    given: tuple[tree.Node, ...]
    renamed: bool = False
    call: tree.Node | None = None
    stopped: bool = False
    frozen: bool = False

    def given_but(self, slot: int) -> tuple[tree.Node, ...]:
        """What stands for the givens beside one."""
        return (*self.given[:slot], *self.given[slot + 1 :])


@dataclass(slots=True)
class Densities:
    """All densities, and which of them the formula used.

    ``open``: what is missing is made by default. ``tensors``: the names that are bound to tensors, hence values.
    ``apart``: densities that are two with parameters and without, as the text compares them.
    """

    all: Listed = field(default_factory=Listed)
    open: bool = False
    tensors: frozenset[str] = frozenset()
    apart: frozenset[Apart] = frozenset()
    used: set[str] = field(default_factory=set)

    def find(self, wanted: Signature) -> Use | None:
        """The one density that the signature names, or None. Exact names first, then the same letters at other
        values, then the only one of that letter and arity whose variables the formula never uses elsewhere."""
        for match, near in self._ways(wanted):
            hits = [use for each in near if (use := match(each, wanted)) is not None]
            if len(hits) > 1:
                hits = [each for each in hits if each.density.signature.group == wanted.group] or hits
            if len(hits) > 1:
                raise Ambiguous([each.density for each in hits])
            if hits:
                self.used.add(hits[0].density.label)
                return hits[0]
        return None

    def _ways(self, wanted: Signature) -> Iterator[tuple[Callable[[Density, Signature], Use | None], list[Density]]]:
        """How a density may be meant, each way with those that it may find."""
        head = wanted.head

        def near(key: str, value: Hashable) -> list[Density]:
            return [each for each in self.all.by(key, value) if self._same_group(each.signature, wanted)]

        yield _by_id, near("ids", (head, wanted.ids))
        yield _by_base, near("bases", (head, wanted.bases))
        if self.tensors:
            yield self._at_a_tensor, near("head", head)
        if None in wanted.given:
            yield _at_expressions, near("head", head)
        if not self.open:
            yield self._by_arity, near("head", head)

    def _same_head(self, one: Signature, wanted: Signature) -> bool:
        return one.head == wanted.head and self._same_group(one, wanted)

    def _same_group(self, one: Signature, wanted: Signature) -> bool:
        named = one.group == wanted.group
        return named or (not (one.group and wanted.group) and without_group(one) not in self.apart)

    def _at_a_tensor(self, density: Density, wanted: Signature) -> Use | None:
        """``q(z|u_k)`` for ``q(z|x)``, where u is bound to a tensor: the density given that value."""
        own = density.signature
        if own.ids[0] != wanted.ids[0] or own.arity != wanted.arity or len(wanted.given) != 1:
            return None
        given = wanted.given[0]
        if given is None or given.id not in self.tensors:
            return None
        use = _use_by_id(replace(density, signature=replace(own, given=wanted.given)), wanted)
        return replace(use, density=density, renamed=True)

    def _by_arity(self, density: Density, wanted: Signature) -> Use | None:
        """The density under other names: only where every one of them is new, and nothing is made by default."""
        if self.open or density.signature.arity != wanted.arity or None in wanted.variables:
            return None
        known = {name.base for each in self.all for name in (*each.signature.variables, *each.signature.given) if name}
        if any(name is not None and name.base in known for name in (*wanted.variables, *wanted.given)):
            return None
        count = len(wanted.variables)
        return Use(density, wanted.slots[:count], wanted.slots[count:], renamed=True)

    def knows(self, wanted: Signature) -> bool:
        """Is there a density, or a product of some, that the signature names; or several?"""
        try:
            return self.find(wanted) is not None or self.factorise(wanted) is not None
        except Ambiguous:
            return True

    def factorise(self, wanted: Signature) -> list[Use] | None:
        """Factors of the same letter whose product is the wanted joint, parents first; None if there are none.

        Factors with labels or groups of their own (``p_prior(z)``, ``p_lambda(z)``) complete a joint, but one factor
        at least must carry the joint's group: ``p_psi(x, z)`` is no product of ``p_theta(x|z)`` and ``p(z)``.
        """
        if None in wanted.variables or len(wanted.ids[0]) < len(wanted.variables):
            return None
        for same, key in ((self._same_head, "over"), (_same_letter, "letter over")):
            near = [
                each
                for each in self.all.by(key, *((wanted.head, name) for name in wanted.ids[0]))
                if same(each.signature, wanted) and None not in each.signature.variables and not self._is_joint(each)
            ]
            products = [each for each in covers(near, wanted) if _carries_group(each, wanted)]
            if len(products) > 1:
                raise Ambiguous([each for product in products for each in product])
            if products:
                self.used |= {each.label for each in products[0]}
                return [_use_by_id(each, wanted) for each in products[0]]
        return None

    @staticmethod
    def _is_joint(density: Density) -> bool:
        return density.declared is not None and density.declared.kind == "factors"

    def near_names(self, wanted: Signature) -> str:
        """For an error: a did-you-mean and the list of what there is."""
        labels = [each.label for each in self.all]
        close = get_close_matches(wanted.label, labels, n=1, cutoff=0.6)
        start = f"did you mean {close[0]}? " if close else ""
        if not labels:
            label = wanted.label.replace("...", "z")  # a density at an expression: of whatever that is
            return f"bind it: {{'{label}': f2d.Normal(...)}}, or declare it: {label} = ..."
        return f"{start}bound: {', '.join(labels)}"


class Ambiguous(Exception):
    """Several densities fit."""

    def __init__(self, densities: Sequence[Density]):
        self.labels = sorted({each.label for each in densities})
        super().__init__(", ".join(self.labels))


# -- matching ------------------------------------------------------------------------------------------


def _same_letter(one: Signature, wanted: Signature) -> bool:
    """The same letter, for factors of a joint without a label: ``p(x, z)`` of ``p(x|z)`` and ``p_prior(z)``."""
    return len(wanted.variables) > 1 and letter_of(one.head) == wanted.head


def _carries_group(cover: Sequence[Density], wanted: Signature) -> bool:
    groups = {each.signature.group for each in cover}
    return not wanted.group or wanted.group in groups or groups == {()}


def _by_id(density: Density, wanted: Signature) -> Use | None:
    own = density.signature
    return _use_by_id(density, wanted) if own.ids == wanted.ids and own.arity == wanted.arity else None


def _use_by_id(density: Density, wanted: Signature) -> Use:
    return Use(density, *paired(density.signature, wanted))


def _by_base(density: Density, wanted: Signature) -> Use | None:
    """The same letters at other values: ``p(y|x)`` at ``y_w``. Not another label's density (``p(x_a|z)`` is no
    ``p(x_b|z)``), nor the two sides exchanged (``p(\\tilde x|x)`` is no ``p(x|\\tilde x)``)."""
    own = density.signature
    if own.bases != wanted.bases or _exchanged(own, wanted):
        return None
    count = len(wanted.variables)
    variables = at_other_values(own.variables, wanted.variables, wanted.slots[:count])
    given = at_other_values(own.given, wanted.given, wanted.slots[count:])
    if variables is None or given is None:
        return None
    return Use(density, variables, given, renamed=own.ids != wanted.ids)


def _at_expressions(density: Density, wanted: Signature) -> Use | None:
    """``p(x|z)`` at ``p(x|f(y))``: expressions stand for the givens that are left, in the order written."""
    own = density.signature
    if None not in wanted.given or None in (*wanted.variables, *own.given) or own.arity != wanted.arity:
        return None
    count = len(wanted.variables)
    variables = at_other_values(own.variables, wanted.variables, wanted.slots[:count])
    named = [each for each in zip(wanted.given, wanted.slots[count:], strict=True) if each[0] is not None]
    others = [slot for name, slot in zip(wanted.given, wanted.slots[count:], strict=True) if name is None]
    given: list[tree.Node] = []
    for name in own.given:
        hit = next((each for each in named if is_at_other_values(name, each[0])), None)
        if hit is not None:
            named.remove(hit)
        elif not others:
            return None
        given.append(hit[1] if hit is not None else others.pop(0))
    if variables is None or named or others:
        return None
    return Use(density, variables, tuple(given), renamed=True)


def _exchanged(own: Signature, wanted: Signature) -> bool:
    """Do the two have each other's variables on the other side of the bar? A prime marks a step, and may."""
    moved = {name.id for name in wanted.variables if name} & own.ids[1]
    moved |= {name.id for name in wanted.given if name} & own.ids[0]
    primes = any(name and "prime" in name.accents for name in (*wanted.variables, *wanted.given))
    return bool(moved - own.ids[0] & own.ids[1]) and not primes
