"""Each check at its limits: what is just allowed passes without a word, what is just beyond is refused."""

from __future__ import annotations

import math
import re
import warnings

import pytest
import torch
from torch import Tensor

from formula2dgm.library import checks, vector_checks

INF, NAN = math.inf, math.nan

#: A check, its further arguments, values that it lets pass and values that it refuses.
ENTRIES = [
    (checks.check_real, (), [-1e30, 0.0], [INF, -INF, NAN]),
    (checks.check_positive, (), [1e-30, 1e30], [0.0, -1.0, INF, NAN]),
    (checks.check_above_zero, (), [1e-30, 1e30], [0.0, -1.0, INF, NAN]),
    (checks.check_nonnegative, (), [0.0, 1e30], [-1e-30, INF, NAN]),
    (checks.check_unit, (), [0.0, 1.0], [-1e-6, 1.000001, NAN]),
    (checks.check_inside_unit, (), [1e-30, 0.999999], [0.0, 1.0, -1.0, 2.0]),
    (checks.check_whole, (), [-3.0, 0.0, 7.0], [0.5, INF, NAN]),
    (checks.check_count, (), [0.0, 7.0], [-1.0, 0.5, INF, NAN]),
    (checks.check_angle, (), [2 * math.pi, -2 * math.pi], [6.2840, -6.2840, NAN]),
    (checks.check_logits, (), [-1e30], [INF, NAN]),
    (checks.check_probability, (), [1e-30, 0.999999], [0.0, 1.0, NAN]),
    (checks.check_grid, (), [0.0, 1.0, 7 / 255], [-1 / 255, 256 / 255, 7.5 / 255, 7.2 / 255, -0.2 / 255, 255.2 / 255]),
    (checks.check_grid, (3, -1.0, 1.0), [-1.0, 0.0, 1.0], [-2.0, 2.0, 0.5]),
    (checks.check_category, (3,), [0.0, 2.0], [-1.0, 3.0, 1.5]),
    (checks.check_binary, (), [0.0, 1.0], [-1e-6, 1.00001, NAN]),
]
#: The same of vectors and matrices.
WHOLE = [
    (checks.check_class_logits, (), [[-INF, 0.0], [1e30, 0.0]], [[-INF, -INF], [NAN, 0.0], [INF, 0.0]]),
    (checks.check_one_hot, (1,), [[1.0], [1.00009]], [[1.00015], [0.99985]]),
    (checks.check_one_hot, (2,), [[0.0, 1.0], [1.0, 0.0]], [[1.0, 1.0], [0.0, 0.0], [2.0, -1.0], [0.0, 0.0, 1.0], 1.0]),
    (checks.check_soft_classes, (2,), [[0.0, 1.0], [0.3, 0.7]], [[0.3, 0.6], [2.0, -1.0], [0.0, 0.0, 1.0], 1.0]),
    (
        vector_checks.check_simplex,
        (),
        [[0.0, 1.0], [0.5, 0.5009765625]],
        [[0.5, 0.502], [0.5, 0.498], [2.0, -1.0], 1.0],
    ),
    (vector_checks.check_inside_simplex, (), [[0.3, 0.7]], [[0.0, 1.0], [0.3, 0.6]]),
    (vector_checks.check_sphere, (), [[0.6, -0.8], [0.0, 1.0005]], [[0.6, 0.6], [0.0, 1.002], [1.0]]),
    (vector_checks.check_on_sphere, (), [[0.6, 0.8], [0.0, 0.6, 0.8]], [[0.6, 0.6], [1.0]]),
    (vector_checks.check_on_sphere, (2,), [[0.6, 0.8]], [[0.0, 0.6, 0.8], [0.6, 0.6]]),
    (vector_checks.check_counts, (), [[0.0, 3.0]], [[-1.0, 3.0], [0.5, 1.0], [INF, 0.0], 1.0]),
    (
        vector_checks.check_scale_tril,
        (),
        [[[1.0, 0.0], [-5.0, 1e-6]]],
        [[[1.0, 1e-6], [0.0, 1.0]], [[0.0, 0.0], [0.0, 1.0]], [[1.0, 0.0]], [1.0], [[1.0, 0.0], [NAN, 1.0]]],
    ),
    (vector_checks.check_cov_factor, (), [[[1.0, -2.0]]], [[1.0, 2.0], [[NAN]], [[INF]]]),
]


