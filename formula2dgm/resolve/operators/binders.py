"""What an expectation binds: which variables, drawn from which laws, along which axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import Signature
from formula2dgm.reading.stopped import unstopped
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.data.alone import is_all_data, read_alone
from formula2dgm.resolve.data.inputs import add_input
from formula2dgm.resolve.data.sets import of_its_set
from formula2dgm.resolve.data.sources import density_over, drawn_in_definition, is_data_source, is_defined
from formula2dgm.resolve.data.weights import is_weight
from formula2dgm.resolve.densities.aggregated import is_aggregated
from formula2dgm.resolve.densities.aggregated_draws import bind_aggregated
from formula2dgm.resolve.densities.bare import density_of, in_its_words, placed_at, refuse_unread
from formula2dgm.resolve.densities.families import Evaluate, family_law
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.densities.marginals import marginal_draw, source_of_marginals
from formula2dgm.resolve.densities.transformed import value_of_draw
from formula2dgm.resolve.draws.drawing import samples_of, sized, written_axes
from formula2dgm.resolve.draws.estimated_draws import drawn_value, estimator_of
from formula2dgm.resolve.flows.chained import is_transformed
from formula2dgm.resolve.operators.binder_items import (
    binder_items,
    conditions_in,
    names_in,
    of_one_example,
    parents_first,
    without_index,
)
from formula2dgm.resolve.operators.bound import Bound, draws_in
from formula2dgm.resolve.operators.independence import copied, independent, unprimed
from formula2dgm.resolve.operators.others import reads_outside
from formula2dgm.resolve.operators.stopped_draws import density_drawn, stopped_uses
from formula2dgm.resolve.operators.two_laws import refuse_two_laws
from formula2dgm.resolve.sequences.joints import runs_of
from formula2dgm.resolve.sequences.sequence_draws import bind_runs
from formula2dgm.resolve.sequences.timeline import is_at_another_step, step_key
from formula2dgm.resolve.statements.letters import uses_of_letter
from formula2dgm.resolve.values.bound_indices import refuse_index
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


def bind(
    context: Context, binders: Sequence[tree.Node], scope: Scope, evaluate: Evaluate, body: tree.Node | None = None
) -> Bound:
    """Bind all items of an expectation's subscript, in ancestral order; ``body`` is what reads them."""
    bound = Bound()
    inner = scope
    bound.nonlinear = not all(linear for _, linear in scope.path)
    items = [each for item in binders for each in binder_items(context, item)]
    own = names_in(context, [each for names, _ in items for each in names])
    bound.beside = body is not None and reads_outside(context, body, own, scope)
    together = [names_in(context, each) for each in map(of_one_example, binders)]
    for names, source in parents_first(context, items):
        all_data = source is None and is_all_data(context, names, body)
        if is_data_source(context, source, names) and not all_data:
            _bind_data(context, names, source, bound, inner, together)
        elif all_data:
            bound.batch = scope.batch
            if (alone := read_alone(context, body, inner)) is not None:
                _bind_data(context, (alone,), source, bound, inner, together)
        elif source is None or is_defined(context, source, names):
            refuse_two_laws(context, names, body)
            _bind_named(context, names, bound, inner, evaluate)
        else:
            _bind_draws(context, names, source, bound, inner, evaluate)
        inner = scope.bind(bound.values)
    return bound


# -- data ----------------------------------------------------------------------------------------------


def _bind_data(
    context: Context,
    names: Sequence[tree.Node],
    source: tree.Node | None,
    bound: Bound,
    scope: Scope,
    together: Sequence[set[str]],
) -> None:
    """Bind data variables. In ``p(x) p(y)`` the second is a permuted copy; ``p(x) p(y|x)`` are pairs.

    Of names that are drawn ``together``, ``(x, x') ~ D``, each is a value of the example; of ``x, x' ~ p(x)`` the
    second is that of another, and ``(x', y') ~ p(x, y)`` are both those of one other.
    """
    firsts: dict[frozenset[str], str] = {}
    given = conditions_in(context, source) & set(scope.values)
    others = {name for name, node in scope.values.items() if isinstance(node, ir.Data)} - names_in(context, names)
    apart = source is not None and not given and bool(others)
    for symbol in (each for each in names if isinstance(each, tree.Symbol)):
        refuse_index(context, symbol, source)
        name = read_name(symbol, context.model.indices)
        plain = unprimed(name)
        if any({name.id, plain.id} <= each for each in together):
            plain = name
        original, shown = of_its_set(context, plain, symbol, source)
        add_input(context, original, (scope.batch,), shown)
        weight = is_weight(context, original)
        node: ir.Node = context.arena.make(ir.Data, original.id, (scope.batch,), weight, origin=symbol)
        if (apart and original.id == plain.id) or plain.id != name.id:
            group = next((each for each in together if name.id in each), {name.id})
            beside = firsts.get(frozenset(group))
            node = independent(context, node, name.id, bound, scope, symbol, beside=beside)
            firsts.setdefault(frozenset(group), name.id)
        bound.values[name.id] = node
    if not given and not bound.others:
        bound.batch = scope.batch


