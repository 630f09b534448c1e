"""Terms in which the examples of a batch meet, told by hand; and what a script makes of them."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import nn

from formula2dgm.codegen.batches import coupled_term, row_by_row
from tests.unit.script.programs import PROGRAMS, script_of, written

Load = Callable[..., ModuleType]
KERNEL = r"k(u, v) = \exp(-\|u - v\|^2 / 2)"
INFONCE = "log e^{f(x_i)^T g(y_i)} / (sum_{j=1}^N e^{f(x_i)^T g(y_j)})"
NORMAL = r"p(z) = \mathcal{N}(z; 0, I)"


@pytest.mark.parametrize("name", PROGRAMS)
def test_means_over_examples(name: str) -> None:
    """Every one of these programs is a sum of them."""
    assert coupled_term(PROGRAMS[name]()) is None


@pytest.mark.parametrize(
    ("formula", "term"),
    [
        ([r"\min (E_{p_{data}(x)}[f(x)])^2"], "E_{p_data(x)}[f(x)]^2"),
        ([r"\min \log E_{p_{data}(x)}[\exp(f(x))]"], "log E_{p_data(x)}[exp(f(x))]"),
        ([r"\min E_{p_{data}(x)}[f(x)] + 2 E_{p_{data}(x)}[g(x)]^2"], "E_{p_data(x)}[g(x)]^2"),
        ([r"\min E_{p_{data}(x)}[f(x)] - 2 E_{p_{data}(x)}[g(x)^2]"], None),
        (
            [r"\min \mathrm{MMD}_k(q(z), p(z))", KERNEL, NORMAL, r"q(z) = E_{p_{data}(x)}[q(z|x)]"],
            "MMD_k[q(z) || p(z)]",
        ),
        (
            [r"\min -\frac{1}{N} \sum_i \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}", r"s_{ij} = f(x_i)^\top g(y_j)"],
            INFONCE,
        ),
    ],
)
def test_terms_in_which_examples_meet(formula: list[str], term: str | None) -> None:
    assert coupled_term(written(*formula)) == term


def test_networks_of_rows() -> None:
    """Not those that are differentiated, and none beside these."""
    assert row_by_row(written(r"\min \log E_{p_{data}(x)}[\exp(f(x) + g(x))]")) == ["f", "g"]
    assert row_by_row(written(r"\min \log E_{p_{data}(x)}[\exp(f(x) + \|\nabla_x g(x)\|^2)]")) == []


def test_what_cannot_be_divided_is_refused(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("vae")
    assert module.main(["--accumulate", "3", "--out-dir", "run"]) == 2
    assert "--batch-size is a multiple of --accumulate, times the processes" in capsys.readouterr().err
    assert module.main(["--shard", "--out-dir", "run"]) == 2
    assert "--shard is for several processes" in capsys.readouterr().err
    make = module.make
    module.make = lambda *given: setattr(made := make(*given), "p_x_given_z", nn.BatchNorm1d(8)) or made
    assert module.main(["--accumulate", "2", "--out-dir", "run"]) == 2
    assert "p_x_given_z normalises by the batch, of which several processes" in capsys.readouterr().err


def test_examples_that_meet_are_not_divided() -> None:
    text = script_of(written(r"\min \log E_{p_{data}(x)}[\exp(f(x))]"))
    assert 'COUPLED = "log E_{p_data(x)}[exp(f(x))]"  # here examples of a batch meet' in text
    assert (
        '(f"--accumulate: in {COUPLED} examples of a batch meet: parts have another loss", config.accumulate == 1)'
        in text
    )
    assert "    shard: bool" not in text and 'for name in ("f",) if WORLD > 1 else ():' in text


def test_the_rows_of_parts_are_those_of_the_batch(load: Load) -> None:
    """A batch that is divided is a multiple of its parts, also where a data set is smaller than a batch."""
    module = load("two_sets")
    data = {"u": torch.zeros(40, 3), "v": torch.zeros(15, 3)}
    plan = module.batches(data, 16, torch.Generator().manual_seed(0), 4)
    assert [(len(each["u"]), len(each["v"])) for each in plan] == [(16, 12)] * 2
