"""In which direction an expression wants to go: a log-density up, a divergence, a norm or an error down.

The log of a density that is itself drawn from wants down: it is the other half of a ratio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from formula2dgm.reading.judgements import wish_of_judgement
from formula2dgm.reading.names import read_name
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_at_value, is_density_call, read_signature
from formula2dgm.reading.stopped import plain_group, unstopped
from formula2dgm.records import dataclass
from formula2dgm.registry.functions import function_by_spelling
from formula2dgm.syntax import tree

Wishes = frozenset[int]
UP: Wishes = frozenset((1,))
DOWN: Wishes = frozenset((-1,))
#: Letters of functions whose values have either sign, and those of times, at which the same letters are coefficients.
FUNCTIONS = frozenset(("f", "g", "h", "u", "v", "D", "F", "G", "phi", "psi"))
TIMES = frozenset(("t", "tau", "s"))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the names of a text: indices, parameters, and the bodies of definitions.

    any_log   the log of anything wants up, not only that of a density: in ``-y log p - (1 - y) log(1 - p)``, say
    noised    the letters of what noise is added to step by step: entropies of its densities are constants
    player    whose wishes they are, where the log of a judgement, ``log D(x)``, is wanted up by one and down by another
    """

    indices: frozenset[str]
    parameters: frozenset[str] = frozenset()
    definitions: Mapping[str, tree.Node] = field(default_factory=dict)
    any_log: bool = False
    noised: frozenset[str] = frozenset()
    player: str = ""

    def unfolded(self, symbol: tree.Symbol) -> tuple[tree.Node | None, Known]:
        """What a name stands for, ``p(x, z_k) / q(z_k|x)`` of ``w_k``; and what is known inside, where it is none."""
        name = read_name(symbol, self.indices, head=True).full
        others = {key: each for key, each in self.definitions.items() if key != name}
        return self.definitions.get(name), replace(self, definitions=others)


@dataclass(frozen=True, slots=True)
class Sampler:
    """A density as the sampler of its variables; ``variables`` is None for ``E_q``, which names the letter alone.
    ``conditional`` says that it is given something: p(x|z) does not sample what p(x) does."""

    head: str
    group: tuple[str, ...]
    variables: frozenset[str] | None
    conditional: bool = False

    def is_one_of(self, samplers: Iterable[Sampler]) -> bool:
        """Is one of them this density? An omitted group or list of variables fits any; E_Q draws from q."""
        return any(
            (self.head == each.head or (each.variables is None and self.head == each.head.lower()))
            and (not self.group or not each.group or self.group == each.group)
            and (each.variables is None or (each.variables == self.variables and each.conditional >= self.conditional))
            for each in samplers
        )


Samplers = frozenset[Sampler]


def polarity(node: tree.Node, known: Known, samplers: Samplers = frozenset()) -> Wishes:
    """The directions in which the terms of an expression want to go: 1 up, -1 down."""

    def of(each: tree.Node) -> Wishes:
        return polarity(each, known, samplers)

    match node:
        case tree.Add(terms):
            return frozenset[int]().union(*(of(each) for each in terms))
        case tree.Neg(body):
            return _flipped(of(body))
        case tree.Mul(factors, _):
            return _of_product(factors, known, samplers)
        case tree.Div(top, bottom):
            return of(top) | (_flipped(of(bottom)) if is_density_call(bottom) else frozenset())
        case tree.Expect(binders, body):
            return polarity(body, known, samplers | samplers_of(binders, known))
        case tree.Big(op="sum", body=body) | tree.Labelled(body, _) | tree.Integral(body=body):
            return of(body)
        case tree.Divergence("MI"):
            return frozenset()  # raised by some objectives, lowered by others
        case tree.Abs(tree.Prefix("det") | tree.Func("det")):
            return frozenset()  # how a volume changes
        case tree.Divergence() | tree.Norm() | tree.Abs():
            return DOWN
        case tree.Power(base, exponent):
            return _of_power(base, exponent, known, samplers)
        case tree.Prefix(name, operand, _):
            return of(tree.Func(name, (operand,), span=node.span))
        case tree.Func("log", (argument,)):
            return _of_log(argument, known, samplers) or (UP if known.any_log else _of_judgement(argument, known))
        case tree.Func("logit", (argument,)) if known.player:
            return _of_judgement(argument, known)
        case tree.Func("H", (tree.Call() as density,)) if _is_fixed(density, known):
            return frozenset()
        case tree.Func("H", arguments):
            return UP if len(arguments) == 1 else DOWN
        case tree.Func("mean" | "sum", (body,)):
            return of(body)
        case tree.Func("max" | "min", arguments) if len(found := frozenset[int]().union(*map(of, arguments))) == 1:
            return found
        case tree.Func(name, (body,)) if (function := function_by_spelling(name)) and function.increasing is not None:
            return of(body) if function.increasing else _flipped(of(body))
        case tree.Call(tree.Symbol("sigma"), (body,)):
            return of(body)
        case tree.Symbol():
            definition, others = known.unfolded(node)
            return polarity(definition, others, samplers) if definition is not None else frozenset()
    return frozenset()


