"""What is particular to single maps: extreme parameters, values known by hand, refusals."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from formula2dgm import flows
from tests.support.flows import WithContext, check_flow, check_gradients, log_det_by_autograd, normal, perturbed

X = normal(3, 4)


def with_parameters(f: flows.Planar, w: list[float], u: list[float], b: float) -> flows.Planar:
    with torch.no_grad():
        for parameter, value in ((f.w, w), (f.u, u), (f.b, b)):
            parameter.copy_(torch.tensor(value))
    return f


@pytest.mark.parametrize("pull", [-6.0, -2.0, 0.0, 5.0, 40.0])
def test_the_constrained_planar_flow_is_invertible(pull: float) -> None:
    """w is far from unit length and pulls against u: dividing by ||w|| instead of its square fails here."""
    f = with_parameters(flows.Planar(2).double(), [3.0, 4.0], [0.6 * pull, 0.8 * pull / 2], 0.3)
    along = (f.w @ f.u).item()
    assert (f.w @ f.direction()).item() == pytest.approx(-1 + math.log1p(math.exp(along)))
    check_flow(f, normal(5, 2), tolerance=1e-7)


def test_the_inverse_of_planar_has_second_derivatives() -> None:
    f = perturbed(flows.Planar(4))
    assert torch.autograd.gradgradcheck(lambda y: f.inverse(y), (X.clone().requires_grad_(),))


def test_a_planar_flow_without_an_inverse_is_refused() -> None:
    f = with_parameters(flows.Planar(2, constrained=False).double(), [1.0, 0.0], [-2.0, 0.0], 0.0)
    x = normal(5, 2)
    torch.testing.assert_close(f(x)[1], log_det_by_autograd(f, x))
    with pytest.raises(ValueError, match=r"no inverse: w.u is -2, below -1; .*constrained=True"):
        f.inverse(x)


def test_an_unconstrained_planar_flow_that_is_invertible_is_inverted() -> None:
    f = with_parameters(flows.Planar(2, constrained=False).double(), [1.0, 0.5], [-0.5, 2.0], 0.2)
    check_flow(f, normal(5, 2))


def test_a_planar_flow_along_nothing_is_a_shift() -> None:
    f = with_parameters(flows.Planar(2).double(), [0.0, 0.0], [1.0, -2.0], 0.5)
    x = normal(5, 2)
    y, log_det = f(x)
    torch.testing.assert_close(y, x + torch.tensor([1.0, -2.0], dtype=torch.float64) * math.tanh(0.5))
    assert torch.equal(log_det, torch.zeros(5).double())


def test_masks() -> None:
    assert flows.half_mask(5).tolist() == [True, True, True, False, False]
    assert flows.alternating_mask(4, invert=True).tolist() == [False, True, False, True]
    assert flows.channel_mask(3).shape == (3, 1, 1) and flows.channel_mask(3).flatten().tolist() == [True, True, False]
    assert flows.checkerboard_mask(2, 3).tolist() == [[[True, False, True], [False, True, False]]]
    assert torch.equal(flows.checkerboard_mask(3, 3, invert=True), ~flows.checkerboard_mask(3, 3))


def test_the_outputs_of_a_coupling_s_network_in_every_form() -> None:
    net = nn.Linear(4, 8).double()

    def pair(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return net(x)[:, :4], net(x)[:, 4:]

    class Pair(nn.Module):
        def forward(self, x: torch.Tensor) -> object:
            return pair(x)

    class Named(nn.Module):
        def forward(self, x: torch.Tensor) -> object:
            return {"shift": pair(x)[1], "log_scale": pair(x)[0]}

    expected = flows.AffineCoupling([1, 0, 1, 0], net)(X)
    for each in (Pair(), Named()):
        torch.testing.assert_close(flows.AffineCoupling([1, 0, 1, 0], each)(X), expected)


def test_what_a_coupling_ignores_may_be_infinite() -> None:
    """Where the mask is 1 the network's outputs do not matter, not even to the gradient."""

    class Overflowing(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([x.new_full((len(x), 2), 1e4), 0 * x[:, :2] + 0.5, x], dim=1)

    f, x = flows.AffineCoupling([1, 1, 0, 0], Overflowing()), X.clone().requires_grad_()
    y, log_det = f(x)
    assert torch.equal(log_det, torch.full((3,), 1.0).double())
    y.sum().backward()
    assert bool(torch.isfinite(x.grad).all())


def test_a_bound_holds() -> None:
    f = flows.AffineCoupling([1, 0, 0, 0], nn.Linear(4, 8).double(), bound=0.5)
    log_scale, _ = f.log_scale_and_shift(1e6 * X, ())
    assert log_scale.abs().max().item() <= 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mask": [0.5, 1.0]}, "zeros and ones"),
        ({"mask": [0, 1]}, "needs a net"),
        ({"mask": [0, 1], "scale_net": nn.Identity()}, "needs a net"),
        ({"mask": [0, 1], "net": nn.Identity(), "scale_net": nn.Identity()}, "either a net"),
        ({"mask": [0, 1], "net": nn.Identity(), "additive": True, "bound": 1.0}, "has no scale"),
        ({"mask": [0, 1], "net": nn.Identity(), "bound": -1.0}, "must be positive"),
    ],
)
def test_couplings_that_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flows.AffineCoupling(**arguments)


