"""A distribution as it is written: a product of densities, some of its variables perhaps integrated out.

p(x|z) p(z)        p(x, z)        \\int p(x|z) p(z) dz        \\sum_y p(x|y) p(y)
q(z|x,y) \\propto N(z; 0, I) q(z|x) q(z|y)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from formula2dgm.bindings import DEFAULTS, NO_BINDINGS, Bindings, Options
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Factor, Joint
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_LABELS
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import is_density_call, read_signature
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.data.inputs import add_input
from formula2dgm.resolve.densities.factors import factor_of_law, factor_of_use
from formula2dgm.resolve.densities.families import family_law, variable_shape
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.densities.plated_factors import along_plates, plated, refuse_parts_read_whole
from formula2dgm.resolve.densities.pushforwards import certain_factor, source_without_inverse
from formula2dgm.resolve.densities.written_densities import is_written
from formula2dgm.resolve.distributions.queries import ask
from formula2dgm.resolve.draws.ancestry import parents_before
from formula2dgm.resolve.objective.targets import close_targets
from formula2dgm.resolve.resolver import BATCH, program_of, read_context, report_unused
from formula2dgm.resolve.statements.double_meanings import refuse_double_meanings
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.syntax import tree

WRITE = "write a product of densities: p(x|z) p(z)"


def resolve_distribution(
    statements: Sequence[tree.Statement],
    bindings: Bindings = NO_BINDINGS,
    options: Options = DEFAULTS,
    notes: Sequence[Note] = (),
) -> Program:
    """Resolve a distribution: the product of densities that the text writes beside its definitions, with all that it
    can be asked. Raises :class:`FormulaError` with all errors found."""
    context, parsed, statements = read_context(statements, bindings, options, notes)
    joint: Joint | None = None
    try:
        joint = _joint(context, _wanted(context, statements))
    except Refused:
        pass
    refuse_double_meanings(context)
    context.found.raise_errors()
    close_targets(context, Evaluator(context), Scope(BATCH))
    report_unused(context, parsed)
    return ask(replace(program_of(context, statements), joint=joint))


# -- what is wanted ------------------------------------------------------------------------------------


def _wanted(context: Context, statements: Sequence[tree.Statement]) -> tree.Node:
    """The product that a statement writes, else the one density that is declared and that no other is made of."""
    products = context.model.objectives
    span = statements[0].span if statements else None
    if len(products) > 1:
        raise context.refuse("F2D-0443", "one distribution is wanted; these are several", products[1].span, WRITE)
    if products:
        wanted = products[0]
        if wanted.operators or wanted.name or len(wanted.members) > 1:
            raise context.refuse("F2D-0443", f"{wanted.statement} is no product of densities", wanted.span, WRITE)
        return _spelled_out(context, wanted.members[0])
    chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
    declared = [each.members[0] for each in chains if is_density_call(each.members[0])]
    others = [_rest(each.body) for each in statements]
    free = [call for call in declared if not any(call == each for body in others for each in body)]
    if len(free) != 1:
        said = f"any of {', '.join(map(str, free))} may be meant" if free else "no distribution is written"
        raise context.refuse("F2D-0443", said, span, "write the one that is wanted on a line of its own: p(x|z) p(z)")
    return _spelled_out(context, free[0])


def _spelled_out(context: Context, wanted: tree.Node) -> tree.Node:
    """A density that a statement writes as a marginal, ``p(x) = \\sum_y p(x|y) p(y)``, is that marginal."""
    if not isinstance(wanted, tree.Call) or not is_density_call(wanted):
        return wanted
    signature = read_signature(wanted, context.model.indices, context.model.parameters)
    for each in context.model.densities:
        if each.kind == "expression" and (each.signature.head, each.signature.ids) == (signature.head, signature.ids):
            return each.body if isinstance(each.body, tree.Integral | tree.Big) and _is_product(each.body) else wanted
    return wanted


def _is_product(node: tree.Node) -> bool:
    """Is it a product of densities as far as its form says, perhaps with variables integrated out?"""
    match node:
        case tree.Integral(body, _, None, None) | tree.Big("sum", upper=None, body=body):
            return _is_product(body)
        case tree.Big("prod", body=body):
            return _is_product(body)
        case tree.Mul(factors):
            return all(map(_is_product, factors))
    return is_density_call(node)


def _rest(body: tree.Node) -> list[tree.Node]:
    """All that a statement says behind its head."""
    return [each for member in body.members[1:] for each in member.walk()] if isinstance(body, tree.Chain) else []


def _calls(context: Context, node: tree.Node) -> tuple[list[tree.Call], list[tree.Node]]:
    """The densities of a product, and the variables that are integrated or summed out of it."""
    match node:
        case tree.Labelled(body, _):
            return _calls(context, body)
        case tree.Integral(body, variables, None, None):
            calls, hidden = _calls(context, body)
            return calls, [*hidden, *variables]
        case tree.Big("sum", binders, body=body, upper=None):
            calls, hidden = _calls(context, body)
            return calls, [*hidden, *binders]
        case tree.Mul(factors, ops) if all(op in ("", "*", "dot", "times") for op in ops):
            parts = [_calls(context, each) for each in factors]
            return [call for calls, _ in parts for call in calls], [each for _, hidden in parts for each in hidden]
        case tree.Big("prod", body=body) if plated(context, node):
            return _calls(context, body)
        case tree.Call():
            return [node], []
    raise context.refuse("F2D-0443", f"{node} is no product of densities", node.span, WRITE)


# -- factors -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """One density of the product, before its law is known: its variables and, but for a written family, its use;
    ``integrated``: written for the sake of another, which a function makes of it."""

    call: tree.Call
    variables: tuple[tuple[Name, tree.Symbol], ...]
    use: Use | None
    integrated: bool = False


def _joint(context: Context, wanted: tree.Node) -> Joint:
    calls, hidden = _calls(context, wanted)
    parts = [part for call in calls for part in _parts(context, call)]
    values: dict[str, ir.Node] = {}
    for part in parts:
        for name, symbol in part.variables:
            if name.id in values:
                raise context.refuse(
                    "F2D-0307",
                    f"{name.id} is drawn by two factors of {wanted}",
                    part.call.span,
                    "each variable of a joint belongs to one factor",
                )
            add_input(context, name, (BATCH,), symbol)
            values[name.id] = context.arena.make(ir.Data, name.id, (BATCH,), origin=symbol)
    evaluate, scope = Evaluator(context), Scope(BATCH).bind(values)
    factors = [along_plates(context, part.call, scope, partial(_factor, context, part, evaluate)) for part in parts]
    refuse_parts_read_whole(context, factors, values)
    ordered = _parents_first(context, wanted, factors)
    given = tuple(name for name in context.inputs if name not in values)
    order = tuple(sorted(values, key=_places(context, calls)))
    inside = [symbol for part in parts if part.integrated for _, symbol in part.variables]
    return Joint(ordered, order, given, _hidden(context, [*hidden, *inside], order))


def _places(context: Context, calls: Sequence[tree.Call]) -> Callable[[str], int]:
    """Where each variable stands first among those that the densities are of."""
    symbols = [each for call in calls for each in call.args if isinstance(each, tree.Symbol)]
    names = [read_name(each, context.model.indices).id for each in symbols]
    return lambda name: names.index(name) if name in names else len(names)


def _parts(context: Context, call: tree.Call) -> Iterator[_Part]:
    if is_written_family(call):
        names = call.args if call.params or call.given else ()
        if len(names) != 1:
            raise context.refuse(
                "F2D-0401", f"{call} does not say what is drawn from it", call.span, "write N(x; mu, Sigma)"
            )
        yield _Part(call, _variables(context, call, names), None)
        return
    if _is_data(context, call):
        raise context.refuse(
            "F2D-0443",
            f"{call} is the data: nothing says how to draw from it or score it",
            call.span,
            "leave it out, and pass its variable: p(y|x) is asked as .sample(x=...)",
        )
    for use in reversed(find_uses(context, call)):
        if len(use.variables) != 1 and not is_written(use.density):
            raise context.refuse(
                "F2D-0403",
                f"{use.density.label} is over several variables",
                call.span,
                "write it as a product of conditionals",
            )
        source = source_without_inverse(context, use)
        if source is not None:
            yield from (replace(each, integrated=True) for each in _parts(context, source))
        yield _Part(call, _variables(context, call, use.variables), use)


def _is_data(context: Context, call: tree.Call) -> bool:
    """Is it ``p_{data}(x)``, to which nothing is bound?"""
    if not isinstance(call.head, tree.Symbol):
        return False
    head = read_name(call.head, context.model.indices, head=True)
    known = any(each.signature.head == head.id for each in context.densities.all)
    return bool(DATA_LABELS & set(head.labels)) and not known


def _variables(context: Context, call: tree.Call, slots: Sequence[tree.Node]) -> tuple[tuple[Name, tree.Symbol], ...]:
    for each in slots:
        if not isinstance(each, tree.Symbol):
            raise context.refuse(
                "F2D-0443",
                f"{call} is a density at the value {each}: nothing is drawn from it",
                each.span,
                "write the variable alone, and pass its value: .log_prob(y=...)",
            )
    return tuple((read_name(each, context.model.indices), each) for each in slots if isinstance(each, tree.Symbol))


def _factor(context: Context, part: _Part, evaluate: Evaluator, scope: Scope) -> Factor:
    name, _ = part.variables[0]
    span = part.call.span
    if part.use is None:
        law = _written_law(context, part.call, name, scope, evaluate)
        factor = factor_of_law(evaluate, law, name.id, scope, span)
    elif source_without_inverse(context, part.use) is not None:
        factor = certain_factor(evaluate, part.use, scope, span)
    else:
        names = tuple(each.id for each, _ in part.variables)
        factor = factor_of_use(evaluate, part.use, names, scope, str(part.call), span)
    if factor.law is not None:
        context.arena.note(factor.log, part.call)
        known = context.inputs[name.id]
        if known.shape is None and factor.law.shape is not None:
            context.inputs[name.id] = replace(known, shape=factor.law.shape)
    return factor


def _written_law(context: Context, call: tree.Call, name: Name, scope: Scope, evaluate: Evaluator) -> ir.Law:
    """``N(z; 0, I)`` in place of a density: its value has the shape that a space or an option says."""
    law = family_law(context, call, None, scope, evaluate)
    shape = law.shape if law.shape is not None else variable_shape(context, name)
    return context.arena.make(ir.Law, law.label, law.family, law.params, shape, False, law.options)


def _parents_first(context: Context, wanted: tree.Node, factors: Sequence[Factor]) -> tuple[Factor, ...]:
    ordered, cycle = parents_before(factors, lambda each: each.variables, parents)
    if cycle or any(each.law is not None and set(each.variables) & data_in(each.law) for each in factors):
        raise context.refuse(
            "F2D-0308",
            f"the factors of {wanted} form a cycle",
            wanted.span,
            "each factor may depend only on variables drawn before it",
        )
    return tuple(ordered)


def _hidden(context: Context, symbols: Sequence[tree.Node], order: tuple[str, ...]) -> frozenset[str]:
    names = {
        read_name(each, context.model.indices).id if isinstance(each, tree.Symbol) else str(each): each
        for each in symbols
    }
    for name, each in names.items():
        if name not in order or len(order) == len(names):
            raise context.refuse(
                "F2D-0443",
                f"nothing is left of {name}" if name in order else f"no density over {name} stands under its integral",
                each.span,
                "integrate out some of the variables that the densities draw: \\int p(x|z) p(z) dz",
            )
    return frozenset(names)


def data_in(*roots: ir.Node) -> set[str]:
    """The data that nodes read."""
    return {node.name for node in walk(*roots) if isinstance(node, ir.Data)}


def parents(factor: Factor) -> set[str]:
    """The variables that a factor is given."""
    return data_in(factor.log) - set(factor.variables)
