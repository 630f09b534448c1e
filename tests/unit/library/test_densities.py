"""Log-densities, entropies, means and variances: values and gradients against torch.distributions, in float64."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, distributions

from formula2dgm.library import bernoulli, categorical, laplace, normal, uniform

LOC_SCALE = [(normal, "normal", distributions.Normal), (laplace, "laplace", distributions.Laplace)]
SHAPES = [((3, 4), (3, 4), (3, 4)), ((5, 3, 4), (3, 4), (4,)), ((3, 4), (5, 1, 1), ()), ((), (3, 1), (1, 4))]


def tensor(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def agree(ours: Callable[..., Tensor], theirs: Callable[..., Tensor], *values: Tensor) -> None:
    """Both functions give the same values, shapes and gradients."""
    results = []
    for each in (ours, theirs):
        leaves = [value.clone().requires_grad_() for value in values]
        result = each(*leaves)
        weights = tensor(*result.shape, seed=9)
        gradients = torch.autograd.grad((weights * result).sum(), leaves, allow_unused=True, materialize_grads=True)
        results.append((result, *gradients))
    torch.testing.assert_close(results[0], results[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("module", "name", "law"), LOC_SCALE)
@pytest.mark.parametrize("shapes", SHAPES)
def test_loc_scale_log_prob(module, name, law, shapes) -> None:
    value, loc, scale = (tensor(*shape, seed=seed) for seed, shape in enumerate(shapes))
    agree(
        getattr(module, f"{name}_log_prob"),
        lambda value, loc, scale: law(loc, scale, validate_args=False).log_prob(value),
        *(value, loc, scale.exp()),
    )


@pytest.mark.parametrize(("module", "name", "law"), LOC_SCALE)
@pytest.mark.parametrize("quantity", ["entropy", "mean", "variance"])
@pytest.mark.parametrize("shapes", SHAPES)
def test_loc_scale_moments(module, name, law, quantity, shapes) -> None:
    def theirs(loc: Tensor, scale: Tensor) -> Tensor:
        found = getattr(law(loc, scale, validate_args=False), quantity)
        return found() if callable(found) else found

    agree(getattr(module, f"{name}_{quantity}"), theirs, tensor(*shapes[1]), tensor(*shapes[2], seed=1).exp())


@pytest.mark.parametrize(("module", "name", "law"), LOC_SCALE)
def test_numbers_stand_for_any_argument_but_one(module, name, law) -> None:
    x = tensor(3, 4)
    log_prob = getattr(module, f"{name}_log_prob")
    torch.testing.assert_close(log_prob(x, 0.3, 1.7), law(0.3 + 0 * x, 1.7).log_prob(x), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(log_prob(0.3, x, 1), law(x, 1.0).log_prob(0.3 + 0 * x), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(
        log_prob(0.3, -1, x.exp()), law(-1 + 0 * x, x.exp()).log_prob(0.3 + 0 * x), rtol=1e-12, atol=1e-12
    )
    entropy = getattr(module, f"{name}_entropy")
    torch.testing.assert_close(entropy(x, 1.7), law(x, 1.7).entropy(), rtol=1e-12, atol=1e-12)
    assert getattr(module, f"{name}_variance")(x, 2.0).shape == x.shape
    assert log_prob(x.float(), 0.3, 1.7).dtype == torch.float32
    assert log_prob(torch.arange(3), 0.5, 2.0).dtype == torch.get_default_dtype()


LOGITS = torch.tensor([-800.0, -100.0, -37.0, -3.0, 0.0, 1e-9, 0.5, 37.0, 100.0, 800.0], dtype=torch.float64)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.3])
def test_bernoulli_log_prob(value: float) -> None:
    def theirs(value: Tensor, logits: Tensor) -> Tensor:
        # -(max(l, 0) - l v + log(1 + exp(-|l|))): the gradient in l at 0 is v - 1/2, which logaddexp has
        return value * logits - torch.logaddexp(logits, torch.zeros_like(logits))

    agree(bernoulli.bernoulli_log_prob, theirs, torch.full_like(LOGITS, value), LOGITS)
    agree(bernoulli.bernoulli_log_prob, theirs, torch.full((4, 1), value, dtype=torch.float64), LOGITS)


def test_bernoulli_log_prob_against_torch() -> None:
    bits = (tensor(4, 10) > 0).double()
    ours = bernoulli.bernoulli_log_prob(bits, LOGITS)
    torch.testing.assert_close(ours, distributions.Bernoulli(logits=LOGITS).log_prob(bits), rtol=1e-12, atol=1e-12)


def test_bernoulli_log_prob_sum_against_torch() -> None:
    """Over all dimensions behind the first, also where the bits have fewer; without an event it is one number each."""
    bits = torch.tensor([[[0.0, 1.0, 1.0]], [[1.0, 0.0, 1.0]]], dtype=torch.float64)
    logits = torch.linspace(-3, 3, 24, dtype=torch.float64).reshape(2, 4, 3).requires_grad_()
    theirs = distributions.Bernoulli(logits=logits).log_prob(bits.expand(2, 4, 3)).sum((1, 2))
    ours = bernoulli.bernoulli_log_prob_sum(bits, logits, 1)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)
    torch.testing.assert_close(
        torch.autograd.grad(ours.sum(), logits)[0], torch.autograd.grad(theirs.sum(), logits)[0], rtol=1e-12, atol=1e-15
    )
    torch.testing.assert_close(
        bernoulli.bernoulli_log_prob_sum(bits[:, 0, 0], logits[:, 0, 0], 1),
        bernoulli.bernoulli_log_prob(bits[:, 0, 0], logits[:, 0, 0]),
    )


def test_bernoulli_log_prob_is_as_exact_as_a_logit() -> None:
    # log(1 - exp(-100)...) = -exp(-100) to first order, on both sides; the error is at most an ulp of the logit
    for dtype, limit in ((torch.float64, 100.0), (torch.float32, 80.0)):
        ulp = limit * torch.finfo(dtype).eps
        expected = -torch.exp(torch.tensor(-limit, dtype=dtype))
        for value, logit in ((1.0, limit), (0.0, -limit)):
            found = bernoulli.bernoulli_log_prob(torch.tensor(value, dtype=dtype), torch.tensor(logit, dtype=dtype))
            torch.testing.assert_close(found, expected, rtol=0.0, atol=ulp)
        wrong = bernoulli.bernoulli_log_prob(torch.tensor(0.0, dtype=dtype), torch.tensor(limit, dtype=dtype))
        assert wrong.item() == -limit


def test_bernoulli_takes_numbers_and_whole_numbers() -> None:
    expected = distributions.Bernoulli(logits=LOGITS).log_prob(torch.ones_like(LOGITS))
    torch.testing.assert_close(bernoulli.bernoulli_log_prob(1, LOGITS), expected, rtol=1e-12, atol=1e-12)
    bits = torch.tensor([0, 1, 1], dtype=torch.uint8)
    expected = distributions.Bernoulli(logits=torch.tensor(0.4)).log_prob(bits.float())
    torch.testing.assert_close(bernoulli.bernoulli_log_prob(bits, 0.4), expected)


@pytest.mark.parametrize("quantity", ["entropy", "mean", "variance"])
def test_bernoulli_moments(quantity: str) -> None:
    def theirs(logits: Tensor) -> Tensor:
        found = getattr(distributions.Bernoulli(logits=logits), quantity)
        return found() if callable(found) else found

    agree(getattr(bernoulli, f"bernoulli_{quantity}"), theirs, LOGITS[3:7])
    values = getattr(bernoulli, f"bernoulli_{quantity}")(LOGITS)
    torch.testing.assert_close(values, theirs(LOGITS), rtol=1e-12, atol=1e-12)


def test_bernoulli_entropy_at_extremes() -> None:
    # H = (1 + l) exp(-l) to first order for large l; the gradient is -l p (1 - p)
    logits = torch.tensor([-50.0, 50.0], dtype=torch.float64, requires_grad=True)
    entropy = bernoulli.bernoulli_entropy(logits)
    torch.testing.assert_close(entropy, (51 * torch.exp(-logits.abs())).detach(), rtol=1e-12, atol=0.0)
    (gradient,) = torch.autograd.grad(entropy.sum(), logits)
    torch.testing.assert_close(gradient, (-logits * torch.exp(-logits.abs())).detach(), rtol=1e-10, atol=0.0)


@pytest.mark.parametrize(("batch", "lead"), [((3,), (3,)), ((5, 3), (3,)), ((3,), (5, 3)), ((4, 1), (3,))])
def test_categorical_log_prob(batch: tuple[int, ...], lead: tuple[int, ...]) -> None:
    index = torch.arange(torch.Size(batch).numel()).reshape(batch) % 4
    logits = 30 * tensor(*lead, 4)
    agree(
        lambda logits: categorical.categorical_log_prob(index, logits),
        lambda logits: distributions.Categorical(logits=logits).log_prob(index),
        logits,
    )
    one_hot = torch.nn.functional.one_hot(index, 4).double()
    expected = distributions.Categorical(logits=logits).log_prob(index)
    found = categorical.categorical_log_prob_one_hot(one_hot, logits)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_categorical_log_prob_of_one_number_and_of_floats() -> None:
    logits = tensor(3, 4)
    expected = torch.log_softmax(logits, -1)
    torch.testing.assert_close(categorical.categorical_log_prob(2, logits), expected[:, 2])
    found = categorical.categorical_log_prob(torch.tensor([1.0, 0.0, 3.0]), logits)
    torch.testing.assert_close(found, expected[[0, 1, 2], [1, 0, 3]])


def test_categorical_soft_values_are_not_hardened() -> None:
    value, logits = torch.softmax(tensor(3, 4), -1), tensor(3, 4, seed=1)
    agree(
        categorical.categorical_log_prob_one_hot,
        lambda value, logits: -torch.nn.functional.cross_entropy(logits, value, reduction="none"),
        *(value, logits),
    )


@pytest.mark.parametrize("quantity", ["entropy", "mean", "variance"])
def test_categorical_moments(quantity: str) -> None:
    def theirs(logits: Tensor) -> Tensor:
        found = getattr(distributions.OneHotCategorical(logits=logits), quantity)
        return found() if callable(found) else found

    agree(getattr(categorical, f"categorical_{quantity}"), theirs, 3 * tensor(5, 3, 4))


def test_an_excluded_class_leaves_everything_finite() -> None:
    mask = torch.tensor([0.0, 0.0, -torch.inf], dtype=torch.float64)
    two = tensor(3, 2)
    three = torch.cat([two, torch.zeros(3, 1, dtype=torch.float64)], -1)
    value = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    agree(
        lambda two, three: categorical.categorical_entropy(three + mask),
        lambda two, three: categorical.categorical_entropy(three[:, :2]),
        *(two, three),
    )
    agree(
        lambda three: categorical.categorical_log_prob_one_hot(value, three + mask),
        lambda three: categorical.categorical_log_prob_one_hot(value[:2], three[:, :2]),
        three,
    )
    assert categorical.categorical_log_prob(2, three + mask).tolist() == [-torch.inf] * 3


def test_uniform_is_torchs_inside_and_impossible_outside() -> None:
    value, low, width = tensor(3, 4).sigmoid(), -tensor(3, 4, seed=1).sigmoid(), 2 + tensor(4, seed=2).sigmoid()
    agree(
        uniform.uniform_log_prob,
        lambda value, low, high: distributions.Uniform(low, high, validate_args=False).log_prob(value) + 0 * value,
        *(value, low, low.detach() + width),
    )
    assert uniform.uniform_log_prob(tensor(3) + 9, 0.0, 1.0).eq(-torch.inf).all()
    law = distributions.Uniform(low, low + width)
    for name in ("entropy", "mean", "variance"):
        expected = getattr(law, name)
        expected = expected() if callable(expected) else expected
        found = getattr(uniform, f"uniform_{name}")(low, low + width)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_uniform_draws_are_its_inverse_distribution_function_of_the_noise() -> None:
    noise, law = tensor(50).sigmoid(), distributions.Uniform(torch.tensor(-2.0).double(), torch.tensor(3.0).double())
    torch.testing.assert_close(uniform.uniform_sample(noise, -2.0, 3.0), law.icdf(noise), rtol=1e-12, atol=1e-12)
    drawn = uniform.uniform_noise((10_000,), noise)
    assert drawn.dtype == torch.float64 and 0 <= drawn.min() and drawn.max() < 1


def test_uniform_reads_a_tuple_or_a_dict() -> None:
    assert uniform.uniform_parameters((0.0, 1.0)) == uniform.uniform_parameters({"low": 0.0, "high": 1.0})
    with pytest.raises(ValueError, match="low"):
        uniform.uniform_parameters({"low": 0.0})
