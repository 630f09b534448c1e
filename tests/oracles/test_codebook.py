"""Vector quantisation: the paper's loss, whose gradients tell apart what the value cannot."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import Calls, gradients_of, oracle

LOSS = r"\mathcal{L} = -\log p(x|z_q(x)) + \|sg[z_e(x)]-e\|_2^2 + \beta\|z_e(x)-sg[e]\|_2^2"
NEAREST = r"\arg\min_j \|z_e(x) - e_j\|_2"
#: How papers say which row is chosen.
CHOICES = {
    "an index with a star": [rf"k^*(x) = {NEAREST}", "z_q(x) = e_{k^*}"],
    "an index in a set": [r"k = \arg\min_{j \in \{1,\dots,K\}} \|z_e(x) - e_j\|_2^2", "z_q(x) = e_k"],
    "a condition behind it": [rf"z_q(x) = e_k, \quad \text{{where }} k = {NEAREST}"],
    "a posterior of one code": [
        rf"q(z=k|x) = \begin{{cases}} 1 & \text{{for }} k = {NEAREST} \\ 0 & \text{{otherwise}} \end{{cases}}",
        "z_q(x) = e_k",
    ],
    "an indicator": [rf"q(z=k|x) = \mathbb{{1}}[k = {NEAREST}]", "z_q(x) = e_k"],
    "the nearest row itself": [r"z_q(x) = \arg\min_{e_j} \|z_e(x) - e_j\|"],
    "an index of the row": [rf"z_q(x) = e_{{{NEAREST}}}"],
}
COPIED = r"z_q(x) = z_e(x) + sg[z_q(x) - z_e(x)]"


class Location(nn.Module):
    """The encoder's location alone."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)["loc"]


@pytest.mark.parametrize("name", ["diffusers_vq", "diffusers_vq_legacy"])
@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("copied", ["by the option", "by the formula"])
def test_value_and_gradients(name: str, choice: str, copied: str) -> None:
    """Of the encoder, the codebook and the decoder; both settings of the library stand beside the one paper."""
    known = oracle(name)
    nets = known.networks()
    codebook = nn.Parameter(known.tensor("param/vq.embedding.weight").clone())
    calls = Calls(nets["enc"])
    bound = {
        "z_e": Location(nets["enc"]),
        "e": codebook,
        "p(x|z_q)": f2d.Normal(loc=nets["dec"], scale=1.0),
        "beta": known.number("input/beta"),
    }
    by_option = copied == "by the option"
    text = [*CHOICES[choice], LOSS] if by_option else [*CHOICES[choice], COPIED, LOSS]
    objective = f2d.compile(text, bound, estimators={"z_q": "straight-through"} if by_option else {})
    out = objective(x=known.tensor("input/x"))
    out.loss.backward()
    assert calls.calls == 1
    assert_close(out.loss.item(), known.number("value"), rtol=1e-5, atol=1e-5)
    found = {**gradients_of(nets), "vq.embedding.weight": codebook.grad}
    assert_close(found, known.gradients(), rtol=1e-5, atol=1e-5)


def test_the_chosen_codes_are_the_oracles() -> None:
    known = oracle("diffusers_vq")
    nets, codes = known.networks(), known.tensor("param/vq.embedding.weight")
    z = Location(nets["enc"])(known.tensor("input/x"))
    assert torch.equal(torch.cdist(z, codes).argmin(-1), known.tensor("noise/codes"))
