"""From statements and bindings to a program: the one entry to this stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.bindings import DEFAULTS, NO_BINDINGS, Binding, Bindings, NetworkValue, NumberValue, Options
from formula2dgm.completion.draws.orbits import write_orbits
from formula2dgm.completion.flows.planar_layers import write_planar_layers
from formula2dgm.completion.rules import completed
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import BATCH
from formula2dgm.ir.program import Network, Objective, Parameter, Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading import Note
from formula2dgm.reading.compared import told_apart
from formula2dgm.reading.names import read_name
from formula2dgm.reading.parameters_behind import name_functions_trained
from formula2dgm.reading.parameters_beside import part_parameters
from formula2dgm.reading.without_arguments import give_arguments
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.data.generated import decoded
from formula2dgm.resolve.data.streams import separate
from formula2dgm.resolve.densities.drawn_densities import declare_drawn
from formula2dgm.resolve.densities.known_densities import read_densities
from formula2dgm.resolve.densities.pseudo_inputs import pseudo_inputs
from formula2dgm.resolve.draws.closed_or_sampled import refuse_unmatched
from formula2dgm.resolve.draws.estimators import read_estimators, refuse_unused
from formula2dgm.resolve.draws.samples import find_sample_axes, find_written_draws
from formula2dgm.resolve.draws.sites import name_sites
from formula2dgm.resolve.flows.compositions import members_bound, write_out
from formula2dgm.resolve.flows.counts import sizes_of
from formula2dgm.resolve.flows.directions import settle_directions
from formula2dgm.resolve.flows.volumes import find_points
from formula2dgm.resolve.objective.certain_steps import refuse_certain_steps
from formula2dgm.resolve.objective.constraints import constrain
from formula2dgm.resolve.objective.evidence import evidence
from formula2dgm.resolve.objective.example_numbers import refuse_example_numbers
from formula2dgm.resolve.objective.learned import refuse_unlearned
from formula2dgm.resolve.objective.learned_weights import refuse_learned_weights
from formula2dgm.resolve.objective.owners import made_of
from formula2dgm.resolve.objective.players import objectives_of
from formula2dgm.resolve.objective.roots import named_terms
from formula2dgm.resolve.objective.sizes import refuse_impossible_sizes
from formula2dgm.resolve.objective.targets import close_targets, follow_tensors
from formula2dgm.resolve.objective.unreached_noise import refuse_unreached_noise
from formula2dgm.resolve.objective.untrained import note_untrained
from formula2dgm.resolve.operators.counted_sums import count_open_sums
from formula2dgm.resolve.operators.pairs import batch_sizes
from formula2dgm.resolve.operators.plates import find_plates
from formula2dgm.resolve.processes.from_data import split_joints
from formula2dgm.resolve.processes.samplers import samplers
from formula2dgm.resolve.sequences.first_values import named_apart
from formula2dgm.resolve.sequences.joints import take_sequences
from formula2dgm.resolve.sequences.steps_ahead import at_present
from formula2dgm.resolve.sequences.timeline import find_time
from formula2dgm.resolve.sequences.updates import write_updates
from formula2dgm.resolve.statements.binding_keys import Parsed, parse_keys
from formula2dgm.resolve.statements.double_meanings import (
    refuse_bound_numbers,
    refuse_double_meanings,
    refuse_unbound_indices,
)
from formula2dgm.resolve.statements.ellipsis import close_lists
from formula2dgm.resolve.statements.latents import find_latents
from formula2dgm.resolve.statements.members import last_computable, nothing_to_train
from formula2dgm.resolve.statements.model import Wanted, read_model
from formula2dgm.resolve.statements.named import read_named
from formula2dgm.resolve.statements.normalisers import take_normalisers
from formula2dgm.resolve.statements.settled import settle_all
from formula2dgm.resolve.statements.written_draws import write_draws
from formula2dgm.resolve.values.arguments import refuse_unusable
from formula2dgm.resolve.values.averages import take_averages
from formula2dgm.resolve.values.called import take_called
from formula2dgm.resolve.values.code_values import codebooks, count_rows
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.resolve.values.matrices import find_vectors
from formula2dgm.resolve.values.shapes import refuse_unequal_shapes
from formula2dgm.resolve.values.sizes_given import leave_categories
from formula2dgm.syntax import tree

#: Nodes that a number is made of.
NUMBERS = (ir.Const, ir.Hyper, ir.Size, ir.Dimension, ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply)


def resolve(
    statements: Sequence[tree.Statement],
    bindings: Bindings = NO_BINDINGS,
    options: Options = DEFAULTS,
    notes: Sequence[Note] = (),
) -> Program:
    """Resolve a model. Raises :class:`FormulaError` with all errors found.

    ``notes`` are the decisions of the reading: they head the assumptions.
    """
    context, parsed, statements = read_context(statements, bindings, options, notes)
    model, found = context.model, context.found
    if not model.objectives:
        found.error(
            "F2D-0211",
            "no objective is written: only definitions",
            statements[0].span if statements else None,
            "add the expression to maximise or minimise",
        )
        found.raise_errors()
    objectives: list[Objective] = []
    codes = codebooks(context)
    for wanted in model.objectives:
        context.latent = find_latents(context, wanted) | codes
        try:
            objectives += _objectives(context, wanted)
        except Refused:
            pass
    refuse_unused(context.estimators, found)
    refuse_unmatched(context)
    refuse_double_meanings(context)
    refuse_unbound_indices(context)
    refuse_impossible_sizes(context, objectives)
    refuse_unequal_shapes(context, objectives)
    refuse_unreached_noise(context, objectives)
    refuse_learned_weights(context, objectives)
    refuse_example_numbers(context, objectives)
    refuse_certain_steps(context, objectives)
    found.raise_errors()
    note_untrained(context, objectives)
    _need_data_sizes(context, objectives)
    objectives = _constrained(context, separate(context, objectives, BATCH))
    drawn = samplers(context, objectives)
    close_targets(context, Evaluator(context), Scope(BATCH))
    report_unused(context, parsed)
    collected = program_of(context, statements)
    program = replace(
        collected,
        objectives=tuple(objectives),
        decoded=decoded(context, objectives),
        **drawn,
    )
    named = name_sites(program, context)
    return replace(named, evidence=evidence(named))


def program_of(context: Context, statements: Sequence[tree.Statement]) -> Program:
    """What a resolution has collected, without what is wanted of it."""
    return Program(
        arena=context.arena,
        statements=tuple(statements),
        objectives=(),
        inputs=tuple(context.inputs.values()),
        hyperparameters=tuple(context.hyperparameters.values()),
        networks=tuple(context.networks.values()),
        parameters=tuple(context.parameters.values()),
        sites=(),
        assumptions=tuple(context.assumptions.values()),
        diagnostics=tuple(context.found.found),
        reduction=context.options.reduction,  # type: ignore[arg-type]
        options=context.options.chosen(),
        targets=context.targets,
        unread=_unread_steps(context),
    )


def _unread_steps(context: Context) -> tuple[str, ...]:
    """The definitions at steps, ``h_t = f(h_{t-1})``, whose right side nothing has asked for."""
    definitions = context.model.definitions.items()
    return tuple(name for name, each in definitions if each.name.index and name not in context.unfolded)


def read_context(
    statements: Sequence[tree.Statement], bindings: Bindings, options: Options, notes: Sequence[Note]
) -> tuple[Context, Parsed, Sequence[tree.Statement]]:
    """A resolution before anything is evaluated: the statements sorted, the densities known, syntax settled; with the
    parsed keys of the bindings and the statements as they are shown."""
    found = Diagnostics()
    parsed = members_bound(parse_keys(bindings, found))
    refuse_unusable(statements, found)
    found.raise_errors()
    statements = [each.with_body(close_lists(each.body)) for each in statements]
    statements, parted = part_parameters(statements)
    statements, trained = name_functions_trained(statements)
    values = [key for binding, key in parsed if not isinstance(binding.value, NetworkValue)]
    statements, applied = give_arguments(statements, values)
    stepwise, updated = write_updates(write_draws(statements, found), found)
    found.raise_errors()
    present, ahead = at_present(split_joints(stepwise))
    formulas, parsed, averages = take_averages(present, parsed, found)
    layers, layered = write_planar_layers(formulas, [key for _, key in parsed], options.scaffold)
    orbits, travelled = write_orbits(layers, [key for _, key in parsed], sizes_of(parsed), options.scaffold)
    written, numbered = write_out(orbits, parsed, options.scaffold, found)
    found.raise_errors()
    numbers = [key for binding, key in parsed if isinstance(binding.value, NumberValue)]
    written, decided, called = completed(written, [key for _, key in parsed], numbers, options)
    model = read_model(written, [key for _, key in parsed], found)
    refuse_bound_numbers(model, numbers, found)
    take_normalisers(model, [key for _, key in parsed])
    model.drawn = named_apart(model.drawn, model.definitions)
    take_called(model, called)
    take_sequences(model)
    drawn, drawing = declare_drawn(model, written, [key for _, key in parsed])
    model.densities += drawn
    named = read_named(parsed, model.indices, found)
    follow_tensors(named, averages)
    densities = read_densities(parsed, model.densities, model.indices, model.parameters, found)
    densities.open = options.scaffold
    densities.tensors = named.tensors
    densities.apart = told_apart(model.expressions(), model.indices, model.parameters)
    context = Context(model, named, densities, options, found, averages=averages)
    context.made_of = made_of(statements)
    context.estimators = read_estimators(options.estimators, found)
    for note in (
        *notes,
        *updated,
        *ahead,
        *parted,
        *trained,
        *applied,
        *layered,
        *travelled,
        *numbered,
        *decided,
        *drawing,
    ):
        context.assume(note.text, note.span)
    context.pseudo_inputs = pseudo_inputs(context)
    model.variables -= context.pseudo_inputs.keys()
    densities.tensors |= context.pseudo_inputs.keys()
    settle_all(context)
    find_vectors(context)
    find_points(context)
    leave_categories(context)
    try:
        settle_directions(context)
        books = codebooks(context)
        count_rows(context, books)
        context.latent = find_latents(context) | books
        context.time = find_time(context)
        context.sample_axes = find_sample_axes(context)
        context.written_draws = find_written_draws(context)
        context.batch_sizes = batch_sizes(context)
        find_plates(context)
        count_open_sums(context, Scope(BATCH))
    except Refused:
        pass
    found.raise_errors()
    return context, parsed, statements


# -- objectives ----------------------------------------------------------------------------------------


def _objectives(context: Context, wanted: Wanted) -> list[Objective]:
    """One objective for each player that the statement names; one for nobody in particular if it names none."""
    body, drafts = last_computable(context, wanted, Scope(BATCH, path=((id(wanted), True),)))
    if all(isinstance(each, NUMBERS) for draft in drafts for each in walk(draft.node, *draft.symbols)):
        raise nothing_to_train(context, wanted)
    refuse_unlearned(context, wanted, drafts)
    return objectives_of(context, wanted, body, named_terms(context, drafts))


def _constrained(context: Context, objectives: list[Objective]) -> list[Objective]:
    try:
        return constrain(context, objectives, Evaluator(context), Scope(BATCH))
    except Refused:
        context.found.raise_errors()
        raise


def _need_data_sizes(context: Context, objectives: list[Objective]) -> None:
    """The number of examples must be known, unless ``1/N`` cancels it."""
    terms = [node for each in objectives for term in each.terms for node in (term.coefficient, term.node)]
    for node in walk(*terms):
        if isinstance(node, ir.Hyper) and node.name in context.unsized:
            context.found.error(
                "F2D-0203",
                f"{node.name}, the number of examples, is bound to nothing",
                context.unsized.pop(node.name).span,
                f"bind it: {{{node.name!r}: 60000}}, or write the mean: \\frac1N \\sum_{{i=1}}^N",
            )
    context.found.raise_errors()


def report_unused(context: Context, parsed: Sequence[tuple[Binding, tree.Node]]) -> None:
    everything: list[Network | Parameter] = [*context.networks.values(), *context.parameters.values()]
    owned = {each.binding[0] for each in everything if each.binding}
    for binding, key in parsed:
        if isinstance(key, tree.Symbol):
            name = read_name(key, context.model.indices, head=True)
            used = binding.key.text in owned or bool({name.full, name.id} & set(context.hyperparameters))
        else:
            used = binding.key.text in context.densities.used
        if not used:
            context.found.warning("F2D-0706", f"nothing in the formula uses the binding {binding.key.text!r}", key.span)
