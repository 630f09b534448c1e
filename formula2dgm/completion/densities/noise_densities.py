r"""Densities that are written by a standard normal value, entry by entry.

-\sum_i [\frac12 z_i^2 + \frac12 \log(2\pi)]
    of z itself: p(z) = N(z; 0, I)
-\sum_i [\frac12 \epsilon_i^2 + \frac12 \log(2\pi) + \sum_t \log s_{t,i}]
    of z, by its noise: z = f(\epsilon, x), where f is made of steps z_t = m_t + s_t z_{t-1}, the logarithm of whose
    determinant is \sum_t \sum_i \log s_{t,i}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.numbered import stem_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: What makes the value of the noise.
_NAME = "f"


@dataclass(frozen=True)
class _Written:
    """``value``, without its entry, and the scales s of the steps that are taken from it, if any."""

    value: tree.Symbol
    scale: tree.Symbol | None


def write_noise_densities(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], defaults: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such densities as what they say, and what was decided; ``keys`` are what is bound."""
    notes: list[Note] = []
    out: list[tree.Statement] = []
    bound = [key.head if isinstance(key, tree.Call) else key for key in keys]
    drawn: list[tree.Statement] = []
    for statement in statements:
        call, found = _read(statement.body)
        if call is None or found is None or call in keys:
            out.append(statement)
        elif found.scale is None and (found.value,) == call.args and call.given is None:
            law = _standard(call.span, call.args)
            notes.append(Note(f"{call} is the standard Normal, summed over the entries of {found.value}", call.span))
            out.append(statement.with_body(tree.Chain((call, law), ("=",), span=statement.body.span)))
        elif found.scale is not None and _is_of_one(call) and (defaults or any(map(_is_flow, bound))):
            drawn += [each for each in statements if _draws_standard(each.body, found.value)]
            others = [each for each in statements if each is not statement and each not in drawn]
            out += _by_noise(call, found, others, notes)
        else:
            out.append(statement)
    return [each for each in out if each not in drawn], notes


def _is_of_one(call: tree.Call) -> bool:
    """Is the density over one variable?"""
    return len(call.args) == 1 and isinstance(call.args[0], tree.Symbol)


def _is_flow(head: tree.Node) -> bool:
    return isinstance(head, tree.Symbol) and head.letter == _NAME


def _by_noise(
    call: tree.Call, found: _Written, others: Sequence[tree.Statement], notes: list[Note]
) -> list[tree.Statement]:
    """What makes the value of the noise, and the law of that."""
    span, (value,), scale = call.span, call.args, found.scale
    assert isinstance(value, tree.Symbol) and scale is not None
    said = {stem_of(each) for other in others for each in _said(other.body)}
    used = [each for other in others for each in other.body.all(tree.Symbol)]
    taken = next((each for each in (value, scale, found.value) if stem_of(each) in said), None)
    taken = taken or next((each for each in used if each.letter == _NAME), None)
    if taken is not None:
        message = f"{call} is written by the noise {found.value} and the scales {scale}, beside what is said of {taken}"
        hint = f"write {value} = g({found.value}; ...), and leave out the logarithm: its density follows"
        raise FormulaError(Diagnostic("F2D-0567", "error", message, span, hint))
    made = tree.Call(tree.Symbol(_NAME, span=span), (found.value.placed(span), *(call.given or ())), span=span)
    notes.append(Note(f"{value} = {made}, steps z_t = m_t + s_t z_{{t-1}}: their determinant is what is written", span))
    noise = found.value.placed(span)
    own = tree.Call(call.head, (noise,), span=span)
    bodies = [
        tree.Chain((value, made), ("=",), span=span),
        tree.Chain((noise, own), ("~",), span=span),
        tree.Chain((own, _standard(span, (noise,))), ("=",), span=span),
    ]
    return [tree.Statement(each, span=span) for each in bodies]


def _standard(span: Span, point: tuple[tree.Node, ...]) -> tree.Call:
    """``N(0, I)``, ``N(z; 0, I)``."""
    numbers = (tree.Number("0", span=span), tree.Symbol("I", span=span))
    return tree.Call(tree.Symbol("N", span=span), point or numbers, None, numbers if point else None, span=span)


def _draws_standard(body: tree.Node, noise: tree.Symbol) -> bool:
    match body:
        case tree.Chain((name, tree.Call(args=(tree.Number("0"), _), given=None, params=None) as law), ("~",)):
            return name == noise and is_written_family(law) and str(law.args[1]) in ("I", "1")
    return False


def _said(body: tree.Node) -> Iterator[tree.Symbol]:
    """What a statement defines or draws."""
    if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=", "~"):
        left = body.members[0]
        yield from (left,) if isinstance(left, tree.Symbol) else ()
    for node in body.walk():
        if isinstance(node, tree.Draws):
            yield from (each for each in node.names if isinstance(each, tree.Symbol))


# -- what is written -----------------------------------------------------------------------------------


def _read(body: tree.Node) -> tuple[tree.Call | None, _Written | None]:
    match body:
        case tree.Chain((left, tree.Neg(tree.Big("sum", body=inside) as total)), ("=" | ":=",)):
            call = left.operand if isinstance(left, tree.Prefix) and left.name == "log" else None
            indices = [name for name, _ in binder_names(total)]
            if isinstance(call, tree.Call) and is_density_call(call) and len(indices) == 1:
                return call, _terms(inside, indices[0])
    return None, None


def _terms(inside: tree.Node, index: str) -> _Written | None:
    """The value that is squared, and the scales; None where anything else is added."""
    halves = [half for each in _summands(inside) for half in _halved(each)]
    rest = [each for each in _summands(inside) if not [*_halved(each)]]
    squares = [value for each in halves if (value := _square(each, index)) is not None]
    constants = [each for each in halves if _is_log_two_pi(each)]
    if len(squares) != 1 or len(constants) != 1 or len(halves) != 2 or len(rest) > 1:
        return None
    scale = _scale(rest[0], index) if rest else None
    return None if rest and scale is None else _Written(squares[0], scale)


def _summands(node: tree.Node) -> tuple[tree.Node, ...]:
    return node.terms if isinstance(node, tree.Add) else (node,)


def _halved(node: tree.Node) -> Iterator[tree.Node]:
    """What one half is of: of a sum its terms."""
    match node:
        case tree.Mul((tree.Div(tree.Number("1"), tree.Number("2")) | tree.Number("0.5"), body)):
            yield from _summands(body)
        case tree.Div(body, tree.Number("2")):
            yield from _summands(body)


def _square(node: tree.Node, index: str) -> tree.Symbol | None:
    """a of ``a_i^2``, or of ``a^2``, of which the entries are meant."""
    match node:
        case tree.Power(tree.Symbol() as value, tree.Number("2")):
            return replace(value, sub=tuple(each for each in value.sub if plain(each) != index))
    return None


def _is_log_two_pi(node: tree.Node) -> bool:
    match node:
        case tree.Prefix("log", inside) | tree.Func("log", (inside,)):
            return str(inside) == "2 pi"
    return False


def _scale(node: tree.Node, index: str) -> tree.Symbol | None:
    """s of ``\\sum_t \\log s_{t,i}``."""
    match node:
        case tree.Big(
            "sum", body=tree.Prefix("log", tree.Symbol() as scale) | tree.Func("log", (tree.Symbol() as scale,))
        ):
            steps = [name for name, _ in binder_names(node)]
            scripts = {plain(each) for each in (*scale.sub, *scale.sup)}
            if len(steps) == 1 and scripts == {*steps, index}:
                return replace(scale, sub=(), sup=())
    return None
