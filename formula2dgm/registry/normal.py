"""Normal: N(x; loc, var) in a formula, (loc, scale) in the library."""

from __future__ import annotations

from formula2dgm.registry.family import Family

NORMAL = Family(
    name="Normal",
    spellings=("N", "Normal", "Gaussian"),
    parameters=("loc", "scale"),
    alternatives={
        "scale": {
            "log_scale": "scale_from_log_scale",
            "var": "scale_from_var",
            "log_var": "scale_from_log_var",
        }
    },
    bare=None,
    arguments=("loc", "var"),
    support="real",
    finite=False,
    pathwise=True,
    noise="standard",
    log_prob="normal_log_prob",
    standard=(0, 1),
    standard_log_prob_sum="standard_normal_log_prob_sum",
    standard_log_ratio_sum="standard_normal_log_ratio_sum",
    drawn_log_prob="drawn_normal_log_prob",
    sample="normal_sample",
    draw_noise="normal_noise",
    entropy="normal_entropy",
    mean="normal_mean",
    variance="normal_variance",
    read="normal_parameters",
    check=(("loc", "check_real"), ("scale", "check_positive")),
    check_value="check_real",
)
