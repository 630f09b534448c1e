"""The identity of a density: letter, labels, parameter group, variables and givens."""

from __future__ import annotations

from formula2dgm.reading.names import Name, read_name
from formula2dgm.records import dataclass
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: Letters that a paper uses for densities, also where no bar shows it.
DENSITY_LETTERS = frozenset(("p", "q", "P", "Q", "pi", "r", "rho"))

#: Letters of approximate posteriors.
POSTERIOR_LETTERS = ("q", "Q")


class _Identified:
    """What a signature keeps of its names."""

    __slots__ = ("_bases", "_ids")
    _bases: tuple[tuple[str, ...], tuple[str, ...]]
    _ids: tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Signature(_Identified):
    """``q_phi(z | x)``: ``head`` q, ``group`` (phi,), ``variables`` (z,), ``given`` (x,).

    A slot is the :class:`Name` of what stands there, or None for an expression.  ``slots`` keeps the syntax, in
    the order variables, given.  ``fixed`` are the givens of which the density is known at one value only: ``z=0``.
    """

    head: str
    group: tuple[str, ...]
    variables: tuple[Name | None, ...]
    given: tuple[Name | None, ...]
    slots: tuple[tree.Node, ...]
    fixed: tuple[str, ...] = ()

    @property
    def place(self) -> Span | None:
        """Where it is written: its variables and what it is given."""
        return self.slots[0].span | self.slots[-1].span if self.slots else None

    @property
    def ids(self) -> tuple[frozenset[str], frozenset[str]]:
        """The exact identity: unordered variables and givens by name."""
        try:
            return self._ids
        except AttributeError:
            object.__setattr__(self, "_ids", (_names(self.variables), _names(self.given)))
            return self._ids

    @property
    def bases(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The identity at other values: letters only, each as often as it stands there."""
        try:
            return self._bases
        except AttributeError:
            over, given = (
                tuple(sorted(each.base if each else "?" for each in side)) for side in (self.variables, self.given)
            )
            object.__setattr__(self, "_bases", (over, given))
            return self._bases

    @property
    def arity(self) -> tuple[int, int]:
        return len(self.variables), len(self.given)

    @property
    def label(self) -> str:
        """How the formula's notation writes it, indices left out: ``q(z|x)``, ``p_prior(z)``."""
        head = "_".join([self.head, *self.group])
        names = (*(each.id if each else "..." for each in self.given), *self.fixed)
        given = f"|{', '.join(names)}" if names else ""
        return f"{head}({', '.join(each.id if each else '...' for each in self.variables)}{given})"

    def written(self) -> str:
        """As the text writes it, with its steps: ``p(x_t|x_{t-1})``."""
        count = len(self.variables)
        head = "_".join([self.head, *self.group])
        over, given = (", ".join(map(str, part)) for part in (self.slots[:count], self.slots[count:]))
        return f"{head}({over}|{given})" if given else f"{head}({over})"


def _names(slots: tuple[Name | None, ...]) -> frozenset[str]:
    return frozenset(each.id if each else "?" for each in slots)


#: Letters of objectives: in any style, and those that are objectives in calligraphic letters only.
OBJECTIVE_LETTERS = frozenset(("L", "J", "V"))
CALLIGRAPHIC_OBJECTIVES = OBJECTIVE_LETTERS | frozenset(("E", "F", "S", "O"))


def names_objective(node: tree.Node) -> bool:
    """Does this name an objective: ``\\mathcal{L}``, ``J(\\theta)``, ``\\mathcal{E}(\\theta|x)``, ``ELBO``?"""
    head = node.head if isinstance(node, tree.Call) else node
    if not isinstance(head, tree.Symbol):
        return False
    words = head.letter.lower()
    named = head.letter in (CALLIGRAPHIC_OBJECTIVES if head.style == "cal" else OBJECTIVE_LETTERS)
    return named or any(each in words for each in ("elbo", "loss", "objective"))


def names_loss(head: tree.Symbol) -> bool:
    """Does the name say that it is a loss, and nothing else: L, J, ``loss``? (V may be a value, F a function.)"""
    words = head.letter.lower()
    return head.letter in ("L", "J") or any(each in words for each in ("elbo", "loss", "objective"))


#: Names of errors between two values, whose reduction differs from text to text.
_ERRORS = frozenset(("mse", "sse", "mae", "rmse", "bce", "nll", "crossentropy", "cross_entropy", "smoothl1", "huber"))


def names_error(head: tree.Symbol) -> bool:
    """Does the name say that it is an error between two values: MSE, BCE?"""
    return head.letter.lower().replace("-", "") in _ERRORS


def is_density_call(node: tree.Node) -> bool:
    """Is this certainly a density: a call with a bar, or of a density's letter at names only?"""
    if not isinstance(node, tree.Call):
        return False
    try:
        return node._density
    except AttributeError:
        object.__setattr__(node, "_density", _is_density(node))
        return node._density


def _is_density(node: tree.Call) -> bool:
    if not isinstance(node.head, tree.Symbol) or node.function:
        return False
    if node.given is not None:
        return node.head.letter not in ("N", "Normal") and not names_objective(node)
    return node.head.letter in DENSITY_LETTERS and all(
        isinstance(each, tree.Symbol | tree.Binds | tree.Range) for each in node.args
    )


def is_density_at_value(node: tree.Node) -> bool:
    """Is this, by its letter, a density at an expression: ``p_z(f(x))``?"""
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol) or node.given is not None:
        return False
    if node.function:
        return False
    alone = len(node.args) == 1 and not isinstance(node.args[0], tree.Symbol | tree.Binds | tree.Range)
    return node.head.letter in ("p", "P", "q") and alone


def read_signature(call: tree.Call, indices: frozenset[str], parameters: frozenset[str] = frozenset()) -> Signature:
    """The signature of a density call. A given or ``;`` name in ``parameters`` is a parameter group."""
    kept = getattr(call, "_signature", None)
    if kept is not None and kept[0] is indices and kept[1] is parameters:
        return kept[2]
    signature = _signature(call, indices, parameters)
    if isinstance(indices, frozenset) and isinstance(parameters, frozenset):
        object.__setattr__(call, "_signature", (indices, parameters, signature))
    return signature


def _signature(call: tree.Call, indices: frozenset[str], parameters: frozenset[str]) -> Signature:
    assert isinstance(call.head, tree.Symbol)
    head = read_name(call.head, indices, head=True)
    group = list(head.group)
    givens: list[tree.Node] = []
    for each in (*(call.given or ()), *(call.params or ())):
        name = read_name(each, indices).id if isinstance(each, tree.Symbol) else None
        if name is not None and (name in parameters or each in (call.params or ())):
            group.append(name)
        else:
            givens.append(each)
    return Signature(
        head.id,
        tuple(group),
        tuple(slot_name(each, indices) for each in call.args),
        tuple(slot_name(each, indices) for each in givens),
        (*call.args, *givens),
    )


def slot_value(node: tree.Node) -> tree.Node:
    """What a slot is evaluated at: ``z=0`` at 0, anything else at itself."""
    return node.value if isinstance(node, tree.Binds) else node


def slot_name(node: tree.Node, indices: frozenset[str]) -> Name | None:
    """The name that stands in a slot; ``z=0`` stands for z; None for an expression."""
    if isinstance(node, tree.Binds):
        node = node.name
    return read_name(node, indices) if isinstance(node, tree.Symbol) else None
