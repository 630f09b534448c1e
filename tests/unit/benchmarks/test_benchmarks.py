"""The benchmarks: their contenders agree, their gate notices when one does not, their statistics are right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import gate, summary, tables
from benchmarks.clock import race
from benchmarks.contest import Contender, Loss, Model, Problem
from benchmarks.intervals import median_interval, ratio_interval
from benchmarks.machine import machine
from benchmarks.memory import peak_bytes
from benchmarks.models import NAMES, model

SMALL = {
    "vae": {"batch": 4, "x": 5, "h": 6, "z": 2},
    "iwae": {"K": 3, "batch": 4, "x": 5, "h": 6, "z": 2},
    "classes": {"y": 3, "batch": 4, "x": 5, "h": 6, "z": 2},
    "factor_vae": {"batch": 4, "x": 5, "h": 6, "z": 2},
    "wgan_gp": {"batch": 4, "x": 5, "h": 6, "z": 2},
    "diffusion": {"batch": 4, "x": 5, "h": 6},
    "dmm": {"steps": 3, "batch": 4, "x": 5, "z": 2, "h": 6},
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_all_contenders_agree_in_loss_and_gradients(name: str, dtype: torch.dtype) -> None:
    measured = model(name)
    own = [each for each in measured.contenders if each.needs is None and not each.compiled]
    agreements = gate.check(measured, SMALL[name], dtype, own)
    assert [each.contender for each in agreements] == [each.name for each in own]
    assert measured.ours in {each.contender for each in agreements}


def with_another(measured: Model, build: object) -> Model:
    wrong = Contender("wrong", "not the same", build)  # type: ignore[arg-type]
    return replace(measured, contenders=(*measured.contenders, wrong))


def test_a_wrong_loss_is_noticed() -> None:
    measured = model("dmm")

    def build(given: Problem) -> Loss:
        right = measured.contenders[0].build(given)
        return lambda noise: 1.001 * right(noise)

    changed = with_another(measured, build)
    with pytest.raises(gate.Disagreement, match="'wrong'"):
        gate.check(changed, SMALL["dmm"], torch.float32, changed.contenders[-1:])


def test_a_wrong_gradient_is_noticed() -> None:
    measured = model("dmm")

    def build(given: Problem) -> Loss:
        right = measured.contenders[0].build(given)
        return lambda noise: right(noise).detach() + 0 * sum(each.sum() for each in given.networks.parameters())

    changed = with_another(measured, build)
    with pytest.raises(gate.Disagreement, match="'wrong'"):
        gate.check(changed, SMALL["dmm"], torch.float64, changed.contenders[-1:])


def test_a_loss_that_is_no_number_is_noticed() -> None:
    measured = model("dmm")

    def build(given: Problem) -> Loss:
        right = measured.contenders[0].build(given)
        return lambda noise: right(noise) * float("nan")

    changed = with_another(measured, build)
    with pytest.raises(gate.Disagreement, match="'wrong'"):
        gate.check(changed, SMALL["dmm"], torch.float64, changed.contenders[-1:])


def test_the_median_and_its_interval() -> None:
    found = median_interval([3.0, 1.0, 2.0])
    assert (found.median, found.first_quartile, found.third_quartile) == (2.0, 1.5, 2.5)
    assert found.low == 1.0 and found.high == 3.0
    still = median_interval([5.0] * 9)
    assert (still.low, still.median, still.high) == (5.0, 5.0, 5.0)


def test_ratios_are_taken_within_a_round() -> None:
    slow_rounds = [1.0, 10.0, 100.0]
    found = ratio_interval([2 * each for each in slow_rounds], slow_rounds)
    assert (found.low, found.median, found.high) == (2.0, 2.0, 2.0)


def test_results_are_written(tmp_path: Path) -> None:
    measured = replace(model("dmm"), settings=(SMALL["dmm"], SMALL["dmm"] | {"steps": 6}))
    names = [measured.contenders[0].name, measured.ours]
    own = [each for each in measured.contenders if each.name in names]
    agreements = gate.check(measured, measured.settings[0], torch.float64, own)
    entered = race(measured, 2, 1e-3, names)
    found = tables.results(measured, entered, agreements, {"rounds": 2, "step": "a step", "adam": 1e-3}, machine())
    data, page = tables.write(found, tmp_path)
    again = json.loads(data.read_text(encoding="utf-8"))
    assert [(row["setting"]["steps"], row["contender"]) for row in again["rows"]] == [
        (steps, name) for steps in (3, 6) for name in names
    ]
    assert again["versions"]["torch"] == torch.__version__
    assert f"| {names[0]} |" in page.read_text(encoding="utf-8")
    picture = (tmp_path / "dmm.svg").read_text(encoding="utf-8")
    assert picture.count("<circle") == 2 and names[0] in picture
    said = summary.table(tmp_path).splitlines()
    assert said[0].startswith("| model | expert's | people's") and len(said) == 4
    assert said[2].startswith("| [dmm](results/dmm.md): steps 3") and said[2].count("|") == 7


def test_the_generator_of_a_game_is_compared_too() -> None:
    """A wrong loss of the last player is noticed, whose gradients the first has nothing to do with."""
    measured = model("wgan_gp")

    def build(given: Problem) -> dict[str, Loss]:
        right = measured.contenders[0].losses(given)
        return {"D": right["D"], "G": lambda noise: 1.001 * right["G"](noise)}

    changed = with_another(measured, build)
    with pytest.raises(gate.Disagreement, match="the loss G|generator"):
        gate.check(changed, SMALL["wgan_gp"], torch.float64, changed.contenders[-1:])


def test_the_peak_of_a_step_is_what_it_allocates() -> None:
    kept: list[torch.Tensor] = []

    def step() -> None:
        kept.clear()
        kept.append(torch.ones(1000))  # 4000 bytes, and as many again for a moment
        kept[0].add_((2 * kept[0]).sum())

    assert 8000 <= peak_bytes(step) <= 8400
