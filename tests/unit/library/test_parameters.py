"""What a network returned, read as parameters: every parameterisation means the same law, every slip is refused."""

from __future__ import annotations

import math
from collections import OrderedDict, namedtuple

import pytest
import torch
from torch import distributions

from formula2dgm.library import parameters
from formula2dgm.library.bernoulli import bernoulli_parameters
from formula2dgm.library.categorical import categorical_parameters
from formula2dgm.library.laplace import laplace_parameters
from formula2dgm.library.normal import normal_parameters

LOC = torch.tensor([1.0, 2.0], dtype=torch.float64)
SCALE = torch.tensor([0.5, 3.0], dtype=torch.float64)
Pair = namedtuple("Pair", "loc scale")


@pytest.mark.parametrize(
    "output",
    [
        (LOC, SCALE),
        [LOC, SCALE],
        Pair(LOC, SCALE),
        {"loc": LOC, "scale": SCALE},
        OrderedDict(scale=SCALE, loc=LOC),
        {"loc": LOC, "log_scale": SCALE.log()},
        {"loc": LOC, "var": SCALE**2},
        {"loc": LOC, "log_var": 2 * SCALE.log()},
    ],
)
def test_normal(output: object) -> None:
    torch.testing.assert_close(normal_parameters(output), (LOC, SCALE), rtol=1e-15, atol=0.0)


@pytest.mark.parametrize("output", [(LOC, SCALE), {"loc": LOC, "scale": SCALE}, {"loc": LOC, "log_scale": SCALE.log()}])
def test_laplace(output: object) -> None:
    torch.testing.assert_close(laplace_parameters(output), (LOC, SCALE), rtol=1e-15, atol=0.0)


@pytest.mark.parametrize("read", [bernoulli_parameters, categorical_parameters])
def test_one_tensor_is_logits(read) -> None:
    for output in (LOC, (LOC,), [LOC], {"logits": LOC}):
        assert read(output) is LOC


def test_probs() -> None:
    probs = torch.tensor([[0.2, 0.5, 0.3], [1e-5, 0.9, 0.1 - 1e-5]], dtype=torch.float64)
    torch.testing.assert_close(bernoulli_parameters({"probs": probs}), torch.logit(probs), rtol=1e-15, atol=0.0)
    expected = distributions.Categorical(probs=probs).logits
    torch.testing.assert_close(categorical_parameters({"probs": probs}), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_probs_of_zero_and_one_stay_finite(dtype: torch.dtype) -> None:
    ends = torch.tensor([0.0, 1.0], dtype=dtype)
    for logits in (parameters.logits_from_probs(ends), parameters.class_logits_from_probs(ends)):
        assert torch.isfinite(logits).all()
    limit = math.log(torch.finfo(dtype).eps)
    torch.testing.assert_close(parameters.logits_from_probs(ends), torch.tensor([limit, -limit], dtype=dtype))


def test_what_is_no_probability_becomes_nan() -> None:
    probs = torch.tensor([-0.1, 0.5, 1.5])
    for logits in (parameters.logits_from_probs(probs), parameters.class_logits_from_probs(probs)):
        assert logits.isnan().tolist() == [True, False, True]


def test_converters_take_numbers() -> None:
    assert parameters.scale_from_log_scale(0.5) == math.exp(0.5)
    assert parameters.scale_from_var(4.0) == 2.0
    assert parameters.scale_from_log_var(2.0) == math.e
    assert parameters.logits_from_probs(0.5) == 0.0
    assert math.isclose(parameters.logits_from_probs(0.2), math.log(0.25), rel_tol=1e-15)


@pytest.mark.parametrize(
    ("read", "output", "found", "accepted"),
    [
        (normal_parameters, {"mu": LOC, "logvar": LOC}, "a dict with 'mu', 'logvar'", "'log_var'"),
        (normal_parameters, {"loc": LOC}, "a dict with 'loc'", "one of 'scale', 'log_scale', 'var', 'log_var'"),
        (normal_parameters, {"loc": LOC, "scale": LOC, "var": LOC}, "'loc', 'scale', 'var'", "one of 'scale'"),
        (normal_parameters, {"loc": LOC, "logvar": LOC}, "'loc', 'logvar'", "'log_var'"),
        (normal_parameters, (LOC, SCALE, LOC), "a tuple of 3", "(loc, scale)"),
        (normal_parameters, LOC, "one tensor of shape (2,)", "(loc, scale)"),
        (normal_parameters, None, "a NoneType", "(loc, scale)"),
        (laplace_parameters, {"loc": LOC, "var": LOC}, "a dict with 'loc', 'var'", "'log_scale'"),
        (laplace_parameters, {}, "a dict with nothing in it", "'log_scale'"),
        (bernoulli_parameters, (LOC, LOC), "a tuple of 2", "'probs'"),
        (bernoulli_parameters, {"logits": LOC, "probs": LOC}, "'logits', 'probs'", "one of 'logits', 'probs'"),
        (categorical_parameters, {"logit": LOC}, "a dict with 'logit'", "'logits'"),
    ],
)
def test_refusals_say_what_was_found_and_what_is_accepted(read, output, found: str, accepted: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(output)
    assert f"returned {found}" in str(caught.value) or found in str(caught.value)
    assert accepted in str(caught.value).split("this one")[0]
