"""Uniform: U(low, high) in a formula and in the library."""

from __future__ import annotations

from formula2dgm.registry.family import Family

UNIFORM = Family(
    name="Uniform",
    spellings=("Uniform", "U", "Unif"),
    parameters=("low", "high"),
    alternatives={},
    bare=None,
    arguments=("low", "high"),
    support="unknown",
    finite=False,
    pathwise=True,
    noise="standard",
    log_prob="uniform_log_prob",
    sample="uniform_sample",
    draw_noise="uniform_noise",
    standard=(0.0, 1.0),
    entropy="uniform_entropy",
    mean="uniform_mean",
    variance="uniform_variance",
    read="uniform_parameters",
    check=(("low", "check_real"), ("high", "check_real")),
    check_value="check_real",
)
