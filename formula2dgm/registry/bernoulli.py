"""Bernoulli: Bernoulli(x; probs) in a formula, logits in the library."""

from __future__ import annotations

from formula2dgm.registry.family import Family

BERNOULLI = Family(
    name="Bernoulli",
    spellings=("Bernoulli", "Bern", "Ber"),
    parameters=("logits",),
    alternatives={"logits": {"probs": "logits_from_probs"}},
    bare="logits",
    arguments=("probs",),
    support="binary",
    finite=True,
    pathwise=False,
    noise="value",
    log_prob="bernoulli_log_prob",
    sample=None,
    draw_noise="bernoulli_draw",
    entropy="bernoulli_entropy",
    mean="bernoulli_mean",
    variance="bernoulli_variance",
    read="bernoulli_parameters",
    enumerate="bernoulli_values",
    log_prob_sum="bernoulli_log_prob_sum",
    log_prob_mean="bernoulli_log_prob_mean",
    options=("soft",),
    variants=(("soft", (("check_value", "check_unit"),)),),
    check=(("logits", "check_logits"),),
    check_value="check_binary",
)
