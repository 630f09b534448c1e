"""The statements of a model with calls of what they define unfolded, and with what they leave unsaid."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.dotted import write_derivatives
from formula2dgm.reading.squares import root_squares
from formula2dgm.resolve.base_draws import name_base_draws
from formula2dgm.resolve.bindings import Options
from formula2dgm.resolve.called import Called
from formula2dgm.resolve.codebooks import with_codes
from formula2dgm.resolve.data_entropy import leave_out_entropies
from formula2dgm.resolve.density_functionals import write_density_functionals
from formula2dgm.resolve.evolutions import write_evolutions
from formula2dgm.resolve.finite_sums import write_spaces
from formula2dgm.resolve.indexed_noise import index_noise
from formula2dgm.resolve.missing_posteriors import write_posteriors
from formula2dgm.resolve.named_functionals import write_functionals
from formula2dgm.resolve.per_example import average_examples
from formula2dgm.resolve.random_variables import write_values
from formula2dgm.resolve.signed_definitions import name_first
from formula2dgm.resolve.sums_over_draws import average_draws
from formula2dgm.resolve.unfolding import unfold_definitions
from formula2dgm.resolve.unsaid_draws import write_draws
from formula2dgm.resolve.unsaid_samples import write_samples
from formula2dgm.syntax import tree


def completed(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], options: Options
) -> tuple[list[tree.Statement], list[Note], Called]:
    """The completed statements, what was decided, and what calls of definitions say; ``keys`` are what is bound."""
    rooted, roots = root_squares(statements)
    named_first, signs = name_first(rooted)
    named_first, derivatives = write_derivatives(named_first, _heads(keys))
    averaged, means = average_draws(named_first)
    averaged, values = write_values(averaged, keys)
    chosen, codes = with_codes(averaged, options)
    out, densities = write_density_functionals(chosen, keys)
    out, named = write_functionals(out, keys)
    out, notes, called = unfold_definitions(name_base_draws(out), _heads(keys))
    notes = [*roots, *signs, *derivatives, *means, *values, *codes, *densities, *named, *notes]
    out, more = write_evolutions(out)
    notes += more
    out, more = average_examples(out)
    notes += more
    out, more = index_noise(out, options.scaffold)
    notes += more
    if options.scaffold:
        out, more = write_posteriors(out, keys)
        notes += more
    out, more = leave_out_entropies(out, keys)
    notes += more
    out, more = write_spaces(out, keys, options.scaffold)
    notes += more
    out, more = write_samples(out)
    notes += more
    out, more = write_draws(out)
    notes += more
    return out, notes, called


def _heads(keys: Sequence[tree.Node]) -> list[tree.Node]:
    """The names of what is bound."""
    return [key.head if isinstance(key, tree.Call) else key for key in keys]