@pytest.mark.parametrize(
    ("f", "x", "message"),
    [
        (flows.AffineCoupling([0, 1, 0], nn.Linear(4, 8)), X, r"mask .* shape \(3,\), which does not fit .* \(4,\)"),
        (flows.AffineCoupling([0, 1, 0, 1], nn.Linear(4, 4)), X, "8 channels in dimension 1"),
        (flows.AffineCoupling([0, 1, 0, 1], nn.Linear(4, 3), additive=True), X, "input's shape"),
        (flows.Planar(3), X, r"\[n, 3\]"),
        (flows.Planar(3), normal(2, 3, 4), "Flatten"),
        (flows.Conv1x1(3), X, r"\[n, 3, ...\]"),
        (flows.ActNorm(3), X, r"\[n, 3, ...\]"),
        (flows.BatchNormFlow(3), X, r"\[n, 3, ...\]"),
        (flows.Permutation([1, 0]), X, r"\[n, 2, ...\]"),
        (flows.Squeeze(), normal(1, 1, 3, 4), "multiples of 2"),
        (flows.Unsqueeze(), normal(1, 3, 3, 4), "multiple of 4"),
        (flows.Flatten((1, 4)), X, r"event shape \(1, 4\)"),
        (flows.LogitTransform(), 2 + X.abs(), "between -1e-06 and 1"),
        (flows.LogitTransform(), X * math.nan, "lie between nan"),
        (flows.Preprocess(), 255 * X.abs(), "strictly between"),
        (flows.Affine(torch.zeros(3)), X, "shift of Affine"),
        (flows.MaskedAutoregressive(3), X, r"\[n, 3\]"),
        (flows.MaskedAutoregressive(4, context=2), X, "context=2, but was given 0 features"),
    ],
)
def test_inputs_that_are_refused(f: nn.Module, x: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        f.double()(x)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: flows.Conv1x1(2, "lu"), "'plu' or 'full'"),
        (lambda: flows.Conv1x1(2, weight=torch.ones(2, 2)), "an invertible matrix"),
        (lambda: flows.Conv1x1(2, weight=torch.eye(3)), "an invertible matrix"),
        (lambda: flows.Permutation([0, 0, 2]), "each of 0 to 2 once"),
        (lambda: flows.MaskedAutoregressive(3, order=[1, 2, 3]), "0 to 2 once each"),
        (lambda: flows.LogitTransform(0.5), "alpha"),
        (lambda: flows.Preprocess(c=1.0), "the c of"),
        (lambda: flows.Preprocess(levels=1), "2 levels"),
        (lambda: flows.Affine(scale=0.0), "not 0"),
        (lambda: flows.BatchNormFlow(2, momentum=0.0), "momentum"),
        (lambda: flows.Compose(nn.Linear(2, 2)), "Linear has no inverse"),
        (lambda: flows.Inverse(nn.Linear(2, 2)), "Linear has no inverse"),
    ],
)
def test_modules_that_are_refused(build: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("parameterisation", ["plu", "full"])
def test_conv1x1_starts_as_a_rotation_from_torch_s_generator(parameterisation: str) -> None:
    torch.manual_seed(0)
    w = flows.Conv1x1(5, parameterisation).matrix()
    torch.testing.assert_close(w @ w.mT, torch.eye(5), atol=1e-5, rtol=0.0)
    torch.manual_seed(0)
    torch.testing.assert_close(flows.Conv1x1(5, parameterisation).matrix(), w)


def test_conv1x1_is_the_convolution() -> None:
    f, x = flows.Conv1x1(4).double(), normal(2, 4, 3, 5)
    torch.testing.assert_close(f(x)[0], nn.functional.conv2d(x, f.matrix().reshape(4, 4, 1, 1)))


def test_an_autoregressive_entry_sees_the_entries_before_it() -> None:
    order = [2, 0, 3, 1]
    f = perturbed(flows.MaskedAutoregressive(4, (16, 16), order=order))
    jacobian = torch.autograd.functional.jacobian(lambda x: torch.stack(f.shift_and_log_scale(x[None], ())), X[0])
    depends = (jacobian != 0).any(dim=0).squeeze(0)
    rank = [order.index(i) for i in range(4)]
    assert depends.tolist() == [[rank[j] < rank[i] for j in range(4)] for i in range(4)]


def test_the_first_entry_of_an_autoregressive_flow_sees_the_context() -> None:
    f = perturbed(flows.MaskedAutoregressive(3, (8,), context=2))
    context = normal(1, 2).requires_grad_()
    first, *_ = torch.autograd.grad(f.shift_and_log_scale(normal(1, 3), (context,))[0][0, 0], context)
    assert bool((first != 0).all())


def test_a_steep_autoregressive_inverse_stays_finite() -> None:
    """Entries that are not computed yet must not overflow into the masked weights of the others."""
    f = flows.MaskedAutoregressive(2, (), bound=None).double()
    with torch.no_grad():
        for each in f.parameters():
            each.zero_()
        f.net[0].bias[3] = 600.0  # the log-scale of entry 1
    x, log_det = f.inverse(torch.ones(1, 2, dtype=torch.float64))
    assert log_det.item() == 600.0 and x[0, 0].item() == 1.0 and math.isfinite(x[0, 1].item())


def test_squeezing_is_pixel_unshuffling_in_row_order() -> None:
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert flows.Squeeze()(x)[0][0, :, 0, 0].tolist() == [0.0, 1.0, 4.0, 5.0]


def test_preprocessing_is_undone_exactly() -> None:
    """Every grey value comes back, through the constraint and through the scale of the dequantisation."""
    grey = torch.arange(256, dtype=torch.float64).reshape(1, 256)
    f = flows.Preprocess()
    z, _ = f((grey + 0.5) / 255)
    torch.testing.assert_close(torch.floor(255 * f.inverse(z)[0]), grey)


def test_a_fixed_affine_keeps_the_precision_of_its_input() -> None:
    y, _ = flows.Affine(shift=0.1, scale=0.3)(torch.tensor([[1.0]], dtype=torch.float64))
    assert y.item() == pytest.approx(0.4, abs=1e-15)


def test_what_is_learned_of_an_affine_map() -> None:
    assert dict(flows.Affine(1.0, 2.0).named_parameters()) == {}
    assert set(dict(flows.Affine(1.0, 2.0, learned=True).named_parameters())) == {"shift", "scale"}
    shift = nn.Parameter(torch.zeros(4))
    assert next(flows.Affine(shift).parameters()) is shift


def test_a_context_goes_to_those_that_take_it() -> None:
    couple = flows.AffineCoupling([0, 1, 0, 1], WithContext(nn.Linear(6, 8))).double()
    context = normal(3, 2)
    y, log_det = flows.Compose(flows.Affine(scale=2.0), couple)(X, context)
    expected, part = couple(2 * X, context)
    torch.testing.assert_close((y, log_det), (expected, part + 4 * math.log(2)))
    with pytest.raises(ValueError, match="none of its flows takes one"):
        flows.Compose(flows.Affine(scale=2.0))(X, context)


def test_the_jacobian_of_a_network() -> None:
    """A map with coupled entries and a context; the log-determinant trains its parameters."""
    net = nn.Sequential(nn.Linear(5, 3), nn.Tanh())
    f = flows.AutogradJacobian(WithContext(net)).double()
    x, context = normal(4, 3), normal(4, 2, seed=1)
    y, log_det = f(x, context)
    torch.testing.assert_close(y, net(torch.cat([x, context], dim=1)))
    torch.testing.assert_close(log_det, log_det_by_autograd(f, x, context))
    log_det.sum().backward()
    assert bool((net[0].weight.grad != 0).all())
    with pytest.raises(ValueError, match="given no inverse"):
        f.inverse(y, context)


def test_the_jacobian_of_images() -> None:
    f = flows.AutogradJacobian(lambda x: x**3, lambda y: y.abs() ** (1 / 3))
    check_flow(f, 1 + normal(2, 1, 2, 3).abs())


def test_a_map_that_loses_dimensions_is_refused() -> None:
    with pytest.raises(ValueError, match=r"takes \(4,\) to \(2,\)"):
        flows.AutogradJacobian(lambda x: x[:, :2])(X)


def test_gradients_of_the_jacobian() -> None:
    f = flows.AutogradJacobian(nn.Sequential(nn.Linear(3, 3), nn.Tanh())).double()
    names, values = zip(*((name, each.detach().requires_grad_()) for name, each in f.named_parameters()), strict=True)
    x = normal(2, 3)
    assert torch.autograd.gradcheck(
        lambda *each: torch.func.functional_call(f, dict(zip(names, each, strict=True)), (x,)), values
    )


def test_gradients_through_the_planar_constraint() -> None:
    f = with_parameters(flows.Planar(2).double(), [3.0, 4.0], [-1.0, -1.0], 0.1)
    check_gradients(f, normal(3, 2))


def test_a_learned_affine_map_leaves_the_given_numbers_alone() -> None:
    shift, scale = torch.tensor([1.0]), torch.tensor([2.0])
    f = flows.Affine(shift, scale, learned=True)
    with torch.no_grad():
        for each in f.parameters():
            each.add_(1.0)
    assert (shift.item(), scale.item()) == (1.0, 2.0)
    torch.testing.assert_close(f(torch.tensor([[5.0]]))[0], torch.tensor([[17.0]]))  # 3 * 5 + 2
