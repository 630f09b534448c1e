"""Random well-typed models: the generated code equals the literal reference, in values and in every gradient.

``python -m tests.support.random_models --seeds 0:20000`` goes through as many as one likes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import torch

from tests.support import random_models
from tests.support.random_models import Model, comparison, drawn, judge, outcome
from tests.support.random_models.__main__ import main
from tests.support.random_models.records import Records

#: Of what the tests of one process have judged.
judged = cache(outcome)


def agrees(seed: int) -> None:
    """A model is compiled and agrees; where the formula is no number at a seed's noise, there is nothing to say."""
    found = judged(seed)
    assert found.kind in ("agrees", "undefined"), f"{found.kind}: {found.detail}\n{drawn(seed)}"


@pytest.mark.parametrize("seed", range(150))
def test_generated_equals_reference(seed: int) -> None:
    agrees(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(150, 2150))
def test_generated_equals_reference_for_many(seed: int) -> None:
    agrees(seed)


#: What long runs found: roots above the diagonal, slopes in tails, scores behind states, baselines within baselines ...
FOUND = (6833, 6905, 7407, 7966, 9623, 9999, 11471, 18606)


@pytest.mark.parametrize("seed", FOUND)
def test_what_long_runs_found(seed: int) -> None:
    agrees(seed)


def test_few_models_are_no_numbers() -> None:
    """What cannot be compared is rare, or nothing would be tested."""
    undefined = [seed for seed in range(0, 150, 5) if judged(seed).kind == "undefined"]
    assert len(undefined) <= 1


def test_a_spelling_is_the_same_model() -> None:
    """Another style writes another text around the same networks and numbers."""
    texts = {style: drawn(6, style) for style in ("plain", "unicode", "latex")}
    assert len({str(each.statements) for each in texts.values()}) == 3
    assert len({tuple(each.bindings) for each in texts.values()}) == 1


def test_a_wrong_formula_differs() -> None:
    """A reference of another sign, or a number by hand that is another, is told: the check can fail."""
    model = next(each for each in map(drawn, range(10, 100, 14)) if each.expected is not None)
    right = model.expected
    assert right is not None and judge(model).kind == "agrees"
    model.expected = lambda networks, data: right(networks, data) + 1e-6
    assert judge(model).kind == "differs"
    other = Model("-E_{q(z|x)}[log p(x|z)]", drawn(0).bindings, {"maximize": True, "dims": {"x": 3}})
    assert judge(other).kind in ("refused", "differs", "raised")


def test_differences_are_relative_to_the_largest_number() -> None:
    one = torch.tensor([1e6, 1.0])
    assert comparison.difference(one + 1e-4, one) == pytest.approx(1e-10, rel=1e-3)
    assert comparison.difference(one, one[:1]) == float("inf")
    assert comparison.difference(torch.tensor(float("nan")), torch.tensor(1.0)) == float("inf")


def test_a_run_goes_on_where_it_was_cut_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "records.jsonl"
    assert main(["--seeds", "10:25", "--kinds", "arithmetic", "--records", str(file)]) == 0
    file.write_text(file.read_text() + '{"seed": 38, "ki')  # cut off
    assert set(Records.read(file).outcomes) == {10, 24}
    asked: list[int] = []

    def failing(seed: int) -> comparison.Outcome:
        asked.append(seed)
        raise ZeroDivisionError("of the model")

    monkeypatch.setattr("tests.support.random_models.__main__.outcome", failing)
    assert main(["--seeds", "10:39", "--kinds", "arithmetic", "--records", str(file)]) == 1
    assert asked == [38]
    assert "seed 38: raised: the generator: ZeroDivisionError" in capsys.readouterr().out
    assert random_models.KINDS
