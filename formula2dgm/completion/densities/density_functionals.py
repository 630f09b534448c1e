r"""What papers call by a name instead of writing it: bounds, losses and cross-entropies of densities.

    ELBO(p(x, z), q(z|x)), ELBO[p(x, z); q(z|x)]    E_{q(z|x)}[\log p(x, z) - \log q(z|x)]
    NLL[p(x|z)]                                     -\log p(x|z)
    CE(q(z|x), p(z)), CE[q(z|x) || p(z)]            H(q(z|x), p(z))

Each is written out, and what is made of it is an assumption. A name that the text defines, or that is bound, is left
alone; one that is applied to something else than densities, ``ELBO(\theta, \phi; x)``, is a name like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.reading.signature import is_density_call
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import DENSITY_LETTERS

Densities = tuple[tree.Node, ...]
#: Names that other rooms understand.
_OTHERS = frozenset(("MI", "TC", "MMD"))


@dataclass(frozen=True, slots=True)
class Functional:
    """A functional of densities: how many it takes, what it is of them (None: not of these), how it is written."""

    takes: int
    written: Callable[[Densities], tree.Node | None]
    example: str


def write_density_functionals(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with these functionals written out, and what was decided. ``bound`` are the bindings' keys."""
    defined = (each.body.members[0] for each in statements if isinstance(each.body, tree.Chain))
    named = [*bound, *(each for each in defined if isinstance(each, tree.Call))]
    heads = {spelling(head) for each in named if isinstance(head := _head(each), tree.Symbol)}
    writer = _Writer(frozenset(heads))
    return [each.with_body(writer.statement(each.body)) for each in statements], writer.notes


def _head(node: tree.Node) -> tree.Node:
    return node.head if isinstance(node, tree.Call) else node


class _Writer:
    def __init__(self, taken: frozenset[str]):
        self.taken = taken
        self.notes: list[Note] = []

    def statement(self, body: tree.Node) -> tree.Node:
        """A statement's body; a whole member of a chain may be a mere name for the others."""
        if isinstance(body, tree.Chain):
            first, *rest = body.members
            return replace(body, members=(first, *(each if _is_name(each) else self.written(each) for each in rest)))
        return self.written(body)

    def written(self, node: tree.Node) -> tree.Node:
        """An expression with its functionals written out."""
        name, arguments = _application(node)
        if name not in self.taken and _is_unknown(node, name, arguments):
            known = ", ".join((*FUNCTIONALS, "H", "KL", "MMD", "I", "TC"))
            hint = f"known: {known}; write out what it is, or define it: {name}(...) = ..."
            raise FormulaError(Diagnostic("F2D-0330", "error", f"{name} of densities is not known", node.span, hint))
        functional = FUNCTIONALS.get(name) if name not in self.taken else None
        if functional is None or not any(map(_mentions_density, arguments)):
            return map_children(node, self.written)
        densities = len(arguments) == functional.takes and all(map(_is_density, arguments))
        made = functional.written(arguments) if densities else None
        if made is None:
            hint = f"write its densities: {functional.example}"
            says = f"{node} does not say which densities it is of"
            raise FormulaError(Diagnostic("F2D-0330", "error", says, node.span, hint))
        self.notes.append(Note(f"{node} is {made}", node.span))
        return made


def _application(node: tree.Node) -> tuple[str, Densities]:
    """The name of a functional and what it is applied to; ``""`` for anything else."""
    match node:
        case tree.Divergence(name=name, left=left, right=right, sub=()):
            return name, (left, right)
        case tree.Call(head=tree.Symbol(sub=(), sup=(), accents=()) as head, given=None):
            return spelling(head), (*node.args, *(node.params or ()))
    return "", ()


def _is_unknown(node: tree.Node, name: str, arguments: Densities) -> bool:
    """Is this an abbreviation, ``FOO(p(x|z))``, applied to nothing but densities? Networks take numbers."""
    abbreviated = isinstance(node, tree.Call) and len(name) > 1 and name.isupper() and name.isascii()
    return abbreviated and name not in {*FUNCTIONALS, *_OTHERS} and bool(arguments) and all(map(_is_density, arguments))


def _is_name(member: tree.Node) -> bool:
    """Is this member of a chain a name of what the others say: ``\\log p(x) \\ge ELBO(q) = ...``?"""
    _, arguments = _application(member)
    return not all(map(_is_density, arguments))


def _is_density(node: tree.Node) -> bool:
    return all(map(is_density_call, node.factors if isinstance(node, tree.Mul) else (node,)))


def _mentions_density(node: tree.Node) -> bool:
    """Is this a density, or the bare letter of one?"""
    return _is_density(node) or (isinstance(node, tree.Symbol) and node.letter in DENSITY_LETTERS)


# -- what each is --------------------------------------------------------------------------------------


def _factors(side: tree.Node) -> tuple[tree.Node, ...]:
    return side.factors if isinstance(side, tree.Mul) else (side,)


def _variables(side: tree.Node) -> set[str]:
    """What a product of densities is over."""
    calls = [each for each in _factors(side) if isinstance(each, tree.Call)]
    return {str(each) for call in calls for each in call.args}


def _log(body: tree.Node) -> tree.Node:
    return tree.Prefix("log", body, span=body.span)


def _evidence_lower_bound(densities: Densities) -> tree.Node | None:
    """The joint is over all that the posterior is over and over the data, so their order does not matter."""
    for joint, posterior in (densities, densities[::-1]):
        if _variables(posterior) < _variables(joint):
            body = tree.Add((_log(joint), tree.Neg(_log(posterior), span=posterior.span)), span=joint.span)
            return tree.Expect(_factors(posterior), body, span=joint.span)
    return None


def _negative_log(densities: Densities) -> tree.Node:
    return tree.Neg(_log(densities[0]), span=densities[0].span)


def _cross_entropy(densities: Densities) -> tree.Node:
    return tree.Func("H", densities, span=densities[0].span)


_ELBO = Functional(2, _evidence_lower_bound, "ELBO(p(x, z), q(z|x))")
_CROSS_ENTROPY = Functional(2, _cross_entropy, "CE(q(z|x), p(z)), which is H(q(z|x), p(z))")

FUNCTIONALS: dict[str, Functional] = {
    "ELBO": _ELBO,
    "NLL": Functional(1, _negative_log, "NLL(p(x|z)), which is -\\log p(x|z)"),
    "CE": _CROSS_ENTROPY,
}
