"""Categorical: Cat(x; probs) in a formula, logits [..., classes] in the library; a value is an index or one-hot."""

from __future__ import annotations

from formula2dgm.registry.family import Family

CATEGORICAL = Family(
    name="Categorical",
    spellings=("Categorical", "Cat"),
    parameters=("logits",),
    alternatives={"logits": {"probs": "class_logits_from_probs"}},
    bare="logits",
    arguments=("probs",),
    support="category",
    finite=True,
    pathwise=False,
    noise="value",
    ranks={"logits": 1},
    classes="logits",
    log_prob="categorical_log_prob",
    sample=None,
    draw_noise="categorical_draw",
    entropy="categorical_entropy",
    mean="categorical_mean",
    variance="categorical_variance",
    read="categorical_parameters",
    enumerate="categorical_values",
    enumerated_log_prob="categorical_log_probs_of_values",
    options=("one_hot", "soft"),
    variants=(
        (
            "one_hot",
            (
                ("log_prob", "categorical_log_prob_one_hot"),
                ("draw_noise", "categorical_draw_one_hot"),
                ("enumerate", "categorical_values_one_hot"),
                ("check_value", "check_one_hot"),
                ("value_rank", 1),
            ),
        ),
        (
            "soft",
            (
                ("log_prob", "categorical_log_prob_one_hot"),
                ("draw_noise", "categorical_draw_one_hot"),
                ("enumerate", "categorical_values_one_hot"),
                ("check_value", "check_soft_classes"),
                ("value_rank", 1),
            ),
        ),
    ),
    check=(("logits", "check_class_logits"),),
    check_value="check_category",
)
