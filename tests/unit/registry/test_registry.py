"""The registry names library functions that exist and take what it says."""

from __future__ import annotations

import importlib
import inspect
import math
import operator
from pathlib import Path

import pytest
import torch

import formula2dgm.library
from formula2dgm import registry
from formula2dgm.registry.divergences import CLOSED_FORMS, closed_form
from formula2dgm.registry.estimators import ESTIMATORS, Relaxed, Score, choices, estimator, problems_of
from formula2dgm.registry.family import Family
from formula2dgm.registry.functions import CONDITIONS, FUNCTIONS, function, function_by_spelling

MODULES = [path.stem for path in Path(formula2dgm.library.__file__).parent.glob("*.py") if path.stem != "__init__"]
FAMILIES = [pytest.param(each, id=each.name) for each in registry.FAMILIES]


def library(name: str):
    """The library function of this name."""
    modules = (importlib.import_module(f"formula2dgm.library.{each}") for each in MODULES)
    return next(vars(module)[name] for module in modules if name in vars(module))


def takes(name: str) -> tuple[str, ...]:
    return tuple(inspect.signature(library(name)).parameters)


@pytest.mark.parametrize("family", FAMILIES)
def test_library_functions_take_the_parameters_in_order(family: Family) -> None:
    settings = tuple(name for name, _ in family.settings)
    for options in ([], *([(option, True)] for option in family.options)):
        chosen = family.under(options)
        assert takes(chosen.log_prob) == ("value", *family.parameters, *settings)
        for name in filter(None, (chosen.entropy, chosen.mean, chosen.variance)):
            assert takes(name) == (*family.parameters, *settings)
        assert len(takes(chosen.read)) == 1
        if chosen.noise == "standard":
            assert takes(chosen.draw_noise) == ("shape", "like", *settings)
        else:
            assert takes(chosen.draw_noise) == ("shape", *family.parameters, *settings)
        assert (chosen.sample is not None) == chosen.pathwise
        if chosen.sample:
            assert takes(chosen.sample) == ("noise", *family.parameters, *settings)
        assert (chosen.enumerate is not None) == chosen.finite
        if chosen.enumerate:
            assert takes(chosen.enumerate) == (*family.parameters, "lead", *settings)


@pytest.mark.parametrize("family", FAMILIES)
def test_parameters_have_converters_and_checks(family: Family) -> None:
    assert set(family.alternatives) <= set(family.parameters)
    for names in family.alternatives.values():
        for name, converter in names.items():
            assert takes(converter) == (name,)
    known = {*family.parameters, *(name for names in family.alternatives.values() for name in names)}
    assert set(family.arguments) <= known and len(family.arguments) == len(family.parameters)
    assert family.bare == (family.parameters[0] if len(family.parameters) == 1 else None)
    assert [parameter for parameter, _ in family.check] == list(family.parameters)
    assert all(len(takes(check)) == 2 for _, check in family.check)
    assert len(takes(family.check_value)) == 2 + (family.classes is not None) + len(family.settings)


@pytest.mark.parametrize("family", [row for row in FAMILIES if hasattr(torch.distributions, row.id)])
def test_names_and_facts_are_those_of_torch(family: Family) -> None:
    law = getattr(torch.distributions, family.name)
    assert set(family.parameters) <= set(inspect.signature(law).parameters)
    assert family.pathwise or not law.has_rsample
    assert family.finite == law.has_enumerate_support


def test_look_up() -> None:
    spellings = [spelling for each in registry.FAMILIES for spelling in each.spellings]
    assert len(spellings) == len(set(spellings))
    assert registry.family("Normal").arguments == ("loc", "var")
    assert registry.family_by_spelling("N") is registry.family("Normal")
    assert registry.family_by_spelling("Ber") is registry.family("Bernoulli")
    assert registry.family_by_spelling("normal") is None
    with pytest.raises(KeyError):
        registry.family("N")


def test_one_hot_is_a_variant_of_a_categorical_alone() -> None:
    categorical = registry.family("Categorical")
    assert categorical.under([("one_hot", False)]) == categorical
    assert categorical.under([("one_hot", True)]).check_value == "check_one_hot"


def test_closed_forms_take_the_left_parameters_then_the_right() -> None:
    for (_, left, right), name in CLOSED_FORMS.items():
        expected = [f"p_{each}" for each in registry.family(left).parameters]
        expected += [f"q_{each}" for each in registry.family(right).parameters]
        assert takes(name) == tuple(expected)
    assert closed_form("KL", "Normal", "Bernoulli") is None


def test_estimators() -> None:
    assert [each.name for each in choices(registry.family("Normal"))] == ["pathwise", "score"]
    assert [each.name for each in choices(registry.family("Uniform"))] == ["pathwise"]
    assert [each.name for each in choices(registry.family("Poisson"))] == ["score"]
    discrete = ["enumerate", "score", "relaxed", "straight-through"]
    assert [each.name for each in choices(registry.family("Categorical"))] == discrete
    assert {each.name for each in ESTIMATORS} == {"pathwise", "enumerate", "score", "relaxed", "straight-through"}
    assert estimator("score").allows(registry.family("Normal")) and estimator("wishful") is None


