"""Distributions under test: against the literal reference, and draws against exact moments."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Query
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.verify import verify
from formula2dgm.passes import run_passes
from formula2dgm.runtime.distribution import Distribution
from formula2dgm.runtime.reference import Reference


def reference(made: Distribution, data: Mapping[str, Tensor], noise: Mapping[str, Tensor] | None = None) -> Reference:
    """The literal interpreter of a distribution's program around its own networks and tensors."""
    program = made.program
    return Reference(
        program,
        {each.name: getattr(made, each.name) for each in program.networks},
        data,
        noise or {},
        {each.name: getattr(made, each.name) for each in program.hyperparameters},
        {each.name: getattr(made, each.name) for each in program.parameters},
    )


def query(made: Distribution, name: str) -> Query:
    """The program of one question."""
    return next(each for each in made.program.queries if each.name == name)


def assert_answers_of_the_reference(made: Distribution, data: Mapping[str, Tensor], *names: str) -> None:
    """Every answer, ``log_prob``, ``mean``, ``variance``, is that of the literal interpreter; the program is sound."""
    run_passes(verify(made.program), debug=True)
    for name in names:
        asked = query(made, name)
        assert asked.refusal is None, (name, asked.refusal)
        given = {key: value for key, value in data.items() if key in asked.reads}
        found = getattr(made, name)(**given)
        for variable, node in asked.answers:
            expected = reference(made, data)(node, {}).tensor
            answer = found[variable] if isinstance(found, dict) else found
            torch.testing.assert_close(answer, expected.expand(answer.shape), rtol=1e-9, atol=1e-9)


def assert_draws_of_the_reference(made: Distribution, n: int, given: Mapping[str, Tensor] | None = None) -> None:
    """What is drawn at a given noise is what the literal interpreter makes of it."""
    given, asked = given or {}, query(made, "sample")
    torch.manual_seed(3)
    noise = _noise(made, n, given)
    drawn = made.sample(n, noise=noise, **given)
    literal = reference(made, given, noise)
    for name, node in asked.answers:
        axes = [each for each in node.axes if each.kind == "sample"]
        rows = [literal(node, {axes[0]: k}).tensor for k in range(n)] if axes else [literal(node, {}).tensor]
        expected = torch.stack(rows) if axes else rows[0]
        torch.testing.assert_close(drawn[name], expected.to(drawn[name].dtype), rtol=1e-9, atol=1e-9)


def _noise(made: Distribution, n: int, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Noise of every site: standard normal, or the classes drawn; shapes are those of what is drawn without any."""
    shapes = _shapes(made, n, given)
    found = {}
    for site in made.program.sites:
        shape = shapes[site.name]
        classes = 2 if site.noise == "value" else None
        found[site.name] = torch.randn(shape) if classes is None else torch.randint(0, classes, shape)
    return found


class _Shapes(dict[str, Tensor]):
    """Notes the shapes that a sampler asks for."""

    def __init__(self, made: Distribution):
        super().__init__()
        self.noise = {each.name: each.noise for each in made.program.sites}
        self.shapes: dict[str, tuple[int, ...]] = {}

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> Tensor:
        return _Recorded(self, key)  # type: ignore[return-value]


class _Recorded:
    def __init__(self, owner: _Shapes, key: str):
        self.owner, self.key = owner, key

    def expand(self, *shape: object) -> Tensor:
        size = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
        self.owner.shapes[self.key] = size  # type: ignore[assignment]
        value = self.owner.noise[self.key] == "value"
        return torch.zeros(size, dtype=torch.long if value else None)  # type: ignore[call-overload, no-any-return]


def _shapes(made: Distribution, n: int, given: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    recorded = _Shapes(made)
    super(type(made).__mro__[1], made).sample(n, noise=recorded, **given)  # type: ignore[misc]
    return recorded.shapes


def assert_moments_of_draws(made: Distribution, n: int = 40_000, **given: Tensor) -> None:
    """Mean and variance of draws lie within six standard errors of the exact ones."""
    torch.manual_seed(0)
    (name,) = made.joint.shown
    drawn = made.sample(n, **given)[name].detach()
    mean, variance = made.mean(**given).detach(), made.variance(**given).detach()
    error = (variance / n).sqrt()
    assert bool(((drawn.mean(0) - mean).abs() <= 6 * error).all()), (drawn.mean(0), mean)
    spread = ((drawn - mean) ** 2).var(0).div(n).sqrt()
    assert bool((((drawn - mean) ** 2).mean(0) - variance).abs().le(6 * spread).all()), (drawn.var(0), variance)


def draws_in(made: Distribution) -> list[ir.Draw]:
    """All draws of the sampler."""
    return [node for node in walk(*query(made, "sample").nodes) if isinstance(node, ir.Draw)]
