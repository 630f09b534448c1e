"""The statements of a model with calls of what they define unfolded, and with what they leave unsaid."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from formula2dgm.bindings import Options
from formula2dgm.completion.data.batch_negatives import write_negatives
from formula2dgm.completion.data.coded_arguments import write_codes_of_arguments
from formula2dgm.completion.data.component_sums import write_components
from formula2dgm.completion.data.contrast_codes import write_contrast_codes
from formula2dgm.completion.data.counted_examples import count_examples
from formula2dgm.completion.data.data_entropy import leave_out_entropies
from formula2dgm.completion.data.data_likelihoods import refuse_unsaid_likelihoods, write_likelihoods
from formula2dgm.completion.data.data_sums import average_sets
from formula2dgm.completion.data.drawn_orders import write_orders
from formula2dgm.completion.data.empirical_means import write_means
from formula2dgm.completion.data.entries_of_steps import write_steps_of_entries
from formula2dgm.completion.data.entry_indices import name_entries, write_entries
from formula2dgm.completion.data.example_sets import average_named_sets
from formula2dgm.completion.data.index_sets import write_sets
from formula2dgm.completion.data.labelled_sets import write_labelled_sets
from formula2dgm.completion.data.minibatches import count_batches
from formula2dgm.completion.data.one_hot_labels import pick_labels
from formula2dgm.completion.data.whole_values import write_wholes
from formula2dgm.completion.densities.bare_divergences import write_arguments_of_sides
from formula2dgm.completion.densities.bayes_rule import leave_out_bayes
from formula2dgm.completion.densities.class_distributions import write_softmax
from formula2dgm.completion.densities.class_sums import write_class_sums
from formula2dgm.completion.densities.class_vectors import write_classes
from formula2dgm.completion.densities.codebooks import with_codes
from formula2dgm.completion.densities.conditional_expectations import refuse_unsaid_posteriors
from formula2dgm.completion.densities.constant_entropies import leave_out_constants
from formula2dgm.completion.densities.density_functionals import write_density_functionals
from formula2dgm.completion.densities.entropies_by_letter import write_entropies_by_letter
from formula2dgm.completion.densities.entropies_of_variables import write_entropies
from formula2dgm.completion.densities.factor_families import write_factors
from formula2dgm.completion.densities.finite_sums import write_spaces
from formula2dgm.completion.densities.missing_logarithms import refuse_missing_logarithms
from formula2dgm.completion.densities.missing_posteriors import write_posteriors
from formula2dgm.completion.densities.named_functionals import write_functionals
from formula2dgm.completion.densities.named_laws import write_named_laws
from formula2dgm.completion.densities.noise_densities import write_noise_densities
from formula2dgm.completion.densities.parameters_of_givens import write_parameters_of_givens
from formula2dgm.completion.densities.posteriors_compared import write_compared_posteriors
from formula2dgm.completion.densities.reconstructions import write_reconstructions
from formula2dgm.completion.densities.unnamed_posteriors import write_unnamed_posteriors
from formula2dgm.completion.densities.unsaid_codes import write_codes
from formula2dgm.completion.draws.base_draws import name_base_draws
from formula2dgm.completion.draws.capitals import write_small_letters
from formula2dgm.completion.draws.drawn_conditionals import draw_conditionals
from formula2dgm.completion.draws.draws_from_zero import name_first_draws
from formula2dgm.completion.draws.function_draws import write_function_draws
from formula2dgm.completion.draws.games import write_games
from formula2dgm.completion.draws.generated_values import write_generated
from formula2dgm.completion.draws.indexed_noise import index_noise
from formula2dgm.completion.draws.inner_optima import amortise
from formula2dgm.completion.draws.laws_of_values import write_laws_of_values
from formula2dgm.completion.draws.nested_draws import join_draws
from formula2dgm.completion.draws.point_masses import write_point_masses
from formula2dgm.completion.draws.product_integrals import average_over_products
from formula2dgm.completion.draws.projections import draw_projections
from formula2dgm.completion.draws.random_variables import write_values
from formula2dgm.completion.draws.renamed_draws import name_draws
from formula2dgm.completion.draws.score_surrogates import write_surrogates
from formula2dgm.completion.draws.single_draws import draw_once
from formula2dgm.completion.draws.sums_over_draws import average_draws
from formula2dgm.completion.draws.undrawn_noise import draw_noise
from formula2dgm.completion.draws.unsaid_draws import write_draws
from formula2dgm.completion.draws.unsaid_samples import write_samples
from formula2dgm.completion.draws.unwritten_samples import index_samples
from formula2dgm.completion.flows.couplings import write_couplings
from formula2dgm.completion.flows.statements import write_flows
from formula2dgm.completion.names.bare_objectives import name_objectives
from formula2dgm.completion.names.blank_variables import fill_blanks
from formula2dgm.completion.names.bound_forms import join_bounds
from formula2dgm.completion.names.called import Called
from formula2dgm.completion.names.concatenations import write_concatenations
from formula2dgm.completion.names.convex_functions import write_convex_functions
from formula2dgm.completion.names.log_bases import natural_logs
from formula2dgm.completion.names.named_ranges import write_ranges
from formula2dgm.completion.names.numbers_below import write_numbers
from formula2dgm.completion.names.pair_definitions import write_pairs
from formula2dgm.completion.names.parameter_functions import refuse_parameter_functions
from formula2dgm.completion.names.per_example import average_examples
from formula2dgm.completion.names.said_parameters import hold_said
from formula2dgm.completion.names.same_calls import write_same_calls
from formula2dgm.completion.names.signed_definitions import name_first
from formula2dgm.completion.names.subscripted_values import write_arguments
from formula2dgm.completion.names.transposed_jacobians import write_transposed
from formula2dgm.completion.names.tuples import write_tuples
from formula2dgm.completion.names.undefined_parts import refuse_undefined_parts
from formula2dgm.completion.names.unfolding import unfold_definitions
from formula2dgm.completion.names.unwritten_givens import write_givens
from formula2dgm.completion.processes.chosen_steps import choose_steps
from formula2dgm.completion.processes.coefficient_products import write_coefficients
from formula2dgm.completion.processes.counted_forwards import count_backwards
from formula2dgm.completion.processes.declared_schedules import write_schedules
from formula2dgm.completion.processes.default_noise import write_noise
from formula2dgm.completion.processes.default_paths import write_paths
from formula2dgm.completion.processes.encoded_processes import write_encoded_processes
from formula2dgm.completion.processes.evolutions import write_evolutions
from formula2dgm.completion.processes.formal_indices import name_formal_indices
from formula2dgm.completion.processes.levels import write_levels
from formula2dgm.completion.processes.noise_at_levels import write_noise_at_levels
from formula2dgm.completion.processes.noise_kernels import write_kernels
from formula2dgm.completion.processes.open_schedules import refuse_open_schedules
from formula2dgm.completion.processes.other_times import write_other_times
from formula2dgm.completion.processes.parts_by_step import write_parts
from formula2dgm.completion.processes.pathless import refuse_pathless
from formula2dgm.completion.processes.points_for_data import write_data_of_points
from formula2dgm.completion.processes.posterior_means import write_posterior_means
from formula2dgm.completion.processes.step_letters import with_one_letter
from formula2dgm.completion.processes.steps_above import write_steps_below
from formula2dgm.completion.processes.time_arguments import write_time_arguments
from formula2dgm.completion.processes.time_integrals import average_times
from formula2dgm.completion.processes.unknown_fields import refuse_unknown_fields
from formula2dgm.completion.processes.unknown_scores import refuse_unknown_scores
from formula2dgm.completion.processes.unsaid_scores import refuse_unsaid_scores
from formula2dgm.completion.processes.unsaid_states import write_states
from formula2dgm.completion.processes.way_back_widths import write_widths
from formula2dgm.reading import Note
from formula2dgm.reading.dotted import write_derivatives
from formula2dgm.reading.gradient_squares import write_norms
from formula2dgm.reading.inverses import invert_logistic
from formula2dgm.reading.squares import root_squares
from formula2dgm.syntax import tree


class _Text:
    """Statements that are rewritten, one thing after the other, and what was decided on the way."""

    def __init__(self, statements: Sequence[tree.Statement]):
        self.statements = list(statements)
        self.notes: list[Note] = []

    def rewrite(self, rule: Callable[..., Any], *arguments: Any) -> None:
        """Apply a rule, which gives the statements, or the statements and its notes."""
        made = rule(self.statements, *arguments)
        self.statements, notes = made if isinstance(made, tuple) else (made, [])
        self.notes += notes


def completed(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], numbers: Collection[tree.Node], options: Options
) -> tuple[list[tree.Statement], list[Note], Called]:
    """The completed statements, what was decided, and what calls of definitions say; ``keys`` are what is bound, and
    ``numbers`` those of them that are bound to single numbers."""
    text, heads = _Text(statements), [key.head if isinstance(key, tree.Call) else key for key in keys]
    text.rewrite(hold_said)
    text.rewrite(write_same_calls)
    text.rewrite(name_objectives)
    text.rewrite(write_small_letters, keys)
    if options.scaffold:
        text.rewrite(write_laws_of_values, keys)
    text.rewrite(invert_logistic, keys)
    text.rewrite(fill_blanks, keys)
    text.rewrite(write_orders, keys, options.scaffold, options.dims)
    text.rewrite(write_ranges)
    text.rewrite(write_steps_of_entries, keys, options.scaffold)
    text.rewrite(write_codes_of_arguments, keys, options.scaffold)
    if options.scaffold:
        text.rewrite(write_contrast_codes, keys)
    text.rewrite(write_convex_functions, heads)
    text.rewrite(name_draws, keys)
    text.rewrite(leave_out_bayes)
    text.rewrite(write_negatives, keys, options.scaffold)
    text.rewrite(write_sets, keys)
    text.rewrite(write_softmax, keys)
    text.rewrite(pick_labels, keys, options.scaffold)
    text.rewrite(refuse_unsaid_posteriors)
    text.rewrite(refuse_missing_logarithms)
    text.rewrite(leave_out_constants)
    text.rewrite(join_bounds)
    text.rewrite(write_components, keys, options.scaffold)
    text.rewrite(write_labelled_sets, keys, options.scaffold)
    text.rewrite(average_named_sets)
    text.rewrite(count_batches, keys)
    text.rewrite(choose_steps, keys)
    if options.scaffold:
        text.rewrite(amortise, keys)
    text.rewrite(average_sets)
    text.rewrite(write_coefficients, keys)
    text.rewrite(write_time_arguments, keys)
    text.rewrite(write_steps_below, keys)
    text.rewrite(write_concatenations)
    text.rewrite(write_noise_densities, keys, options.scaffold)
    text.rewrite(write_flows, keys)
    text.rewrite(average_times, keys)
    text.rewrite(average_over_products)
    text.rewrite(write_factors)
    text.rewrite(write_point_masses, keys)
    text.rewrite(write_games, options)
    text.rewrite(write_norms)
    text.rewrite(write_entropies_by_letter, keys)
    text.rewrite(draw_conditionals)
    text.rewrite(join_draws)
    text.rewrite(name_first_draws)
    text.rewrite(index_samples)
    text.rewrite(write_generated, keys, options.scaffold)
    text.rewrite(write_parts)
    text.rewrite(count_backwards)
    text.rewrite(with_one_letter)
    text.rewrite(name_formal_indices, keys)
    text.rewrite(refuse_unknown_fields, keys)
    text.rewrite(refuse_unknown_scores, keys)
    if options.scaffold:
        text.rewrite(write_parameters_of_givens, keys)
        text.rewrite(write_unnamed_posteriors, keys)
        text.rewrite(write_states, keys)
        text.rewrite(refuse_unsaid_scores, keys)
        text.rewrite(write_kernels, keys)
        text.rewrite(write_noise_at_levels, keys)
        text.rewrite(draw_projections, keys)
        text.rewrite(write_codes, keys)
        text.rewrite(write_reconstructions, keys)
        text.rewrite(write_posterior_means, keys)
        text.rewrite(write_encoded_processes, keys)
        text.rewrite(write_noise, keys, numbers)
        text.rewrite(write_data_of_points, keys)
        text.rewrite(write_paths, keys, numbers)
        text.rewrite(draw_noise, keys)
        text.rewrite(write_laws_of_values, keys)  # again: of values made of noise that nothing drew
        text.rewrite(write_schedules, keys, numbers)
        text.rewrite(write_widths, keys, numbers)
        text.rewrite(refuse_open_schedules, keys)
    text.rewrite(refuse_pathless, keys)
    text.rewrite(root_squares)
    text.rewrite(write_tuples, keys)
    text.rewrite(write_couplings, keys)
    text.rewrite(write_named_laws)
    text.rewrite(write_compared_posteriors, keys)
    text.rewrite(write_classes)
    text.rewrite(write_class_sums)
    text.rewrite(name_first)
    text.rewrite(write_givens, heads)
    text.rewrite(write_derivatives, heads)
    text.rewrite(average_draws)
    text.rewrite(write_values, keys)
    text.rewrite(write_function_draws, keys)
    text.rewrite(write_entropies)
    text.rewrite(write_transposed)
    text.rewrite(with_codes, options)
    text.rewrite(write_density_functionals, keys)
    text.rewrite(write_functionals, keys)
    text.rewrite(name_base_draws)
    text.rewrite(name_entries, keys)
    text.rewrite(write_other_times, keys)
    text.rewrite(write_numbers, heads)
    unfolded, notes, called = unfold_definitions(text.statements, heads)
    text.statements, text.notes = unfolded, [*text.notes, *notes]
    text.rewrite(refuse_parameter_functions, keys, options.dims)
    text.rewrite(refuse_undefined_parts, keys)
    text.rewrite(write_levels, keys, options.scaffold)
    text.rewrite(write_evolutions)
    text.rewrite(write_means)
    text.rewrite(write_pairs, keys)
    text.rewrite(write_entries, keys)
    text.rewrite(average_examples)
    text.rewrite(count_examples, keys)
    text.rewrite(natural_logs)
    text.rewrite(write_wholes)
    text.rewrite(write_likelihoods)
    text.rewrite(refuse_unsaid_likelihoods, keys)
    text.rewrite(write_arguments)
    text.rewrite(index_noise, options.scaffold)
    if options.scaffold:
        text.rewrite(write_posteriors, keys)
    text.rewrite(write_arguments_of_sides, keys)
    text.rewrite(leave_out_entropies, keys)
    text.rewrite(write_spaces, keys, options.scaffold)
    text.rewrite(write_samples)
    text.rewrite(write_surrogates)
    text.rewrite(draw_once, keys)
    text.rewrite(write_draws)
    return text.statements, text.notes, called