def _is_fixed(density: tree.Call, known: Known) -> bool:
    """Is it a density without parameters over what noise is added to: ``q(x_T|x_0)``?"""
    if not isinstance(density.head, tree.Symbol) or density.head.sub or density.params:
        return False
    slots = (*density.args, *(density.given or ()))
    return all(isinstance(each, tree.Symbol) and letter_of(each) in known.noised for each in slots)


def samplers_of(binders: Iterable[tree.Node], known: Known) -> Samplers:
    """What the binders of an expectation draw from."""
    calls = [each for item in binders for each in item.all(tree.Call)]
    letters = [item for item in binders if isinstance(item, tree.Symbol)]
    said = (each for item in binders if isinstance(item, tree.Draws) for each in _drawn_by(item, known))
    return frozenset[Sampler]().union(*(_sampler(each, known) for each in (*calls, *letters)), said)


def _drawn_by(item: tree.Draws, known: Known) -> Samplers:
    r"""What ``z \sim q_\phi(\cdot|x)`` and ``z \sim q_\phi`` draw z from: what they leave out is z."""
    density = item.density
    call = density if isinstance(density, tree.Call) and isinstance(density.head, tree.Symbol) else None
    head = call.head if call is not None else density
    dotted = call is not None and any(isinstance(each, tree.Blank) for each in call.args)
    if not isinstance(head, tree.Symbol) or head.letter not in POSTERIOR_LETTERS or not (dotted or call is None):
        return frozenset()
    name = read_name(head, known.indices, head=True)
    symbols = [each for each in item.names if isinstance(each, tree.Symbol)]
    drawn = frozenset(read_name(each, known.indices).id for each in symbols)
    return frozenset((Sampler(name.id, _plain(name.group), drawn, True),))


def _flipped(wishes: Wishes) -> Wishes:
    return frozenset(-wish for wish in wishes)


def _of_product(factors: tuple[tree.Node, ...], known: Known, samplers: Samplers) -> Wishes:
    """A density among the factors weighs the others, as if they were drawn from it."""
    weights = samplers.union(*(_sampler(each, known) for each in factors if is_density_call(each)))
    inner = [each.body if isinstance(each, tree.Neg) else each for each in factors if not is_density_call(each)]
    stopped = [unstopped(each) for each in inner if unstopped(each) is not each]
    if stopped and any(_is_score(each, known, samplers) for each in inner):
        inner = stopped  # sg[f] log q(z|x), under draws of z: its gradient is that of the mean of f
    if any(map(_is_value, inner)):  # f(x) |g(x)| may have any sign
        inner = [each for each in inner if not _is_size(each)]
    found: Wishes = frozenset[int]().union(*(polarity(each, known, weights) for each in inner))
    negative = sum(isinstance(each, tree.Neg) for each in factors) % 2
    return _flipped(found) if negative else found


