"""Estimators over the examples of a batch: of aggregated densities, and of discrepancies of two samples.

They are chosen as those of gradients are: ``estimators={"q(z)": "weighted", "MMD[q(z) || p(z)]": "biased"}``.
"""

from __future__ import annotations

#: How the log-density of a mixture over the data is estimated, and what is known of its bias.
AGGREGATES: dict[str, str] = {
    "stratified": (
        "by minibatch-stratified sampling (Chen et al. 2018, appendix C.2): the weights of the examples sum to 1, the "
        "density is estimated without bias and its logarithm is not"
    ),
    "weighted": (
        "by minibatch-weighted sampling (Chen et al. 2018, appendix C.1): 1/(N M) times the sum over the M examples, "
        "biased downwards"
    ),
    "batch": "as the mean over its examples, as if they were all data: biased, the mutual information is at most log M",
}

#: How the means over pairs of one sample are taken.
DISCREPANCIES: dict[str, str] = {
    "unbiased": "means over pairs of different examples within each sample, all pairs across: unbiased, can be below 0",
    "biased": "means over all pairs, each example with itself among them: at least 0, too large by the order of 1/M",
}

#: The names of all of them.
BATCH_ESTIMATORS = (*AGGREGATES, *DISCREPANCIES)