@pytest.mark.parametrize(
    "choice", [Relaxed(0.5), Relaxed("T"), Relaxed(2, "relaxed"), Relaxed(1, "mass"), Score(0.5), Score("b"), Score()]
)
def test_settings_that_are_right(choice: Relaxed | Score) -> None:
    assert problems_of(choice) == []


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Relaxed(0.0), "temperature=0.0 is not above 0"),
        (Relaxed(math.inf), "temperature=inf is not above 0"),
        (Relaxed(True), "temperature=True is neither a number nor a formula"),
        (Relaxed(None), "temperature=None is neither a number nor a formula"),
        (Relaxed(1.0, "exact"), "densities='exact' is none of 'relaxed', 'mass', None"),
        (Score(math.nan), "baseline=nan is neither 'leave-one-out', 'batch', a number nor a formula"),
        (Score(True), "baseline=True is neither 'leave-one-out', 'batch', a number nor a formula"),
    ],
)
def test_settings_that_are_wrong(choice: Relaxed | Score, said: str) -> None:
    assert problems_of(choice) == [said]


@pytest.mark.parametrize(
    ("relation", "holds"),
    [("=", "eq"), ("!=", "ne"), ("<", "lt"), ("<=", "le"), (">", "gt"), (">=", "ge")],
)
def test_a_relation_is_the_one_of_numbers(relation: str, holds: str) -> None:
    left, right = torch.tensor([1.0, 2.0, 3.0]), torch.full((3,), 2.0)
    expected = [getattr(operator, holds)(one, 2) for one in (1, 2, 3)]
    assert call(function(CONDITIONS[relation]), left, right).bool().tolist() == expected


def call(each, *arguments):
    if each.from_library:
        return library(each.call)(*arguments, *([1] if each.gives else []))
    return getattr(torch, each.call.removeprefix("torch."))(*arguments)


def arguments_of(each):
    """Values in the function's domain: as many as it takes, vectors where it takes these."""
    x = torch.linspace(*each.domain, 102, dtype=torch.float64)
    if each.name == "class_logsumexp":  # of vectors, and how many entries they have
        return x.reshape(-1, 3), 3
    others = [x.flip(0) / 2, x.flip(0) / 2 + 1]
    others[0] = others[0].abs() if each.name == "huber" else others[0]
    given = (x, *others[: 1 if each.variadic else each.arguments - 1])
    return tuple(value.reshape(-1, 3) for value in given) if each.gives else given


@pytest.mark.parametrize("each", FUNCTIONS, ids=lambda each: each.name)
def test_a_function_is_what_its_reference_says(each) -> None:
    arguments = arguments_of(each)
    spelled = each.reference.format("x", "y", "z")
    names = dict(zip("xyz", arguments, strict=False))
    torch.testing.assert_close(call(each, *arguments), eval(spelled, {"torch": torch, **names}))
    if each.number:
        number = eval(each.number, {"math": math})
        found = torch.tensor([number(*pair) for pair in zip(*(a.tolist() for a in arguments), strict=True)])
        torch.testing.assert_close(call(each, *arguments), found.double(), check_dtype=False, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("each", [each for each in FUNCTIONS if not each.gives], ids=lambda each: each.name)
def test_the_facts_of_a_function_hold(each) -> None:
    x = torch.linspace(*each.domain, 401, dtype=torch.float64)
    others = [torch.ones_like(x), 2 * torch.ones_like(x)][: 1 if each.variadic else each.arguments - 1]
    value = call(each, x, *others)
    rising, falling = bool((value.diff() >= 0).all()), bool((value.diff() <= 0).all())
    if each.name not in CONDITIONS.values():  # polarity never asks of what a condition is
        assert each.increasing == (True if rising else False if falling else None)
    if not each.variadic and each.name not in ("log1p",):
        assert each.positive == bool((value >= 0).all() and each.name not in ("log", "clip"))


@pytest.mark.parametrize("each", [each for each in FUNCTIONS if not each.gives], ids=lambda each: each.name)
def test_a_function_has_a_gradient_or_says_that_it_has_none(each) -> None:
    x, *others = arguments_of(each)
    x.requires_grad_()
    value = call(each, x, *others)
    slope = torch.autograd.grad(value.sum(), x)[0] if value.requires_grad else torch.zeros_like(x)
    assert each.gradient == bool(slope.any())


def test_function_look_up() -> None:
    spellings = [spelling for each in FUNCTIONS for spelling in each.spellings]
    assert len(spellings) == len(set(spellings))
    assert function_by_spelling("sigma").name == "sigmoid" and function_by_spelling("foo") is None
    with pytest.raises(KeyError):
        function("foo")
