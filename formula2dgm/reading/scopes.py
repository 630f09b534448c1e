"""How far an expectation or a sum without brackets reaches.

It covers the product behind it; and of the later terms of the same sum all up to the last one that uses a name
which it alone binds: ``\\frac1N \\sum_n E_{q(z|x_n)}[…] + \\beta KL[q(z|x_n) || r(z)]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.reading.kinds import RESTRICTIONS, binder_names, marked_binders
from formula2dgm.reading.names import read_name
from formula2dgm.reading.notes import Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import DENSITY_LETTERS
from formula2dgm.reading.signs import reach_of_minus
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

Open = tree.Big | tree.Expect


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of the names of a text: its indices, and what the densities of one letter are over."""

    indices: frozenset[str]
    over: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, roots: Iterable[tree.Node], indices: frozenset[str]) -> Names:
        over: dict[str, frozenset[str]] = {}
        for node in (each for root in roots for each in root.walk()):
            if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol):
                if node.given is not None or node.head.letter in DENSITY_LETTERS:
                    letter = read_name(node.head, indices).letter
                    args = {read_name(each, indices).id for each in node.args if isinstance(each, tree.Symbol)}
                    over[letter] = over.get(letter, frozenset()) | args
        return cls(indices, over)


def extend_scopes(node: tree.Node, names: Names, notes: Notes) -> tree.Node:
    """The tree with every open sum and expectation closed around the terms that it covers."""
    node = map_children(node, lambda each: extend_scopes(each, names, notes))
    return _extend(node, names, notes) if isinstance(node, tree.Add) else node


def _extend(node: tree.Add, names: Names, notes: Notes) -> tree.Node:
    terms = list(node.terms)
    position = 0
    while position < len(terms):
        for operator in reversed(_open_operators(terms[position])):
            last = _last_use(terms, position, bound_by(operator, names), names)
            if last is not None:
                absorbed = tuple(terms[position + 1 : last + 1])
                made = _covering(terms[position], operator, absorbed, names, notes)
                if made is None:
                    break
                terms[position : last + 1] = [made]
                notes.add(f"{shown(operator)} reaches to {_last(absorbed)}, which uses what it binds", operator.span)
        position += 1
    return terms[0] if len(terms) == 1 else replace(node, terms=tuple(terms))


def _covering(
    term: tree.Node, operator: Open, more: tuple[tree.Node, ...], names: Names, notes: Notes
) -> tree.Node | None:
    """The term with more under its operator; None, and an error, where it is open what a minus before it negates."""
    if not isinstance(term, tree.Neg):
        return _absorb(term, operator, more)
    reach = reach_of_minus(operator, more, names.indices)
    if reach == "all":
        return _absorb(term, operator, more)
    negated = replace(operator, body=tree.Neg(operator.body, span=operator.body.span))
    inside = _absorb(_replaced(term.body, operator, negated), negated, more)
    if reach == "first":
        return replace(inside, span=term.span | inside.span)
    message = f"does the minus before {shown(operator)} negate only its first term, or all that it covers?"
    hint = f"write {inside}\nor {_absorb(term, operator, more)}"
    notes.errors.append(Diagnostic("F2D-0127", "error", message, term.span | more[-1].span, hint))
    return None


def _replaced(term: tree.Node, old: tree.Node, new: tree.Node) -> tree.Node:
    return new if term is old else map_children(term, lambda each: _replaced(each, old, new))


def _last_use(terms: list[tree.Node], position: int, bound: frozenset[str], names: Names) -> int | None:
    later = range(position + 1, len(terms))
    return max((i for i in later if occurs_free(terms[i], bound, names)), default=None)


def _open_operators(term: tree.Node) -> list[Open]:
    """The operators without brackets at the end of a term, outermost first."""
    match term:
        case tree.Mul():
            return _open_operators(term.factors[-1])
        case tree.Neg():
            return _open_operators(term.body)
        case tree.Big() | tree.Expect() if term.open:
            return [term, *_open_operators(term.body)]
    return []


def _absorb(term: tree.Node, operator: Open, more: tuple[tree.Node, ...]) -> tree.Node:
    """The term with further terms in the body of one of its open operators."""
    span = term.span | more[-1].span
    match term:
        case tree.Mul():
            return replace(term, factors=(*term.factors[:-1], _absorb(term.factors[-1], operator, more)), span=span)
        case tree.Neg():
            return replace(term, body=_absorb(term.body, operator, more), span=span)
        case tree.Big() | tree.Expect() if term is not operator:
            return replace(term, body=_absorb(term.body, operator, more), span=span)
    assert isinstance(term, tree.Big | tree.Expect)
    inner = term.body.terms if isinstance(term.body, tree.Add) else (term.body,)
    return replace(term, body=tree.Add((*inner, *more), span=term.body.span | more[-1].span), open=False, span=span)


def shown(operator: Open) -> str:
    """The operator without its body: ``sum_{n=1}^N``, ``E_{q(z|x)}``."""
    text = str(replace(operator, body=tree.Blank(span=operator.span), open=True))
    return text.removesuffix(".").removesuffix(" {}").strip()


def _last(terms: tuple[tree.Node, ...]) -> str:
    last = terms[-1]
    return str(last.body if isinstance(last, tree.Neg) else last)


# -- what is bound where -------------------------------------------------------------------------------


def bound_by(operator: Open, names: Names) -> frozenset[str]:
    """The names that a sum or an expectation binds in its body; of ``j \\ne i``, the i is another sum's."""
    if isinstance(operator, tree.Big):
        members = [each.left for each in operator.binders if isinstance(each, tree.Relates) and each.op == "in"]
        own = {read_name(each, names.indices).id for each in members if isinstance(each, tree.Symbol)}
        conditions = [each for each in operator.binders if isinstance(each, tree.Relates) and each.op in RESTRICTIONS]
        around = {str(each.right) for each in conditions} - {str(each.left) for each in conditions}
        own |= {read_name(each, names.indices).id for each in marked_binders(operator)}
        return frozenset(name for name, _ in binder_names(operator) if name not in around) | own
    found: set[str] = set()
    for item in operator.binders:
        if isinstance(item, tree.Symbol) and item.letter in names.over:
            found |= names.over[item.letter]
            continue
        bound = item.names if isinstance(item, tree.Draws) else item.args if isinstance(item, tree.Call) else (item,)
        found |= {read_name(each, names.indices).id for each in bound if isinstance(each, tree.Symbol)}
    return frozenset(found)


def occurs_free(node: tree.Node, bound: frozenset[str], names: Names) -> bool:
    """Does one of the names occur in the node outside an operator of its own that binds it?"""
    if not bound:
        return False
    match node:
        case tree.Big() | tree.Expect():
            inner = bound - bound_by(node, names)
            return any(occurs_free(each, inner, names) for each in node.children)
        case tree.Divergence(left=density) | tree.Func(name="H", args=(density, *_)):
            calls = list(density.all(tree.Call))
            args = [each for call in calls for each in call.args]
            own = {read_name(each, names.indices).id for each in args if isinstance(each, tree.Symbol)}
            return any(occurs_free(each, bound - own, names) for each in node.children)
        case tree.Call(head=tree.Symbol() as head):
            decorations = (*head.sub, *head.sup)
            inside = (*node.args, *(node.given or ()), *(node.params or ()))
            return any(occurs_free(each, bound, names) for each in (*decorations, *inside))
        case tree.Symbol():
            own_name = read_name(node, names.indices).id in bound
            return own_name or any(occurs_free(each, bound, names) for each in (*node.sub, *node.sup))
    return any(occurs_free(each, bound, names) for each in node.children)
