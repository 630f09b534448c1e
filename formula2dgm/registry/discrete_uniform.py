"""Uniform on whole numbers, both ends included: DiscreteUniform(low, high) in a formula."""

from __future__ import annotations

from formula2dgm.registry.family import Family

DISCRETE_UNIFORM = Family(
    name="DiscreteUniform",
    spellings=("DiscreteUniform", "DiscUniform"),
    parameters=("low", "high"),
    alternatives={},
    bare=None,
    arguments=("low", "high"),
    support="integer",
    finite=True,
    pathwise=False,
    noise="value",
    log_prob="discrete_uniform_log_prob",
    sample=None,
    draw_noise="discrete_uniform_draw",
    draw_by_numbers="discrete_uniform_draw_between",
    entropy="discrete_uniform_entropy",
    mean="discrete_uniform_mean",
    variance="discrete_uniform_variance",
    read="discrete_uniform_parameters",
    enumerate="discrete_uniform_values",
    check=(("low", "check_whole"), ("high", "check_whole")),
    check_value="check_whole",
)
