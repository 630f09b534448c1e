"""Laplace: Laplace(x; loc, scale) in a formula and in the library."""

from __future__ import annotations

from formula2dgm.registry.family import Family

LAPLACE = Family(
    name="Laplace",
    spellings=("Laplace", "Lap"),
    parameters=("loc", "scale"),
    alternatives={"scale": {"log_scale": "scale_from_log_scale"}},
    bare=None,
    arguments=("loc", "scale"),
    support="real",
    finite=False,
    pathwise=True,
    noise="standard",
    log_prob="laplace_log_prob",
    sample="laplace_sample",
    draw_noise="laplace_noise",
    entropy="laplace_entropy",
    mean="laplace_mean",
    variance="laplace_variance",
    read="laplace_parameters",
    check=(("loc", "check_real"), ("scale", "check_positive")),
    check_value="check_real",
)
