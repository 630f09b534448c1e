"""All rules, in the order in which they speak."""

from __future__ import annotations

from formula2dgm.lint import (
    assumed,
    bound_direction,
    counted_twice,
    kl_direction,
    other_data,
    sampled_divergence,
    step_outside,
    unread_definitions,
    unread_draws,
)
from formula2dgm.lint.rule import Rule

RULES: tuple[Rule, ...] = (
    kl_direction.RULE,
    bound_direction.RULE,
    counted_twice.RULE,
    unread_draws.RULE,
    unread_definitions.RULE,
    step_outside.RULE,
    other_data.RULE,
    *assumed.RULES,
    sampled_divergence.RULE,
)