def _average_where_it_stands(bound: Bound, scope: Scope) -> None:
    r"""``\log E_x[e^{f(x)}]`` where a statement says what x is drawn from: the function is of the mean over the data.
    Elsewhere the mean over the batch at the end is the same number."""
    if bound.nonlinear and not bound.others:
        bound.batch = scope.batch


# -- draws ---------------------------------------------------------------------------------------------


def _bind_named(context: Context, names: Sequence[tree.Node], bound: Bound, scope: Scope, evaluate: Evaluate) -> None:
    """A bare name: a density's letter (``E_q``), a drawn or defined variable, or one whose prior is known."""
    for node in names:
        if not isinstance(node, tree.Symbol):
            raise context.refuse(
                "F2D-0401",
                f"an expectation cannot bind {node}",
                node.span,
                "write E_{z ~ q(z|x)}[...] or E_q(z|x)[...]",
            )
        name = read_name(node, context.model.indices)
        if name.id in context.model.drawn:
            value = bound.values[name.id] = evaluate(node, scope)
            if isinstance(value, ir.Data):
                _average_where_it_stands(bound, scope)
            else:
                bound.draws.append(value)
        elif name.id in context.model.definitions:
            for use in drawn_in_definition(context, name, frozenset(scope.values)):
                bind_factor(context, use, bound, scope.bind(bound.values), evaluate, ())
            key = step_key(name) if name.index else name.id
            bound.values[key] = evaluate(node, scope.bind(bound.values))
            bound.draws += draws_in(bound.values[key])
        elif priors := density_over(context, name) or density_over(context, unprimed(name)):
            bind_factor(context, Use(priors[0], (node,), ()), bound, scope, evaluate, ())
        elif unprimed(name).id in (context.model.drawn.keys() | context.model.definitions.keys()) - {name.id}:
            bound.values[name.id] = copied(context, node, bound, scope, evaluate)
        elif letter := uses_of_letter(context, node):
            refuse_unread(context, node, letter)
            for use in letter:
                with in_its_words(context, node, use):
                    bind_factor(context, placed_at(use, node), bound, scope.bind(bound.values), evaluate, ())
        elif name.letter in NOISE_LETTERS and name.id in context.latent and context.options.scaffold:
            signature = Signature("p", (), (name,), (), (node,))
            context.densities.all.append(Density(signature))
            bind_factor(context, Use(context.densities.all[-1], (node,), ()), bound, scope, evaluate, ())
        else:
            raise context.refuse(
                "F2D-0402",
                f"{name.id} is drawn from nothing: no density over it is known",
                node.span,
                f"write what it is drawn from: E_{{{name.id} ~ p({name.id})}}",
            )


def _bind_draws(
    context: Context, names: Sequence[tree.Node], source: tree.Node, bound: Bound, scope: Scope, evaluate: Evaluate
) -> None:
    """``z_{1:K} ~ q(z|x)``, ``q(z|x)``, ``z ~ N(0, I)``: one draw for each variable; of ``z ~ sg[q(z|x)]`` no gradient
    reaches q."""
    axes = tuple(axis for each in names for axis in written_axes(context, each))
    if unstopped(source) is not source:
        for use in stopped_uses(context, unstopped(source)):
            bind_factor(context, use, bound, scope.bind(bound.values), evaluate, axes)
        return
    if isinstance(source, tree.Call) and is_written_family(source):
        if not isinstance(names[0], tree.Symbol) or (names is source.args and source.params is None):
            raise context.refuse(
                "F2D-0401", f"{source} does not say what is drawn from it", source.span, f"write z ~ {source}"
            )
        name = read_name(names[0], context.model.indices)
        law = sized(context, name, family_law(context, source, None, scope, evaluate))
        _enter(context, name, law, bound, scope, axes, evaluate, source.span)
        return
    if (mixed := source_of_marginals(context, source, names)) is not None:
        inside = Bound()
        _bind_draws(context, names, mixed, inside, scope, evaluate)
        bound.draws += inside.draws
        bound.enumerated += inside.enumerated
        bound.averages += inside.averages
        bound.values |= {
            name: marginal_draw(context, name, each, scope, source) for name, each in inside.values.items()
        }
        return
    if isinstance(source, tree.Symbol):
        source = density_of(context, source, tuple(without_index(context, each) for each in names))
    if (runs := runs_of(context, source)) is not None:
        bind_runs(context, runs, bound, scope, evaluate, axes)
        return
    for each in _copies(context, names, source):
        for use in find_uses(context, each):
            bind_factor(context, use, bound, scope.bind(bound.values), evaluate, axes)


