"""What syntax leaves open, decided in every statement of a model: is ``beta (x - y)`` a product or a call?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.reading.coefficients import COEFFICIENT_LETTERS, SCALAR_LETTERS
from formula2dgm.reading.kinds import DATA_LETTERS
from formula2dgm.reading.names import plain, read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.operators.pairs import pair_sizes
from formula2dgm.resolve.statements.model import Model
from formula2dgm.resolve.statements.settle import holds_terms, settle
from formula2dgm.resolve.values.functions import names_function
from formula2dgm.syntax import tree

#: Letters of times, and of noise levels that weights depend on.
TIMES = frozenset(("t", "tau", "sigma"))
#: Letters of functions: before what holds an expectation they are no weights, unless they stand for a number elsewhere.
FUNCTION_LETTERS = frozenset(("f", "g", "h", "D", "F", "G", "phi", "psi", "sigma"))


def settle_all(context: Context) -> None:
    """Decide, in every statement, what syntax left open."""
    model = context.model
    players = {name for wanted in model.objectives for _, names in wanted.operators for name in names}
    numbers = {str(upper) for upper in model.bounds.values()} | pair_sizes(model)

    integrated, applied = _integrated(model), _applied(model)

    def is_scalar(head: tree.Node) -> bool:
        if not isinstance(head, tree.Symbol):
            return is_scalar(head.base) if isinstance(head, tree.Power) else True
        if plain(head) in integrated:
            return True
        name = read_name(head, model.indices, head=True)
        if context.named.is_network(name) or any(each.signature.head == name.id for each in context.densities.all):
            return False
        if context.named.find(name) is not None or name.full in numbers:
            return True
        if (
            name.group or name.full in players or name.full in applied
        ):  # epsilon_theta(x): what has parameters of its own is applied
            return False
        if name.id in model.variables:
            return True
        definition = model.definitions.get(name.full)
        if definition is not None:
            return not names_function(model, context.named, head)
        return head.letter in SCALAR_LETTERS and not name.group

    functions = _functions(model)

    def is_network(head: tree.Node) -> bool:
        if not isinstance(head, tree.Symbol) or registry.family_by_spelling(str(head)) is not None:
            return True
        name = read_name(head, model.indices, head=True)
        return context.named.is_network(name) or name.full in functions

    def is_weight(call: tree.Call) -> bool:
        if not _is_of_time(call, integrated | (TIMES - model.definitions.keys())):
            return False
        head = call.head.base if isinstance(call.head, tree.Power) else call.head
        assert isinstance(head, tree.Symbol)
        name = read_name(head, model.indices, head=True)
        bound = context.named.find(name) is not None and not context.named.is_number(name)
        said = name.group or bound or name.full in model.definitions or name.id in model.drawn
        if said or any(each.signature.head == name.id for each in context.densities.all):
            return False
        context.assume(f"{call} is {call.head}, the same at every {call.args[0]}", call.span)
        return True

    def settled(node: tree.Node) -> tree.Node:
        return settle(node, is_scalar, is_network, is_weight)

    model.objectives = [replace(each, members=tuple(map(settled, each.members))) for each in model.objectives]
    model.definitions = {key: replace(each, body=settled(each.body)) for key, each in model.definitions.items()}
    model.densities = [replace(each, body=settled(each.body)) for each in model.densities]
    model.drawn = {key: replace(each, density=settled(each.density)) for key, each in model.drawn.items()}
    by_span = {id(each.span): each for each in model.densities}
    context.densities.all.reset(
        replace(each, declared=by_span[id(each.declared.span)]) if each.declared else each
        for each in list(context.densities.all)
    )


def _functions(model: Model) -> set[str]:
    r"""The names that are applied somewhere to what holds no terms of an objective, C of ``\sigma(C(x) - E[C(y)])``,
    and those with a letter of functions that stand nowhere without arguments: sigma is the logistic function there."""
    nodes = [each for root in (*model.expressions(), *(each.body for each in model.densities)) for each in root.walk()]
    calls = [(each, each.head) for each in nodes if isinstance(each, tree.Call)]
    applied = [
        (call, read_name(head, model.indices, head=True)) for call, head in calls if isinstance(head, tree.Symbol)
    ]
    symbols = (each for each in nodes if isinstance(each, tree.Symbol))
    alone = Counter(read_name(each, model.indices, head=True).full for each in symbols)
    alone.subtract(name.full for _, name in applied)
    by_letter = {name.full for call, name in applied if _is_lettered(call.head)}
    lettered = {each for each in by_letter if not alone[each]}
    return lettered | {name.full for call, name in applied if name.group or not holds_terms(call)}


def _is_lettered(head: tree.Node) -> bool:
    """Is this a letter of functions, without an index: ``f``, ``f_1``, not ``\\sigma_t``?"""
    if not isinstance(head, tree.Symbol) or head.letter not in FUNCTION_LETTERS:
        return False
    return all(isinstance(each, tree.Number) for each in (*head.sub, *head.sup))


def _is_of_time(call: tree.Call, times: Collection[str]) -> bool:
    """By its letters, a weight or coefficient at a time: ``\\lambda(t)``, ``w(\\sigma_i)``, ``\\sigma^2(t)``?"""
    head = call.head.base if isinstance(call.head, tree.Power) else call.head
    single = len(call.args) == 1 and call.given is None and call.params is None
    if not single or not isinstance(head, tree.Symbol) or head.accents or head.sup:
        return False
    time = call.args[0]
    if isinstance(time, tree.Symbol) and len(time.sub) == 1 and isinstance(time.sub[0], tree.Symbol):
        time, times = replace(time, sub=()), TIMES  # one of several times or levels: sigma_i, t_n
    if plain(time) not in times:
        return False
    return head.letter in COEFFICIENT_LETTERS


def _integrated(model: Model) -> set[str]:
    """The numbers that integrals between two ends run over, s of ``\\int_0^t \\beta(s) ds``."""
    roots = (*model.expressions(), *(each.body for each in model.densities))
    nodes = (each for root in roots for each in root.walk())
    ranges = (each for each in nodes if isinstance(each, tree.Integral) and each.upper is not None)
    return {name for each in ranges for symbol in each.variables if (name := plain(symbol)) is not None}


def _applied(model: Model) -> frozenset[str]:
    """Letters that stand before names in brackets alone: those of data with an accent, ``\\hat x(z)``, and those of
    numbers before variables, ``\\lambda(x)``: a product of two letters has no brackets."""
    roots = [*model.expressions(), *(each.body for each in model.densities)]
    nodes = [each for root in roots for each in root.walk()]
    heads: list[tree.Symbol] = []
    for each in nodes:
        if isinstance(each, tree.Call) and isinstance(each.head, tree.Symbol) and each.args:
            names = [one for one in each.args if isinstance(one, tree.Symbol)]
            accented = each.head.letter in DATA_LETTERS and bool(each.head.accents)
            number = each.head.letter in SCALAR_LETTERS and all(_is_value(model, one) for one in names)
            heads += [each.head] if len(names) == len(each.args) and (accented or number) else []
    alone = [each for each in dict.fromkeys(heads) if nodes.count(each) == heads.count(each)]
    return frozenset(read_name(each, model.indices, head=True).full for each in alone)


def _is_value(model: Model, symbol: tree.Symbol) -> bool:
    """Is this a variable that is no time?"""
    return read_name(symbol, model.indices).id in model.variables and symbol.letter not in TIMES
