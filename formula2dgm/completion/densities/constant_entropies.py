r"""Entropies of which nothing is optimised: ``\max_\lambda E_{p(x)}[\log q_\lambda(z|x)] + H(p_\theta(z|x))``.

The entropy of a density with parameters of its own, none of which stands under the operator, is constant there, and so
is its mean over draws that name none of them. As a term it is left out: the posterior of a model, as a rule unknown,
need not be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.names import GREEK_GROUPS, plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.syntax import tree


def leave_out_constants(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements without such terms, and what was decided."""
    if not any(each.body.all(tree.Optimise) for each in statements):
        return list(statements), []
    notes: list[Note] = []
    drawn = {name for each in statements for node in each.body.walk() for name in _drawn(node)}

    def rebuild(node: tree.Node) -> tree.Node:
        node = map_children(node, rebuild)
        match node:
            case tree.Optimise(names=names, body=tree.Add(terms) as body) if _are_parameters(names):
                wanted = {str(each) for each in names}
                kept = tuple(each for each in terms if not _is_constant(each, wanted, drawn))
                if kept and len(kept) < len(terms):
                    listed = ", ".join(sorted(wanted))
                    left = (each for each in terms if each not in kept)
                    notes.extend(Note(f"{each} is left out: {listed} is not in it", each.span) for each in left)
                    return replace(node, body=kept[0] if len(kept) == 1 else replace(body, terms=kept))
        return node

    return [each.with_body(rebuild(each.body)) for each in statements], notes


def _are_parameters(names: Sequence[tree.Node]) -> bool:
    return bool(names) and all(plain(each) in GREEK_GROUPS for each in names)


def _drawn(node: tree.Node) -> Iterator[tree.Node]:
    """What an expectation or a statement draws, and what a statement defines."""
    match node:
        case tree.Expect(binders=items):
            for each in items:
                yield from (
                    each.names if isinstance(each, tree.Draws) else each.args if isinstance(each, tree.Call) else ()
                )
        case tree.Chain(members=(left, *_), relations=(relation, *_)) if relation != "in":
            yield from left.items if isinstance(left, tree.Tuple) else (left,)


def _is_constant(term: tree.Node, wanted: set[str], drawn: set[tree.Node]) -> bool:
    """Is this an entropy of a density with other parameters, given what is not drawn, or from no approximation here?"""
    match term:
        case tree.Neg(body=body):
            return _is_constant(body, wanted, drawn)
        case tree.Expect(binders=binders, body=body) if binders:
            own = all(isinstance(each, tree.Call) and _is_other(each, wanted) for each in binders)
            return own and _is_constant(body, wanted, drawn - set(_drawn(term)))
        case tree.Func(name="H", args=(tree.Call() as density,)):
            given = {part for each in density.given or () for part in each.walk()}
            return bool(_parameters(density)) and _is_other(density, wanted) and not given & drawn
    return False


def _is_other(call: tree.Call, wanted: set[str]) -> bool:
    """Is this a density, no approximation without parameters, in which no wanted name stands?"""
    if not is_density_call(call) or not isinstance(call.head, tree.Symbol):
        return False
    fitted = call.head.letter in POSTERIOR_LETTERS and not _parameters(call)
    return not fitted and not any(plain(each) in wanted for each in call.walk())


def _parameters(call: tree.Call) -> set[str]:
    """The Greek names of a density: in its subscript, behind its bar or its semicolon."""
    head = call.head.sub if isinstance(call.head, tree.Symbol) else ()
    found = (plain(each) for each in (*head, *(call.given or ()), *(call.params or ())))
    return {each for each in found if each in GREEK_GROUPS and each is not None}
