"""Data that never meet have batches of their own sizes: values and gradients against code written by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.runtime.reference import Reference
from tests.support.small import codes

SEMI_SUPERVISED = (
    r"\max \mathbb{E}_{(x,y)\sim\mathcal{D}_l}[\log q(y|x)]"
    r" + \mathbb{E}_{x\sim\mathcal{D}_u}\left[\mathbb{E}_{q(z|x)}[\log p(x|z)] - KL[q(z|x)\|p(z)]\right]"
)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.loc, self.scale = nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"loc": self.loc(x), "scale": torch.exp(self.scale(x))}


def semi_supervised() -> tuple[f2d.Objective, dict[str, nn.Module]]:
    torch.manual_seed(0)
    nets: dict[str, nn.Module] = {"label": nn.Linear(4, 3), "encoder": Encoder(), "decoder": nn.Linear(2, 4)}
    bound = {
        "q(y|x)": f2d.Categorical(nets["label"]),
        "q(z|x)": f2d.Normal(nets["encoder"]),
        "p(x|z)": f2d.Normal(loc=nets["decoder"], scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    return f2d.compile(SEMI_SUPERVISED, bound).double(), nets


def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(3, 4).double(), torch.tensor([0, 2, 1]), torch.randn(5, 4).double(), torch.randn(5, 2).double()


def by_hand(nets: dict[str, nn.Module], x_l: Tensor, y: Tensor, x_u: Tensor, eps: Tensor) -> Tensor:
    labels = torch.log_softmax(nets["label"](x_l), -1)[torch.arange(len(y)), y]
    q = torch.distributions.Normal(*nets["encoder"](x_u).values())
    likelihood = torch.distributions.Normal(nets["decoder"](q.loc + q.scale * eps), 1.0).log_prob(x_u).sum(-1)
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(-1)
    return labels.mean() + (likelihood - kl).mean()


def test_each_term_is_averaged_over_its_own_batch() -> None:
    objective, nets = semi_supervised()
    x_l, y, x_u, eps = data()
    value = objective(x_l=x_l, y=y, x_u=x_u, noise={"z": eps}).value
    expected = by_hand(nets, x_l, y, x_u, eps)
    assert_close(value, expected)
    parameters = list(objective.parameters())
    assert_close(torch.autograd.grad(value, parameters), torch.autograd.grad(expected, parameters))


def test_the_reference_agrees() -> None:
    objective, _ = semi_supervised()
    x_l, y, x_u, eps = data()
    networks = {each.name: getattr(objective, each.name) for each in objective.program.networks}
    judge = Reference(objective.program, networks, {"x_l": x_l, "y": y, "x_u": x_u}, {"z": eps})
    assert_close(judge.run().value, objective(x_l=x_l, y=y, x_u=x_u, noise={"z": eps}).value)


def test_a_label_tells_the_data_sets_apart() -> None:
    objective, _ = semi_supervised()
    streams = {each.name: str(each.axes[0]) for each in objective.inputs}
    assert streams == {"x_l": "x_l", "y": "x_l", "x_u": "x_u"}
    assert any("x_u" in each and "two data sets" in each for each in objective.assumptions)


def test_one_data_set_keeps_the_name_of_its_variable() -> None:
    model = {"p(x)": f2d.Normal(loc=nn.Parameter(torch.zeros(4)), scale=1.0)}
    objective = f2d.compile(r"\max \mathbb{E}_{x \sim \mathcal{D}_{train}}[\log p(x)]", model)
    assert [each.name for each in objective.inputs] == ["x"]


def test_data_of_one_stream_must_be_equally_many() -> None:
    objective, _ = semi_supervised()
    x_l, y, x_u, _ = data()
    try:
        objective(x_l=x_l, y=y[:2], x_u=x_u)
    except f2d.FormulaError as error:
        assert [each.code for each in error.diagnostics] == ["F2D-0605"]
    else:
        raise AssertionError("the two differ in number")


def test_data_that_meet_are_one_stream() -> None:
    """x and y meet in the density of a draw, so every term is over their pairs."""
    bound = {
        "q(z|x,y)": f2d.Normal(loc=nn.Bilinear(4, 4, 2), scale=1.0),
        "p(x|z)": f2d.Normal(loc=nn.Linear(2, 4), scale=1.0),
        "p(y|z)": f2d.Normal(loc=nn.Linear(2, 4), scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    objective = f2d.compile(r"\max E_{q(z|x,y)}[\log p(x|z) + \log p(y|z)] - KL[q(z|x,y)\|p(z)]", bound)
    assert {str(each.axes[0]) for each in objective.inputs} == {"batch"}


def test_noise_of_two_streams_is_drawn_for_each() -> None:
    objective = f2d.compile(
        r"\max E_{p_{data}(x)}[E_{\epsilon \sim N(0,I)}[f(x, \epsilon)]]"
        r" + E_{p_{data}(y)}[E_{\epsilon \sim N(0,I)}[g(y, \epsilon)]]",
        {"f": nn.Bilinear(4, 2, 1), "g": nn.Bilinear(3, 2, 1)},
        dims={"epsilon": 2},
    )
    x, y = torch.randn(3, 4), torch.randn(5, 3)
    shapes = {tuple(each.shape) for each in objective.example_noise(x=x, y=y).values()}
    assert shapes == {(3, 2), (5, 2)}


def test_one_batch_for_all_where_nothing_is_reduced() -> None:
    """``reduction="none"`` adds the terms example by example, so they have one batch."""
    model = {name: f2d.Normal(loc=nn.Parameter(torch.zeros(4)), scale=1.0) for name in ("p(x)", "p(y)")}
    objective = f2d.compile(r"\log p(x) + \log p(y)", model, reduction="none")
    assert {str(each.axes[0]) for each in objective.inputs} == {"batch"}


def test_examples_of_each_stream_are_sized_by_one_of_its_variables() -> None:
    model = {name: f2d.Normal(loc=nn.Parameter(torch.zeros(4)), scale=1.0) for name in ("p(x)", "p(y)")}
    objective = f2d.compile(r"\log p(x) + \log p(y)", model, dims={"x": 4, "y": 4})
    shapes = {name: tuple(value.shape) for name, value in objective.example_batch({"x": 3, "y": 7}).items()}
    assert shapes == {"x": (3, 4), "y": (7, 4)}


def test_two_unlabelled_laws_of_one_variable_are_still_refused() -> None:
    assert set(codes(r"\max E_{p(x)}[f(x)] - E_{q(x)}[f(x)]", {"f": nn.Linear(2, 1)})) == {"F2D-0327"}
