r"""Values that noise makes: ``z = \mu(x) + \sigma(x) \epsilon``, ``p(x|z = f(x, \epsilon))``, ``d(f(x, \epsilon))``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.written_families import family_named, is_written_family
from formula2dgm.syntax import tree


@dataclass(frozen=True)
class Value:
    """``body``, which noise makes, and its name: none where it stands for a variable, ``p(x|f(x, \\epsilon))``."""

    name: tree.Symbol | None
    body: tree.Node
    noise: tree.Symbol


def noise_values(statements: Sequence[tree.Statement]) -> list[Value]:
    """The values that one noise makes: by a statement, in what a density is given, and as an argument of a function."""
    drawn = {name for name, _ in noise_draws(statements)}
    found: list[Value] = []
    if not drawn:
        return found
    for each in (each.body for each in statements):
        match each:
            case tree.Chain((tree.Symbol() as name, body), ("=" | ":=",)) if name not in drawn:
                found += _made(name, body, drawn)
    calls = [call for each in statements for call in each.body.all(tree.Call)]
    for call in (each for each in calls if not is_written_family(each)):
        slots = call.given or () if is_density_call(call) else call.args
        for slot in slots:
            if isinstance(slot, tree.Binds) and isinstance(slot.name, tree.Symbol):
                found += _made(slot.name, slot.value, drawn)
            else:
                found += [each for each in _made(None, slot, drawn) if _is_direct(each)]
    return list(dict.fromkeys(found))


def noise_draws(statements: Sequence[tree.Statement]) -> Iterator[tuple[tree.Symbol, tree.Node | None]]:
    """The noise that brackets and statements draw, each with what it is drawn from; None where that is not said."""
    for node in (node for each in statements for node in each.body.walk()):
        items: tuple[tree.Node, ...] = (node,)
        if isinstance(node, tree.Expect):
            items = node.binders
        elif not isinstance(node, tree.Chain):
            continue
        for each in items:
            name, law = drawn_noise(each)
            if name is not None:
                yield name, law


def drawn_noise(item: tree.Node) -> tuple[tree.Symbol | None, tree.Node | None]:
    r"""``\epsilon`` of ``\epsilon``, ``p(\epsilon)`` and ``\epsilon \sim N(0, I)``, and its law."""
    match item:
        case tree.Draws((tree.Symbol() as name,), law) | tree.Chain((tree.Symbol() as name, law), ("~",)):
            return (name, law) if _is_noise(name) else (None, None)
        case tree.Call(args=(tree.Symbol() as name,), given=None) if is_density_call(item):
            return (name, item) if _is_noise(name) else (None, None)
        case tree.Symbol() as name:
            return (name, None) if _is_noise(name) else (None, None)
    return None, None


def is_standard(law: tree.Node | None) -> bool:
    """Is the noise a standard normal: ``N(0, I)``, a density that nothing else is said of, or nothing?"""
    match law:
        case None:
            return True
        case tree.Call(args=args, params=params) if is_written_family(law):
            family = family_named(law)
            mean, *spread = params or args
            return (
                family is not None
                and family.name == "Normal"
                and str(mean) == "0"
                and [str(each) for each in spread] in (["I"], ["1"])
            )
    return isinstance(law, tree.Call) and is_density_call(law)


def reads(
    body: tree.Node, noise: tree.Symbol, given: Sequence[tree.Node], said: Mapping[tree.Node, tree.Node]
) -> tuple[set[tree.Symbol], set[tree.Symbol]]:
    """What a value gives to functions, beside the noise, and what it reads else.

    Definitions are followed up to what is given; parameters are left out.
    """
    applied: set[tree.Symbol] = set()
    bare: set[tree.Symbol] = set()
    waiting = [(body, False)]
    seen: set[tree.Node] = set()
    while waiting:
        for each, inside in _values(*waiting.pop()):
            if each in said and each not in given:
                waiting += [] if each in seen else [(said[each], inside)]
                seen.add(each)
            elif each != noise and not is_parameter(each):
                (applied if inside or each in given else bare).add(each)
    return applied, bare - applied


def is_parameter(node: tree.Node) -> bool:
    """``\\lambda``, ``\\phi``: what weights are called."""
    return isinstance(node, tree.Symbol) and node.letter in GREEK_GROUPS


def mean_and_scale(body: tree.Node, noise: tree.Symbol) -> tuple[tree.Node, tree.Node] | None:
    r"""m and s of ``m + s \odot \epsilon``; None where the value is made otherwise, or s is a matrix."""
    terms = body.terms if isinstance(body, tree.Add) else (body,)
    with_noise = [each for each in terms if noise in each.walk()]
    rest = [each for each in terms if noise not in each.walk()]
    if len(with_noise) != 1:
        return None
    (term,) = with_noise
    term = term.body if isinstance(term, tree.Neg) else term
    factors, ops = (term.factors, term.ops) if isinstance(term, tree.Mul) else ((term,), ())
    kept = [each for each in factors if each != noise]
    if len(kept) != len(factors) - 1 or any(noise in each.walk() for each in kept):
        return None
    if any(map(_is_matrix, kept)) and not all(each in ("odot", "*") for each in ops):
        return None
    span = body.span
    scale: tree.Node = tree.Number("1", span=span)
    if kept:
        scale = kept[0] if len(kept) == 1 else tree.Mul(tuple(kept), ("",) * (len(kept) - 1), span=span)
    mean: tree.Node = tree.Number("0", span=span)
    if rest:
        mean = rest[0] if len(rest) == 1 else tree.Add(tuple(rest), span=span)
    return mean, scale


def squared(scale: tree.Node) -> tree.Node:
    """The square of a scale: v of ``\\sqrt{v}`` and of ``v^{1/2}``."""
    match scale:
        case tree.Sqrt(body, None):
            return body
        case tree.Power(base, exponent) if _is_half(exponent):
            return base
        case tree.Call(tree.Power(base, exponent)) if _is_half(exponent):
            return replace(scale, head=base)
    return tree.Power(scale, tree.Number("2", span=scale.span), span=scale.span)


def _made(name: tree.Symbol | None, body: tree.Node, drawn: set[tree.Symbol]) -> Iterator[Value]:
    inside = list(body.walk())
    noise = [each for each in dict.fromkeys(inside) if each in drawn]
    if len(noise) == 1 and not any(isinstance(each, tree.Expect | tree.Divergence) for each in inside):
        if not any(is_density_call(each) for each in inside if isinstance(each, tree.Call)):
            assert isinstance(noise[0], tree.Symbol)
            yield Value(name, body, noise[0])


def _is_direct(value: Value) -> bool:
    r"""``f(x, \epsilon)`` and ``\mu(x) + \sigma(x) \epsilon``, and not a function of these, nor data with noise."""
    body, noise = value.body, value.noise
    if isinstance(body, tree.Call):
        return noise in body.args
    return mean_and_scale(body, noise) is not None and any(isinstance(each, tree.Call) for each in body.walk())


def _is_noise(name: tree.Symbol) -> bool:
    return name.letter in NOISE_LETTERS and name.letter != "z"


def _values(node: tree.Node, inside: bool) -> Iterator[tuple[tree.Symbol, bool]]:
    """The variables in an expression, and whether a function is applied to them; no names of functions, no scripts."""
    parts: Iterable[tree.Node] = node.children
    match node:
        case tree.Symbol():
            yield node, inside
            return
        case tree.Call(args=args, given=given, params=params):
            parts, inside = (*args, *(given or ()), *(params or ())), True
        case tree.Power(tree.Symbol(letter="e"), exponent):
            parts = (exponent,)
    for each in parts:
        yield from _values(each, inside)


def _is_matrix(factor: tree.Node) -> bool:
    """``L(x)``, ``\\Sigma^{1/2}(x)``: capitals are matrices, where no product of entries is written."""
    head = factor.head if isinstance(factor, tree.Call) else factor
    while isinstance(head, tree.Power):
        head = head.base
        head = head.head if isinstance(head, tree.Call) else head
    return isinstance(head, tree.Symbol) and head.letter[:1].isupper()


def _is_half(exponent: tree.Node) -> bool:
    return str(exponent).replace(" ", "") in ("1/2", "0.5")
