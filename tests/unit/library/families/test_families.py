"""What holds for every family alike, one row of a table each: numbers and vectors."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import torch

from tests.unit.library.families.cases import Case

TABLES = [
    importlib.import_module(f"tests.unit.library.families.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("*_cases.py"))
]
ROWS = [
    pytest.param(case, id="-".join([case.family, *map(str, case.settings.values()), *case.options]))
    for table in TABLES
    for case in table.CASES
]


@pytest.mark.parametrize("case", ROWS)
def test_the_log_density_and_its_gradient(case: Case) -> None:
    results = []
    for density in (case.function("log_prob"), case.log_density):
        leaves = [each.clone().requires_grad_() for each in (case.points(), *case.columns())]
        found = density(*leaves)
        gradients = torch.autograd.grad(found.sum(), leaves, allow_unused=True, materialize_grads=True)
        results.append((found, *gradients[case.whole :]))
    torch.testing.assert_close(results[0], results[1], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("case", ROWS)
def test_draws_are_in_the_support(case: Case) -> None:
    torch.manual_seed(3)
    value = case.draws(1000)
    classes = [case.columns()[0].shape[-1]] if case.record.classes else []
    case.function("check_value")("x", value, *classes)
    assert value.dtype == torch.float64 and not value.requires_grad


@pytest.mark.parametrize("case", ROWS)
def test_every_way_to_return_parameters_means_the_same(case: Case) -> None:
    record, columns = case.record, case.columns()
    names = dict(zip(record.parameters, columns, strict=True))
    outputs: list[object] = [tuple(columns), list(columns), names, dict(reversed(names.items()))]
    for parameter, others in record.alternatives.items():
        for other in others:
            changed = {name: column for name, column in names.items() if name != parameter}
            outputs.append({**changed, other: case.inverses[other](names[parameter])})
    if record.bare:
        outputs.append(columns[0])
    for output in outputs:
        found = case.read(output)
        found = (found,) if record.bare else found
        torch.testing.assert_close(tuple(found), columns, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", ROWS)
def test_what_gives_no_parameters_is_refused(case: Case) -> None:
    first = case.record.parameters[0]
    message = f"the network of a {case.family} returns .*'{first}'.*; this one returned"
    for output in ({}, None, (1.0,) * 5, {first: 1.0, "wishful": 2.0}, {"wishful": 1.0}):
        with pytest.raises(ValueError, match=message):
            case.read(output)


@pytest.mark.slow
@pytest.mark.parametrize("case", ROWS)
def test_a_family_compiles_without_a_graph_break(case: Case) -> None:
    record, log_prob = case.record, case.function("log_prob")
    entropy = case.function("entropy") if record.entropy is not None else None
    sample = case.function("sample") if record.noise == "value" and record.sample else None

    def together(value: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        total = log_prob(value, *parameters).sum()
        if entropy is not None:
            total = total + entropy(*parameters).sum()
        if sample is not None:
            total = total + sample(value, *parameters).sum()
        return total

    torch._dynamo.reset()
    compiled = torch.compile(together, backend="aot_eager", fullgraph=True)
    arguments = (case.points(), *case.columns())
    torch.testing.assert_close(compiled(*arguments), together(*arguments))