def _is_value(node: tree.Node) -> bool:
    """Is this, by its letter, the value of a function, and no weight: ``f(x)``, not ``\\lambda(t)`` or ``g(t)``?"""
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol):
        return False
    at_time = all(isinstance(each, tree.Symbol) and each.letter in TIMES for each in node.args)
    return node.head.letter in FUNCTIONS and not at_time


def _is_size(node: tree.Node) -> bool:
    return isinstance(node.base if isinstance(node, tree.Power) else node, tree.Norm | tree.Abs)


def _is_score(node: tree.Node, known: Known, samplers: Samplers) -> bool:
    """Is this the log of the density that is drawn from?"""
    match node:
        case tree.Prefix(name="log", operand=argument) | tree.Func(name="log", args=(argument,)):
            return is_density_call(argument) and _of_log(argument, known, samplers) == DOWN
    return False


def _of_power(base: tree.Node, exponent: tree.Node, known: Known, samplers: Samplers) -> Wishes:
    """The square of a difference is an error, that of a product of vectors ``v^\\top s(x)`` a size; ``W_2^2`` and
    ``H^2(p, q)`` are divergences."""
    if isinstance(exponent, tree.Number) and exponent.text == "2":
        match base:
            case tree.Add() | tree.Mul((tree.Power(exponent=tree.Symbol("top")), *_)):
                return DOWN
    distance = isinstance(base, tree.Divergence) or (
        isinstance(base, tree.Func) and base.name == "H" and len(base.args) == 2
    )
    if (distance or isinstance(base, tree.Norm | tree.Abs)) and isinstance(exponent, tree.Neg):
        return frozenset()
    return (
        polarity(base, known, samplers)
        if distance or isinstance(base, tree.Norm | tree.Abs) or is_density_call(base)
        else frozenset()
    )


def _of_log(argument: tree.Node, known: Known, samplers: Samplers) -> Wishes:
    """+ log of a density wants up; + log of the draw's own sampler wants down."""
    match argument:
        case tree.Call() if is_density_call(argument):
            own = any(each.is_one_of(samplers) for each in _sampler(argument, known))
            return DOWN if own else UP
        case tree.Call() if is_density_at_value(argument):
            return UP
        case tree.Mul(factors, _):
            return frozenset[int]().union(*(_of_log(each, known, samplers) for each in factors))
        case tree.Div(top, bottom):
            # log p/q: the numerator decides; what divides it only where nothing above does
            return _of_log(top, known, samplers) or _flipped(_of_log(bottom, known, samplers))
        case tree.Abs():
            return frozenset()  # the log of a determinant
        case tree.Add(terms):  # the log of a mixture, where each of its terms is a density
            wishes = [_of_log(each, known, samplers) for each in terms]
            return frozenset[int]().union(*wishes) if all(wishes) else frozenset()
        case tree.Big(op="sum" | "prod", body=body) | tree.Expect(body=body) | tree.Integral(body=body):
            return _of_log(body, known, samplers)
        case tree.Power(base, _):
            return _of_log(base, known, samplers)
        case tree.Symbol():
            definition, others = known.unfolded(argument)
            if definition is not None:
                return _of_log(definition, others, samplers)
    return polarity(argument, known, samplers)


def _of_judgement(argument: tree.Node, known: Known) -> Wishes:
    wish = wish_of_judgement(argument, known.player) if known.player else 0
    return frozenset((wish,)) if wish else frozenset()


def _sampler(node: tree.Node, known: Known) -> Samplers:
    """The sampler that a density call, or the letter of ``E_q``, names; none for anything else."""
    if isinstance(node, tree.Symbol):
        name = read_name(node, known.indices, head=True)
        return frozenset((Sampler(name.id, _plain(name.group), None),))
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol):
        return frozenset()
    signature = read_signature(node, known.indices, known.parameters)
    variables = frozenset(name.id for name in signature.variables if name)
    return frozenset((Sampler(signature.head, _plain(signature.group), variables, bool(signature.given)),))


def _plain(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Weights that are held constant sample as the same weights do."""
    return tuple(plain_group(each) for each in groups)
