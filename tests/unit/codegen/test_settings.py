"""Settings of a family stand in the call where they are not the family's own."""

from __future__ import annotations

import torch

import formula2dgm as f2d


def test_settings_that_were_chosen_and_no_others() -> None:
    loc = torch.nn.Linear(2, 3)
    chosen = f2d.compile("log p(x|z)", {"p(x|z)": f2d.DiscretizedLogistic(loc=loc, scale=0.1, bins=16)})
    plain = f2d.compile("log p(x|z)", {"p(x|z)": f2d.DiscretizedLogistic(loc=loc, scale=0.1, bins=256)})
    calls = [line for line in chosen.source.splitlines() if "bins=16" in line]
    assert len(calls) == 2 and not any("low=" in each or "high=" in each for each in calls)
    assert "bins" not in plain.source.split("class Objective")[1].split("return Output")[0]
