r"""Negatives that a text calls a set: ``\frac{\exp(z_{t+k}^\top W_k c_t)}{\sum_{x_j \in X} \exp(z_j^\top W_k c_t)}``.

Where a variable is read at a step and, under a sum over elements of a set, at an index alone, the set is the batch: the
value is that of the same step of another example. ``X_{neg}`` and ``\mathcal{N}_t`` leave the present example out, and
their elements may be written as values, ``\tilde z``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.data.batch_names import batch_name
from formula2dgm.completion.names.of_examples import IsAnother, OfExample
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.numbered import at_index
from formula2dgm.reading.rewrite import map_children
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Labels of a set that the present example is no element of.
_NEGATIVE = frozenset(("neg", "minus", "negative", "negatives"))


@dataclass(frozen=True, slots=True)
class Step:
    """``t + by``, at which the present example's ``stem`` is read; ``by`` is None for t itself."""

    stem: tree.Symbol
    letter: str
    item: tree.Node
    by: tree.Node | None


def write_negatives(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], defaults: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such sums over the batch, and what was decided; ``keys`` are what is bound, ``defaults``
    whether a distance that nothing says is 1."""
    notes: list[Note] = []
    numbers = dict(_numbers(statements))
    out = []
    apart: dict[str, int] = {}
    for each in statements:
        found = [big for big in each.body.all(tree.Big) if read_of_others(big, each.body)]
        body = each.body
        if found:
            sets = {binder.right for big in found for binder in big.binders if isinstance(binder, tree.Relates)}
            step = next(step for big in found for step in read_of_others(big, body).values())
            far = plain(step.by) if defaults and step.by is not None else None
            if far is not None and far not in numbers and not _is_bound(body, far):
                numbers[far] = 1
                notes.append(Note(f"{far} is 1", step.item.span))
            apart |= _distance(body, step, numbers)
            size = batch_name(statements, keys)
            body = _over_steps(_written(body, body, sets, size, notes), step, notes)
        out.append(each.with_body(body))
    for letter, number in apart.items():
        out = [
            each if _gives(each.body, letter) else each.with_body(at_index(each.body, letter, number)) for each in out
        ]
    return out, notes


def _gives(body: tree.Node, letter: str) -> bool:
    return isinstance(body, tree.Chain) and plain(body.members[0]) == letter


def _is_bound(body: tree.Node, letter: str) -> bool:
    """Does a sum of the statement run over the letter?"""
    sums = body.all(tree.Big)
    return any(name == letter for each in sums for name, _ in binder_names(each))


def _distance(body: tree.Node, step: Step, numbers: dict[str, int]) -> dict[str, int]:
    """How far ahead is predicted, k of ``z_{t+k}``, where no sum runs over it; refused where nothing says it."""
    letter = None if step.by is None else plain(step.by)
    if letter is None or _is_bound(body, letter):
        return {}
    if letter not in numbers:
        message = f"{letter}, how far ahead of {step.letter} is read, is given no number"
        hint = f"say it, {letter} = 1, or sum over several: \\sum_{{{letter}=1}}^3"
        raise FormulaError(Diagnostic("F2D-0563", "error", message, step.item.span, hint))
    return {letter: numbers[letter]}


def _numbers(statements: Sequence[tree.Statement]) -> Iterator[tuple[str, int]]:
    for each in statements:
        match each.body:
            case tree.Chain(members=(tree.Symbol() as name, tree.Number(text)), relations=("=" | ":=",)):
                if text.isdigit() and (letter := plain(name)) is not None:
                    yield letter, int(text)


def read_of_others(big: tree.Big, body: tree.Node) -> dict[tree.Symbol, Step]:
    """The variables under a sum over elements of a set that are read at its index, or that are its elements themselves,
    with the step of the present one."""
    steps = dict(_steps(body))
    if (own := _own_element(big)) is not None:
        stem = replace(own, accents=(), sup=())
        return {own: steps[stem]} if stem in steps and own in big.body.walk() else {}
    index = _index(big)
    if index is None:
        return {}
    symbols = (each for each in big.body.all(tree.Symbol) if each.sub == (index,))
    return {each: steps[stem] for each in symbols if (stem := replace(each, sub=())) in steps}


def _index(big: tree.Big) -> tree.Node | None:
    """j of ``\\sum_{x_j \\in X}`` and of ``\\sum_{j \\in X}``."""
    match big:
        case tree.Big("sum", (tree.Relates(tree.Symbol(sub=sub) as left, "in", tree.Symbol()),), None):
            index: tree.Node = sub[0] if len(sub) == 1 else left
            return index if plain(index) in INDEX_LETTERS - {"s", "t"} else None
    return None


def _own_element(big: tree.Big) -> tree.Symbol | None:
    """``\\tilde z`` of ``\\sum_{\\tilde z \\in \\mathcal{N}_t}``: a negative that is a value, and no number of one."""
    match big:
        case tree.Big("sum", (tree.Relates(tree.Symbol(sub=()) as left, "in", tree.Symbol()) as binder,), None):
            return left if _is_negative(binder) and plain(left) not in INDEX_LETTERS else None
    return None


def _is_negative(binder: tree.Relates) -> bool:
    """``\\in X_{neg}``, ``\\in X^-``, ``\\in \\mathcal{N}_{t,k}``, ``z^- \\in S``: others than the present one."""
    symbols = [each for each in (binder.left, binder.right) if isinstance(each, tree.Symbol)]
    if _NEGATIVE & {plain(item) for each in symbols for item in (*each.sub, *each.sup)}:
        return True
    named = binder.right
    if not isinstance(named, tree.Symbol) or named.letter != "N":
        return False
    return named.style == "cal" or any(not isinstance(each, tree.Number) for each in named.sub)


def _steps(body: tree.Node) -> Iterator[tuple[tree.Symbol, Step]]:
    """The variables that a statement reads at steps, those at a distance last: they are meant."""
    symbols = [each for each in body.all(tree.Symbol) if len(each.sub) == 1]
    for each in symbols:
        if (letter := plain(each.sub[0])) in ("t", "s") and letter is not None:
            stem = replace(each, sub=())
            yield stem, Step(stem, letter, each.sub[0], None)
    for each in symbols:
        match each.sub[0]:
            case tree.Add((first, by)) as item if (letter := plain(first)) in ("t", "s") and letter is not None:
                stem = replace(each, sub=())
                yield stem, Step(stem, letter, item, by)


def _written(node: tree.Node, root: tree.Node, sets: set[tree.Node], size: tree.Symbol, notes: list[Note]) -> tree.Node:
    match node:
        case tree.Expect(binders=binders):
            kept = tuple(each for each in binders if not _binds(each, sets))
            if kept != binders:
                return _written(replace(node, binders=kept), root, sets, size, notes)
        case tree.Big() if others := read_of_others(node, root):
            index = _index(node) or _fresh(root)
            own = node.binders[0]
            assert isinstance(own, tree.Relates)
            put: dict[tree.Node, tree.Node] = {}
            negative = _is_negative(own)
            for each, step in others.items():
                value = replace(step.stem, sub=(step.item,))
                put[each] = OfExample(value, (index,), span=each.span)
                whole = "are the other examples" if negative else "is the batch"
                notes.append(Note(f"{own.right} {whole}: {each} is {value} of the example {index}", each.span))
            body, span = _put(node.body, put), node.span
            if negative:
                notes.append(Note(f"the present example is no element of {own.right}", own.right.span))
                body = tree.Mul((IsAnother(plain(index) or "", span=span), body), ("",), span=span)
            binder = tree.Binds(index, tree.Number("1", span=span), span=span)
            return replace(node, binders=(binder,), upper=size, body=body)
    return map_children(node, lambda each: _written(each, root, sets, size, notes))


def _fresh(root: tree.Node) -> tree.Symbol:
    """An index that the statement has no other use of."""
    used = {plain(each) for each in root.walk()}
    return tree.Symbol(next(each for each in "jnmil" if each not in used), span=root.span)


def _binds(binder: tree.Node, sets: set[tree.Node]) -> bool:
    """``E_X`` and ``E_{X \\sim D}`` of the batch X: the mean over its examples."""
    return binder in sets or (isinstance(binder, tree.Draws) and set(binder.names) <= sets)


def _put(node: tree.Node, put: dict[tree.Node, tree.Node]) -> tree.Node:
    return put[node] if node in put else map_children(node, lambda each: _put(each, put))


# -- steps that nothing binds ----------------------------------------------------------------------------


def _over_steps(body: tree.Node, step: Step, notes: list[Note]) -> tree.Node:
    """The statement averaged over the steps, where no sum runs over them."""
    if _is_bound(body, step.letter) or any(
        isinstance(each, tree.Draws) and _draws(each, step.letter) for each in body.walk()
    ):
        return body
    said = f"{step.letter} is each step that has a step {step.item}" if step.by is not None else "t is each step"
    notes.append(Note(f"{said}: the mean over these is meant", body.span))
    return _averaged(body, step)


def _draws(node: tree.Draws, letter: str) -> bool:
    return letter in {plain(each) for each in node.names}


def _averaged(node: tree.Node, step: Step) -> tree.Node:
    """The mean over the steps: of the body of a sum over how far ahead these are, else of the whole."""
    far = None if step.by is None else plain(step.by)
    if far is not None and _is_bound(node, far):
        if isinstance(node, tree.Big) and any(name == far for name, _ in binder_names(node)):
            return replace(node, body=_averaged(node.body, step))
        return map_children(node, lambda each: _averaged(each, step) if _is_bound(each, far) else each)
    match node:
        case tree.Chain(members=(*others, last)):
            return replace(node, members=(*others, _averaged(last, step)))
        case tree.Optimise(body=body) | tree.Neg(body=body):
            return replace(node, body=_averaged(body, step))
    span, one = node.span, tree.Number("1", span=node.span)
    whole = tree.Symbol("T", span=span)
    upper = whole if step.by is None else tree.Add((whole, tree.Neg(step.by, span=span)), span=span)
    binder = tree.Binds(tree.Symbol(step.letter, span=span), one, span=span)
    total = tree.Big("sum", (binder,), upper, node, False, span=span)
    return tree.Mul((tree.Div(one, upper, span=span), total), ("",), span=span)
