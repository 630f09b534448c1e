"""Every example's module goes through torch.compile in one graph a player, and is not compiled again."""

from __future__ import annotations

import pytest
import torch

from benchmarks import examples


@pytest.mark.parametrize("name", examples.MODELS)
def test_an_example_is_one_graph(name: str) -> None:
    module, faster, data, players, (graphs, breaks) = examples.compiled(name, batch=3, backend="aot_eager")
    assert (graphs, breaks) == (max(1, len(players)), 0)
    # The last player's gradients are what is left behind a step.
    found = {}
    for kind, each in (("plain", module), ("compiled", faster)):
        torch.manual_seed(5)
        with torch._dynamo.config.patch(examples.ALLOWED):
            examples.step(each, data, players)
        found[kind] = {key: value.grad for key, value in module.named_parameters() if value.grad is not None}
    assert found["plain"].keys() == found["compiled"].keys() and found["plain"]
    for key, expected in found["plain"].items():
        torch.testing.assert_close(found["compiled"][key], expected, rtol=1e-3, atol=1e-5, msg=key)
    assert examples.graphs() == (graphs, 0)
