r"""Vector quantisation of which the text writes the loss alone: nearest codes, a decoder, and what moves what."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

LOSS = r"\mathcal{L} = \|x - \hat x\|^2 + \|sg[E(x)] - z_q\|_2^2 + 0.25 \|sg[z_q] - E(x)\|_2^2"


def test_the_code_is_the_nearest_row_and_the_reconstruction_is_of_it() -> None:
    objective = assert_defaults_agree(LOSS, {"x": 3, "z_q": 2})
    x = torch.randn(6, 3).double()
    codebook, encoded = objective.e, objective.E(x)
    distances = ((encoded[:, None] - codebook[None]) ** 2).sum(-1)
    rows = codebook[distances.argmin(1)]
    decoded = objective.f(rows)
    gap = ((encoded - rows) ** 2).sum(-1).mean()
    out = objective(x=x)
    assert_close(out.loss, ((x - decoded) ** 2).sum(-1).mean() + 1.25 * gap)
    moved = torch.autograd.grad(out.loss, encoded_weights := list(objective.E.parameters()))
    own = torch.autograd.grad(0.25 * ((objective.E(x) - rows.detach()) ** 2).sum(-1).mean(), encoded_weights)
    for found, expected in zip(moved, own, strict=True):  # the commitment alone moves the encoder
        assert_close(found, expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"L = \|sg[z_e] - z_q\|^2 + \beta \|sg[z_q] - z_e\|^2", ["z_e is f(x), what a network makes of x"]),
        (r"L = \|x - D(e)\|^2 + \|sg[E(x)] - e\|^2 + \beta \|sg[e] - E(x)\|^2", ["e is the row of a codebook"]),
        (
            r"L(E, G, Z) = \|x - \hat x\|^2 + \|sg[E(x)] - z_q\|^2 + \beta \|E(x) - sg[z_q]\|^2",
            ["x_hat is G(z_q)", "Z is a learned codebook"],
        ),
    ],
)
def test_names(text: str, said: list[str]) -> None:
    objective = f2d.compile(text, scaffold=True, dims={"x": 3})
    assert all(any(each in assumed for assumed in objective.assumptions) for each in said)
    assert [each.name for each in objective.inputs] == ["x"]


def test_what_is_quantised_is_no_data_beside_its_definition() -> None:
    text = [r"L = \|sg[z_e] - z_q\|^2 + \beta \|sg[z_q] - z_e\|^2", r"z_q(x) = e_k; k = \arg\min_j \|z_e(x) - e_j\|"]
    objective = assert_defaults_agree(text, {"x": 3})
    assert "z_e is z_e(x), as elsewhere" in objective.assumptions


@pytest.mark.parametrize(
    "text",
    [
        r"L = \|sg[f(x)] - y\|^2 + \|f(x) - sg[y]\|^2",  # no weight says which of both is a code
        r"L = \|sg[f(x)] - g(x)\|^2 + \beta \|f(x) - sg[g(x)]\|^2",
        r"L = \|f(x) - sg[y]\|^2",
    ],
)
def test_neighbours_have_no_codes(text: str) -> None:
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "y": 3})
    assert not any("codebook" in each for each in objective.assumptions)


def test_two_unknown_names_are_data_with_data() -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(r"L = \|a - b\|^2", scaffold=True)
    assert [each.code for each in caught.value.diagnostics] == ["F2D-0514"]


def test_a_game_of_objectives_that_are_read_without_arguments() -> None:
    text = [
        r"\min_{E,G} \max_D E_{p_{data}(x)}[L_{VQ} + \lambda L_{GAN}]",
        r"L_{VQ}(E, G) = \|x - \hat x\|^2",
        r"L_{GAN}(\{E, G\}, D) = \log D(x) + \log(1 - D(\hat x))",
        r"\hat x = G(E(x)); \lambda = 0.5; x \in \mathbb{R}^3",
    ]
    torch.manual_seed(0)
    objective = f2d.compile(text, scaffold=True).double()
    x = torch.randn(4, 3).double()
    made = objective.G(objective.E(x))
    real, fake = torch.sigmoid(objective.D(x)), torch.sigmoid(objective.D(made))
    judged = torch.log(real).mean() + torch.log(1 - fake).mean()
    assert_close(objective(x=x, player="D").loss, -0.5 * judged)
    both = ((x - made) ** 2).sum(-1).mean() + 0.5 * judged
    assert_close(objective(x=x, player="E,G").loss, both)
