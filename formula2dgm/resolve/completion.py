"""The statements of a model with calls of what they define unfolded, and with what they leave unsaid."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading import Note
from formula2dgm.resolve.base_draws import name_base_draws
from formula2dgm.resolve.bindings import Options
from formula2dgm.resolve.called import Called
from formula2dgm.resolve.class_vectors import write_classes
from formula2dgm.resolve.codebooks import with_codes
from formula2dgm.resolve.counted_examples import count_examples
from formula2dgm.resolve.density_functionals import write_density_functionals
from formula2dgm.resolve.empirical_means import write_means
from formula2dgm.resolve.indexed_noise import index_noise
from formula2dgm.resolve.missing_posteriors import write_posteriors
from formula2dgm.resolve.named_functionals import write_functionals
from formula2dgm.resolve.named_laws import write_named_laws
from formula2dgm.resolve.pair_definitions import write_pairs
from formula2dgm.resolve.per_example import average_examples
from formula2dgm.resolve.signed_definitions import name_first
from formula2dgm.resolve.sums_over_draws import average_draws
from formula2dgm.resolve.unfolding import unfold_definitions
from formula2dgm.syntax import tree


def completed(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], options: Options
) -> tuple[list[tree.Statement], list[Note], Called]:
    """The completed statements, what was decided, and what calls of definitions say; ``keys`` are what is bound."""
    named_first, signs = name_first(write_classes(write_named_laws(statements)))
    averaged, means = average_draws(named_first)
    chosen, codes = with_codes(averaged, options)
    out, densities = write_density_functionals(chosen, keys)
    out, named = write_functionals(out, keys)
    out, notes, called = unfold_definitions(
        name_base_draws(out), [key.head if isinstance(key, tree.Call) else key for key in keys]
    )
    out, empirical = write_means(out)
    notes = [*signs, *empirical, *means, *codes, *densities, *named, *notes]
    out, more = average_examples(write_pairs(out, keys))
    notes += more
    out, more = count_examples(out, keys)
    notes += more
    out, more = index_noise(out, options.scaffold)
    notes += more
    if options.scaffold:
        out, more = write_posteriors(out, keys)
        notes += more
    return out, notes, called
