"""All rules, in the order in which they speak."""

from __future__ import annotations

from formula2dgm.lint import (
    apart,
    assumed,
    averaged_entries,
    bare_ratio,
    bound_direction,
    contrary_terms,
    counted_twice,
    doubled_halves,
    kl_direction,
    other_data,
    sampled_divergence,
    step_outside,
    summed_draws,
    undrawn_parents,
    unread_definitions,
    unread_draws,
    volumes,
)
from formula2dgm.lint.rule import Rule

RULES: tuple[Rule, ...] = (
    kl_direction.RULE,
    bound_direction.RULE,
    bare_ratio.RULE,
    counted_twice.RULE,
    unread_draws.RULE,
    unread_definitions.RULE,
    step_outside.RULE,
    other_data.RULE,
    *assumed.RULES,
    sampled_divergence.RULE,
    averaged_entries.RULE,
    summed_draws.RULE,
    undrawn_parents.RULE,
    apart.RULE,
    contrary_terms.RULE,
    volumes.RULE,
    doubled_halves.RULE,
)
