r"""A divergence from the posterior of a model that the text writes is the bound with the other sign."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.small import STANDARD, Model

GAP = r"KL[q(z|x) \| p(z|x)]"
JOINT = "p(x, z) = p(x|z) p(z)"


@pytest.mark.parametrize("text", [rf"\min_q {GAP}", rf"{GAP} \rightarrow \min_q", rf"\hat q = \arg\min_q {GAP}"])
def test_the_divergence_is_minus_the_bound(text: str) -> None:
    torch.manual_seed(0)
    model = Model()
    for net in (model.q, model.p):
        net.double()
    x, noise = model.x.double(), model.eps.double()
    model.x = x
    objective = assert_agrees([text, JOINT], model.bindings, {"x": x})
    z = model.z(noise)
    expected = model.q.at(x).log_prob(z) - model.log_p(z) - STANDARD.log_prob(z)
    out = objective(x=x, noise={"z": noise})
    assert_close(out.loss, expected.mean())
    assert any("but for the evidence, which does not depend on q" in each for each in objective.assumptions)
    assert all(each.grad is None or not each.grad.any() for each in model.p.parameters())


def test_of_several_latents() -> None:
    text = [
        r"p(z, \theta|x) \approx q(\theta) q(z) = \arg\min_q KL(q(\theta) q(z) \| p(\theta, z|x))",
        r"p(x, z, \theta) = p(x|z, \theta) p(z|\theta) p(\theta)",
    ]
    objective = f2d.compile(text, scaffold=True, dims={"x": 2, "z": 2, "theta": 2})
    assert [each for each in objective.assumptions if "p(theta|x)" in each] == []


@pytest.mark.parametrize("operator", [r"\min_{\theta, \phi}", r"\min_\theta"])
def test_a_model_that_is_trained_too_is_refused(operator: str) -> None:
    text = [rf"{operator} KL[q_\phi(z|x) \| p_\theta(z|x)]", r"p_\theta(x, z) = p_\theta(x|z) p(z)"]
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(text, scaffold=True, dims={"x": 2})
    assert [each.code for each in caught.value.diagnostics] == ["F2D-0518"]


def test_a_posterior_that_is_said_or_known_is_itself() -> None:
    said = f2d.compile([rf"\min_q {GAP}", JOINT, r"p(z|x) = \mathcal{N}(z; 0, I)"], scaffold=True, dims={"x": 2})
    assert not any("evidence" in each for each in said.assumptions)
    finite = [rf"\min_q {GAP}", JOINT, r"z \in \{1, \dots, 3\}"]
    known = f2d.compile(finite, scaffold=True, dims={"x": 2})
    assert not any("evidence" in each for each in known.assumptions)