def _copies(context: Context, names: Sequence[tree.Node], source: tree.Node) -> list[tree.Call]:
    """The density at each of the names that are drawn from it: ``z, z' ~ q(z)``, ``z' ~ p(z)``."""
    source = density_drawn(context, source)
    if len(source.args) != 1 or not names_in(context, names) - names_in(context, source.args):
        return [source]
    return [replace(source, args=(each,)) for each in names]


def bind_factor(
    context: Context, use: Use, bound: Bound, scope: Scope, evaluate: Evaluate, axes: tuple[Axis, ...]
) -> None:
    if is_aggregated(use.density):
        bind_aggregated(context, use, bound, scope, evaluate, axes, bind_factor)
        return
    if is_transformed(use.density):
        _bind_transformed(context, use, bound, scope, evaluate, axes)
        return
    law = law_of(context, use, scope, evaluate)
    if len(use.variables) != 1 or not isinstance(use.variables[0], tree.Symbol):
        raise context.refuse(
            "F2D-0403",
            f"{use.density.label} draws several variables at once",
            use.variables[0].span,
            "write it as a product of conditionals",
        )
    name = read_name(use.variables[0], context.model.indices)
    if not axes and (axes := _draws_beside(context, name, use.density)):
        bound.averages += axes
    place = use.call if isinstance(use.call, tree.Symbol) else use.variables[0]  # E_q
    _enter(context, name, law, bound, scope, axes, evaluate, place.span)


def _bind_transformed(
    context: Context, use: Use, bound: Bound, scope: Scope, evaluate: Evaluate, axes: tuple[Axis, ...]
) -> None:
    """Draw what a change of variables starts from, and bind the value made of it."""
    declared = use.density.declared
    assert declared is not None and isinstance(declared.body, tree.Call)
    with context.unfolding(use.density.label, declared.span):
        for each in find_uses(context, declared.body):
            bind_factor(context, each, bound, scope, evaluate, axes)
    name = use.density.signature.variables[0]
    assert name is not None
    bound.values[name.id] = value_of_draw(context, evaluate, use.density, scope.bind(bound.values))


def _draws_beside(context: Context, name: Name, density: Density) -> tuple[Axis, ...]:
    """The K draws that another bracket writes over the same factor: this one averages over them."""
    for source, axes in context.written_draws.get(name.id, []):
        if isinstance(source, tree.Call) and any(use.density is density for use in find_uses(context, source)):
            return axes
    return ()


def _enter(
    context: Context,
    name: Name,
    law: ir.Law,
    bound: Bound,
    scope: Scope,
    axes: tuple[Axis, ...],
    evaluate: Evaluate,
    span: Span,
) -> None:
    """Bind one variable to a draw, or, for a finite one, to all its values."""
    choice = estimator_of(context, name, law, span, single=not axes)
    if choice.name == "enumerate":
        axis = scope.fresh(Axis("enumeration", name.id), name.id)
        values = context.arena.make(ir.Enumerated, law, axis)
        bound.values[name.id] = values
        bound.enumerated.append((law, values, axis))
        context.assume(f"the expectation over {name.id} is summed over all its values")
        return
    if not axes and (count := samples_of(context, name.id)) > 1:
        axis = Axis("sample", name.id, count)
        bound.averages.append(axis)
        axes = (axis,)
    node = drawn_value(context, choice, name, law, axes, scope, evaluate, span)
    if name.index and all(isinstance(each, tree.Number | tree.Add) for each in name.index):  # x_1, beside x_t; x_{t+1}
        bound.values[step_key(name)] = node
    if not is_at_another_step(context, name):
        bound.values[name.id] = node
    bound.draws.append(node)