@pytest.mark.parametrize(("check", "given", "right", "wrong"), ENTRIES)
def test_of_numbers(check: object, given: tuple[object, ...], right: list[float], wrong: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check("x", torch.tensor(right, dtype=torch.float64), *given)
        check("x", torch.tensor(right[0], dtype=torch.float64), *given)
    for each in wrong:
        with pytest.raises(ValueError, match="^x "):
            check("x", torch.tensor([right[0], each], dtype=torch.float64), *given)


@pytest.mark.parametrize(("check", "given", "right", "wrong"), WHOLE)
def test_of_vectors(check: object, given: tuple[object, ...], right: list[object], wrong: list[object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in right:
            check("x", torch.tensor(each, dtype=torch.float64), *given)
            check("x", torch.tensor([each, each], dtype=torch.float64), *given)
    for each in wrong:
        with pytest.raises(ValueError, match="^x "):
            check("x", torch.tensor(each, dtype=torch.float64), *given)


@pytest.mark.parametrize(
    ("check", "x", "given", "said"),
    [
        (
            checks.check_unit,
            [0.0, 255.0],
            (),
            "x must lie between 0 and 1, but lies between 0 and 255; bytes of an image ",
        ),
        (checks.check_unit, [0.5, 255.5], (), "x must lie between 0 and 1, but lies between 0.5 and 255.5"),
        (checks.check_unit, [-0.5, 2.0], (), "x must lie between 0 and 1, but lies between -0.5 and 2"),
        (checks.check_count, [-2.0, 0.5], (), "the whole numbers 0, 1, 2, ..., but its least is -2"),
        (checks.check_count, [0.0, 0.5], (), "the whole numbers 0, 1, 2, ..., but some lie between whole numbers"),
        (checks.check_grid, [0.5, 3.0], (4, 0.0, 1.0), "x must lie between 0 and 1, but lies between 0.5 and 3"),
        (checks.check_grid, [0.5], (4, 0.0, 1.0), "x must lie on the grid of 4 points from 0 to 1, 0 + n * 0.333333"),
        (checks.check_grid, [0.3], (5, -2.0, 2.0), "x must lie on the grid of 5 points from -2 to 2, -2 + n * 1"),
        (
            checks.check_category,
            [1.0, 3.0],
            (3,),
            "between 0 and 2, but lies between 1 and 3; if its classes count from 1",
        ),
        (checks.check_category, [0.0, 3.0], (3,), "x must lie between 0 and 2, but lies between 0 and 3"),
        (vector_checks.check_simplex, [[0.5, 0.5], [0.5, 0.75]], (), "along its last dimension, but some sum to 1.25"),
        (vector_checks.check_on_sphere, [0.0, 0.6, 0.8], (2,), "x must hold unit vectors of 2 dimensions, but has 3"),
    ],
)
def test_what_is_said(check: object, x: list[float], given: tuple[object, ...], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said) + ("" if said.endswith((" ", "1")) else "$")):
        check("x", torch.tensor(x), *given)


def test_soft_values_are_warned_of() -> None:
    for check, x, given in (
        (checks.check_binary, [0.0, 0.5], ()),
        (checks.check_one_hot, [0.25, 0.75], (2,)),
    ):
        with pytest.warns(UserWarning, match="^x has .* strictly between 0 and 1"):
            check("x", torch.tensor(x), *given)


def test_truth_values_are_no_numbers() -> None:
    with pytest.raises(ValueError, match=r"pass numbers, x\.float\(\)"):
        checks.check_binary("x", torch.tensor([True, False]))


def meet(value: Tensor, partner: Tensor, *lead: int) -> None:
    checks.check_event_rank("x", value, "mu", partner, *lead)


def test_values_that_meet_have_as_many_dimensions() -> None:
    meet(torch.zeros(5, 3), torch.zeros(5, 1), 1)
    meet(torch.zeros(5, 7, 3), torch.zeros(7, 3), 2, 1)
    meet(torch.zeros(5), torch.zeros(5), 1)
    with pytest.raises(ValueError, match=r"^x has event shape \(3,\), but meets mu of event shape \(3, 1\)$"):
        meet(torch.zeros(5, 3), torch.zeros(5, 3, 1), 1)
    for pair in ((torch.zeros(5, 3), torch.zeros(5)), (torch.zeros(5), torch.zeros(5, 3))):
        with pytest.raises(ValueError, match=r"one number that meets every entry has event shape \(1,\)"):
            meet(*pair, 1)
