"""docs/models.md: every model is what the reference and code by hand say it is, and the page is up to date."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch

from tests.models.measure import FORMULAS, Model, compiled, measured
from tests.models.table import MODELS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
CLOSE = 1e-9
#: Models of each kind that are measured in every run; the others are slow together.
ALWAYS = {"jmvae_poe", "m2_enumerated", "dpo", "wgan_gp", "glow", "vrnn", "td_vae", "newtonian_vae", "dqn"}


def _params(fast: set[str]) -> list:
    marks = [pytest.mark.slow]
    return [pytest.param(each, marks=[] if each.name in fast else marks, id=each.name) for each in MODELS]


@pytest.mark.parametrize("model", _params(ALWAYS))
def test_it_is_what_the_references_say(model: Model) -> None:
    found = measured(model)
    apart = (found.value, found.gradient, found.value_by_hand, found.gradient_by_hand)
    assert max(apart) < CLOSE
    row = next(line for line in PAGE.splitlines() if f"formulas/{model.name}.txt" in line)
    assert row.split(" | ")[2:4] == [str(found.loss_lines), str(found.module_lines)], "run `make models`"


def test_every_formula_has_a_row() -> None:
    assert sorted(each.stem for each in FORMULAS.glob("*.txt")) == sorted(each.name for each in MODELS)
    said = runpy.run_path(str(ROOT / "docs" / "index_models.py"))["said"]
    for model in MODELS:
        assert f"| {' | '.join(said(model))} |" in PAGE, "run `make models`"


def test_a_wrong_loss_is_seen() -> None:
    """The comparison can fail: half of a loss is not the loss."""
    (model,) = (each for each in MODELS if each.name == "classifier")
    right = model.oracles[""]
    halved = Model(model.name, model.title, {"": lambda o, b, e: right(o, b, e) / 2}, model.group)
    assert measured(halved).value_by_hand > CLOSE < measured(halved).gradient_by_hand
    assert measured(halved).value < CLOSE


def test_every_player_has_a_loss_by_hand() -> None:
    before = torch.get_default_dtype()
    for model in (each for each in MODELS if len(each.oracles) > 1):
        assert set(compiled(model)[0].players) == set(model.oracles), model.name
    assert torch.get_default_dtype() == before
