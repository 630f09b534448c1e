"""torch.compile takes the functions whole."""

from __future__ import annotations

import pytest
import torch

from formula2dgm.library.bernoulli import bernoulli_entropy, bernoulli_log_prob, bernoulli_parameters
from formula2dgm.library.categorical import categorical_log_prob, categorical_log_prob_one_hot
from formula2dgm.library.divergences import kl_laplace_normal, kl_normal_normal
from formula2dgm.library.functions import maximum
from formula2dgm.library.laplace import laplace_log_prob, laplace_noise
from formula2dgm.library.normal import normal_entropy, normal_log_prob, normal_noise, normal_parameters, normal_sample
from formula2dgm.library.shapes import fold, log_mean_exp, norm_event, sum_event, unfold


def bound(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """A bound that meets most of the library: K draws, folded through a "decoder", a log mean of weights."""
    loc, scale = normal_parameters({"loc": h, "log_var": 0.1 * h})
    z = normal_sample(normal_noise((3, *h.shape), h), loc, scale)
    logits = unfold(bernoulli_parameters({"logits": 2 * fold((3, h.shape[0]), z)[0]}), (3, h.shape[0]))
    log_w = sum_event(bernoulli_log_prob(x, logits), 2) + sum_event(normal_log_prob(z, 0.0, 1), 2)
    log_w = log_w - sum_event(laplace_log_prob(z + laplace_noise((3, *h.shape), h), loc, 2.0), 2)
    extra = kl_normal_normal(loc, scale, 0.0, 1.0) + kl_laplace_normal(loc, 1.0, 0.0, scale) + bernoulli_entropy(h)
    extra = sum_event(extra + normal_entropy(loc, 1.0), 1) + norm_event(h, 2, 1)
    labels = categorical_log_prob(torch.zeros(h.shape[0]), h) + categorical_log_prob_one_hot(torch.softmax(h, -1), h)
    return log_mean_exp(log_w, 0) + maximum(0.1, extra) + labels


@pytest.mark.parametrize("dynamic", [False, True])
def test_the_library_compiles_without_a_graph_break(dynamic: bool) -> None:
    torch._dynamo.reset()
    compiled = torch.compile(bound, backend="aot_eager", fullgraph=True, dynamic=dynamic)
    for batch in (4, 6):
        x = (torch.rand(batch, 5) > 0.5).float()
        results = []
        for function in (bound, compiled):
            h = torch.linspace(-1, 1, batch * 5).reshape(batch, 5).requires_grad_()
            torch.manual_seed(0)
            value = function(x, h)
            results.append((value, *torch.autograd.grad(value.sum(), h)))
        torch.testing.assert_close(results[0], results[1])
