"""Densities that the text declares by saying what is drawn: ``z \\sim N(0, 4 I)``, ``x | z \\sim N(f(z), I)``.

The density over the variable, given what is written behind the bar or what the family's arguments depend on, is that
family, if the text uses such a density and says nothing else of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.statements.model import Declared, Model
from formula2dgm.syntax import tree


def declare_drawn(
    model: Model, statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[Declared], list[Note]]:
    """What statements with ``~`` declare, beside what is bound (``keys``) and declared with ``=``."""
    own = [
        _signature(model, each) for each in keys if isinstance(each, tree.Call) and isinstance(each.head, tree.Symbol)
    ]
    known = [*own, *(each.signature for each in model.densities)]
    used = list(_used(model, statements))
    found: list[Declared] = []
    notes: list[Note] = []
    for statement in statements:
        match statement.body:
            case tree.Chain(members=(left, tree.Call() as family), relations=("~",)) if is_written_family(family):
                signature = _drawn(model, left, family, [each for each in used if _is_new(each, known)])
                if signature is not None:
                    _leave_to_density(model, signature)
                    found.append(Declared(signature, "family", family, statement.body.span))
                    text = f"{signature.label} is {family}: the text draws {left} from it"
                    notes.append(Note(text, statement.body.span))
    return found, notes


def _leave_to_density(model: Model, signature: Signature) -> None:
    """What a model's density scores is no draw of the statement: ``x_t \\sim N(f(z_t), I)`` says p(x_t|z_t)."""
    variable = signature.variables[0]
    if variable is not None and variable.index and signature.head in ("p", "P"):
        model.drawn.pop(variable.id, None)


def _drawn(model: Model, left: tree.Node, family: tree.Call, used: Sequence[Signature]) -> Signature | None:
    """The one density that a statement can mean; of several the model's, p."""
    match left:
        case tree.Relates(left=tree.Symbol() as name, op="|", right=given):
            givens = given.items if isinstance(given, tree.Tuple) else (given,)
            names = {read_name(each, model.indices).id for each in givens if isinstance(each, tree.Symbol)}
        case tree.Symbol() as name:
            inside = {read_name(each, model.indices).id for each in family.all(tree.Symbol)}
            names = {each for each in inside if each in model.variables}
        case _:
            return None
    wanted = frozenset((read_name(name, model.indices).id,)), frozenset(names)
    fitting = {each.label: each for each in used if each.ids == wanted}
    if len(fitting) > 1:
        fitting = {label: each for label, each in fitting.items() if each.head in ("p", "P")}
    if len(fitting) == 1:
        return fitting.popitem()[1]
    return (
        _first_of_chain(model, name, wanted, used)
        or _step_of_joint(model, name, left, family, used)
        or _factor_of_joint(model, name, left, wanted, used)
    )


def _step_of_joint(
    model: Model, name: tree.Symbol, left: tree.Node, family: tree.Call, used: Sequence[Signature]
) -> Signature | None:
    """``p(z_t|z_{t-1})``, ``p(x_t|z_t)`` for a text that uses ``p(x_{1:T})`` only: given what stands behind the
    bar, or what the family's arguments read at steps."""
    heads = {each.head for each in used if any(map(_is_sequence, each.slots))}
    heads = heads & {"p", "P"} if len(heads) > 1 else heads
    index = read_name(name, model.indices).index
    if not index or len(heads) != 1 or any(isinstance(each, tree.Range) for each in index):
        return None
    if isinstance(left, tree.Relates):
        given = left.right.items if isinstance(left.right, tree.Tuple) else (left.right,)
    else:
        read = family.all(tree.Symbol)
        names = ((each, read_name(each, model.indices)) for each in read)
        given = tuple(dict.fromkeys(each for each, own in names if own.index and own.id in model.variables))
    head = tree.Symbol(heads.pop(), span=name.span)
    return _signature(model, tree.Call(head, (name,), given or None, span=left.span))


def _is_sequence(slot: tree.Node) -> bool:
    """Is it all steps of a variable, ``x_{1:T}``?"""
    return isinstance(slot, tree.Symbol) and bool(slot.sub) and isinstance(slot.sub[-1], tree.Range)


def _first_of_chain(
    model: Model, name: tree.Symbol, wanted: tuple[frozenset[str], frozenset[str]], used: Sequence[Signature]
) -> Signature | None:
    """``p(z_1)`` for a text that uses ``p(z_t|z_{t-1})`` only."""
    moves = [each for each in used if each.ids[0] == wanted[0] and wanted[0] <= each.ids[1]]
    numbered = name.sub and isinstance(name.sub[-1], tree.Number)
    if wanted[1] or not numbered or len({each.head for each in moves}) != 1:
        return None
    return _signature(model, tree.Call(tree.Symbol(moves[0].head, span=name.span), (name,), None, span=name.span))


def _factor_of_joint(
    model: Model,
    name: tree.Symbol,
    left: tree.Node,
    wanted: tuple[frozenset[str], frozenset[str]],
    used: Sequence[Signature],
) -> Signature | None:
    """``p(z)``, ``p(x|z)`` for a text that uses ``p(x, z)`` only."""
    joints = [each for each in used if len(each.variables) > 1 and wanted[0] | wanted[1] <= each.ids[0] | each.ids[1]]
    if len({each.head for each in joints}) != 1:
        return None
    given: tuple[tree.Node, ...] | None = None
    if isinstance(left, tree.Relates):
        given = left.right.items if isinstance(left.right, tree.Tuple) else (left.right,)
    elif wanted[1]:
        return None
    head = tree.Symbol(joints[0].head, span=name.span)
    return _signature(model, tree.Call(head, (name,), given, span=left.span))


def _used(model: Model, statements: Sequence[tree.Statement]) -> Iterator[Signature]:
    for each in (node for statement in statements for node in statement.body.walk()):
        if isinstance(each, tree.Call) and is_density_call(each) and not is_written_family(each):
            yield _signature(model, each)


def _signature(model: Model, call: tree.Call) -> Signature:
    return read_signature(call, model.indices, model.parameters)


def _is_new(signature: Signature, known: Sequence[Signature]) -> bool:
    """Nothing is bound to it, and no statement says what it is; ``p(\\tilde x)`` is p(x) at other values."""
    near = [each for each in known if each.head == signature.head]
    return not any(each.ids == signature.ids or _plainly(each) == _plainly(signature) for each in near)


def _plainly(signature: Signature) -> tuple[object, ...]:
    """A density with its variables and givens as they are without accents."""
    sides = (signature.variables, signature.given)
    names = (frozenset((each.letter, each.labels) if each else None for each in side) for side in sides)
    return (signature.group, signature.arity, *names)
