"""Moving averages as targets: f_{bar theta} follows f_theta, by a binding or by a statement."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.reference import reference
from tests.support.small import Model

DECAY = 0.9
MARKS = [
    r"\bar\theta",
    r"\theta^-",
    r"\theta'",
    r"\theta_{\text{EMA}}",
    r"\theta_{\text{target}}",
    r"\tilde\theta",
    r"\xi",
]


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))


def data(n: int = 8) -> Tensor:
    return torch.randn(n, 3, generator=torch.Generator().manual_seed(1))


def distance(target: str) -> str:
    """Neither network alone is the answer: the target is read at other inputs."""
    return rf"\min \|f_\theta(x) - {target}\|^2 + \|x - f_\theta(x)\|^2"


def compiled(mark: str = r"\bar\theta", net: nn.Module | None = None, decay: float = DECAY) -> f2d.Objective:
    bindings = {"f_theta": net or network(), mark: f2d.EMA(r"\theta", decay)}
    return f2d.compile(distance(rf"f_{{{mark}}}(-x)"), bindings)


def loop(net: nn.Module, steps: int, decay: float = DECAY) -> tuple[nn.Module, nn.Module, list[Tensor]]:
    """The same training by hand: the trained network, its target, the losses."""
    target = copy.deepcopy(net).requires_grad_(False)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, losses = data(), []
    for _ in range(steps):
        y = net(x)
        loss = ((y - target(-x)) ** 2).sum(1).mean() + ((x - y) ** 2).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for own, followed in zip(target.parameters(), net.parameters(), strict=True):
                own.copy_(decay * own + (1 - decay) * followed)
        losses.append(loss.detach())
    return net, target, losses


def equal(left: nn.Module, right: nn.Module) -> bool:
    one, other = left.state_dict(), right.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# -- five steps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", MARKS)
def test_five_steps_are_those_of_the_loop_by_hand(mark: str) -> None:
    net, target, losses = loop(network(), 5)
    objective = compiled(mark)
    optimizer = torch.optim.SGD(objective.parameters(), lr=0.1)
    for expected in losses:
        loss = objective(x=data()).loss
        assert_close(loss, expected)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        objective.update_targets()
    assert_close(dict(objective.f_theta.state_dict()), dict(net.state_dict()))
    assert_close(dict(objective.f_theta_target.state_dict()), dict(target.state_dict()))


def test_a_step_is_exact() -> None:
    objective, followed = compiled(), network(seed=5)
    objective.f_theta.load_state_dict(followed.state_dict())
    expected = dict(network().state_dict())
    for _ in range(5):
        objective.update_targets()
        expected = {name: DECAY * own + (1 - DECAY) * followed.state_dict()[name] for name, own in expected.items()}
        found = objective.f_theta_target.state_dict()
        assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_fit_moves_targets() -> None:
    net, target, _ = loop(network(), 5)
    objective = compiled()
    f2d.fit(objective, data(), epochs=5, batch_size=8, lr=0.1, optimizer=torch.optim.SGD, progress=False)
    assert_close(dict(objective.f_theta_target.state_dict()), dict(target.state_dict()), atol=1e-6, rtol=1e-5)
    assert_close(dict(objective.f_theta.state_dict()), dict(net.state_dict()), atol=1e-6, rtol=1e-5)


def test_without_decay_it_is_a_copy_after_each_step() -> None:
    objective = compiled(decay=0.0)
    nn.init.ones_(objective.f_theta[0].weight)
    objective.update_targets()
    assert equal(objective.f_theta, objective.f_theta_target)


# -- what a target is ----------------------------------------------------------------------------------


def test_it_starts_as_a_copy_that_nothing_trains() -> None:
    net = network()
    objective = compiled(net=net)
    assert equal(net, objective.f_theta_target)
    assert {id(each) for each in objective.parameters()} == {id(each) for each in net.parameters()}
    objective(x=data()).loss.backward()
    assert not any(each.requires_grad for each in objective.f_theta_target.state_dict(keep_vars=True).values())


def test_inputs_of_a_target_keep_their_gradient() -> None:
    f, g = network(), network(seed=2)
    bindings = {"f_theta": f, "g": g, r"\bar\theta": f2d.EMA("theta", DECAY)}
    objective = f2d.compile([r"\min \|x - f_{\bar\theta}(g(x))\|^2 + \|f_\theta(x)\|^2"], bindings)
    objective(x=data()).loss.backward()
    expected = torch.autograd.grad(((data() - f(g(data()))) ** 2).sum(1).mean(), list(g.parameters()))
    assert_close([each.grad for each in g.parameters()], list(expected))


def test_it_is_saved_loaded_and_copied() -> None:
    objective = compiled()
    nn.init.ones_(objective.f_theta[0].weight)
    objective.update_targets()
    other = compiled(net=network(seed=3))
    other.load_state_dict(objective.state_dict())
    copies = [other, copy.deepcopy(objective), pickle.loads(pickle.dumps(objective))]
    for each in copies:
        assert equal(each.f_theta_target, objective.f_theta_target)
        assert torch.equal(each(x=data()).loss, objective(x=data()).loss)
        each.update_targets()
    objective.update_targets()
    assert all(equal(each.f_theta_target, objective.f_theta_target) for each in copies)


def test_buffers_are_copied() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    objective = compiled(net=net)
    objective(x=data())
    net[1].running_mean.fill_(2.0)
    objective.update_targets()
    assert torch.equal(objective.f_theta_target[1].running_mean, torch.full((3,), 2.0))
    assert objective.f_theta_target[1].num_batches_tracked == net[1].num_batches_tracked


class Recurrent(nn.Module):
    """Its weights stand in a list beside their names, too."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.GRU(3, 3, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x[:, None])[0][:, 0]


class Tied(nn.Module):
    """One weight under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.tanh(self.first(x)))


@pytest.mark.parametrize("make", [Recurrent, Tied, lambda: f2d.SpectralNorm(nn.Linear(3, 3))])
def test_networks_of_any_kind(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    net = make()
    objective = compiled(net=net).eval()
    start = {name: value.clone() for name, value in objective.f_theta_target.state_dict().items()}
    with torch.no_grad():
        for each in net.parameters():
            each.add_(1.0)
    objective.update_targets()
    moved, parameters = objective.f_theta_target.state_dict(), dict(net.named_parameters(remove_duplicate=False))
    for name in parameters:
        assert torch.equal(moved[name], DECAY * start[name] + (1 - DECAY) * parameters[name])
    alike = copy.deepcopy(net).eval()
    alike.load_state_dict(moved)
    assert_close(objective.f_theta_target(data()), alike(data()).detach())


# -- what may be averaged ------------------------------------------------------------------------------


def test_a_density() -> None:
    model = Model()
    names = {
        r"q_\phi(z|x)": f2d.Normal(model.q),
        r"p_\theta(x|z)": f2d.Normal(model.p),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        r"\bar\phi": f2d.EMA("phi", DECAY),
    }
    formula = r"E_{q_\phi(z|x)}[\log p_\theta(x|z) + \log p(z) - \log q_{\bar\phi}(z|x)]"
    objective = f2d.compile(formula, names)
    noise = {"z": model.eps}
    judge = reference(formula, names, {"x": model.x}, noise)
    assert_close(objective(x=model.x, noise=noise).value, judge.run().value)
    held = type(model.q)(2)
    held.load_state_dict(model.q.state_dict())
    with torch.no_grad():
        for each in model.q.parameters():
            each.mul_(0.5)
        for own, followed in zip(held.parameters(), model.q.parameters(), strict=True):
            own.copy_(DECAY * own + (1 - DECAY) * followed)
    objective.update_targets()
    moved = reference(formula, names, {"x": model.x}, noise)
    moved.networks = {**moved.networks, objective.program.targets[0].owner.name: held}
    weights = [*model.q.parameters(), *model.p.parameters()]
    found, expected = objective(x=model.x, noise=noise).value, moved.run().value
    assert_close(found, expected)
    assert_close(torch.autograd.grad(found, weights), torch.autograd.grad(expected, weights))


def test_parameters_one_by_one() -> None:
    scale = nn.Parameter(torch.ones(3))
    names = {
        r"p_\theta(x|y)": f2d.Normal(loc=network(), scale=scale),
        r"\bar\theta": f2d.EMA("theta", 0.75),
    }
    objective = f2d.compile(r"\max E_{p_{data}(x,y)}[\log p_\theta(x|y) + \log p_{\bar\theta}(x|y)]", names)
    nn.init.constant_(scale, 5.0)
    objective.update_targets()
    (moved,) = (value for name, value in objective.named_buffers() if name.endswith("scale_target"))
    assert torch.equal(moved, torch.full((3,), 2.0))  # 0.75 * 1 + 0.25 * 5


@pytest.mark.parametrize("own", [r"\bar f", r"f_{\text{target}}", "g"])
def test_a_network_by_its_own_name(own: str) -> None:
    objective = f2d.compile(distance(rf"{own}(-x)"), {"f_theta": network(), own: f2d.EMA(r"f_\theta", DECAY)})
    assert [each.of for each in objective.program.targets] == ["f_theta"]


class Scale(nn.Module):
    """y = a x, with the inverse and both log-determinants."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor([2.0, 3.0, 4.0]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x * self.a, self.a.log().sum().expand(len(x))

    def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
        return y / self.a, -self.a.log().sum().expand(len(y))


@pytest.mark.parametrize("key", ["f", "f_theta"])
@pytest.mark.parametrize("inverse", [False, True])
def test_an_invertible_network(key: str, inverse: bool) -> None:
    net, power = Scale(), "^{-1}" if inverse else ""
    formula = rf"\min \|f_\theta(x) - f_{{\bar\theta}}{power}(x)\|^2"
    objective = f2d.compile(formula, {key: net, r"\bar\theta": f2d.EMA("theta", 0.5)})
    nn.init.zeros_(net.a)
    objective.update_targets()
    nn.init.ones_(net.a)
    half, x = torch.tensor([1.0, 1.5, 2.0]), data()
    loss = objective(x=x).loss
    assert_close(loss, ((x - (x / half if inverse else x * half)) ** 2).sum(1).mean())
    other = x / half if inverse else x * half
    assert_close(*torch.autograd.grad(loss, [net.a]), (2 * (x - other) * x).mean(0))


def test_a_tensor() -> None:
    w = nn.Parameter(torch.zeros(3))
    objective = f2d.compile(r"\min \|x - w\|^2 + \|w - \bar w\|^2", {"w": w, r"\bar w": f2d.EMA("w", 0.5)})
    nn.init.constant_(w, 4.0)
    objective.update_targets()
    found = objective(x=torch.zeros(2, 3))
    assert found.terms["||w - w_bar||^2"] == 3 * 2.0**2
    found.loss.backward()
    assert_close(w.grad, torch.full((3,), 2 * 4.0 + 2 * 2.0))


def test_a_matrix() -> None:
    a = nn.Parameter(torch.eye(3))
    objective = f2d.compile(r"\min \|A x - \bar A x\|^2", {"A": a, r"\bar A": f2d.EMA("A", 0.5)})
    assert objective(x=data()).loss == 0
    nn.init.zeros_(a)
    objective.update_targets()
    assert_close(objective(x=data()).loss.detach(), ((data() / 2) ** 2).sum(1).mean())


def test_other_groups_inside_are_held_constant() -> None:
    formula = [r"\max E_{q_\phi(z|x)}[\log q_{\bar\phi}(z|x)]", r"q_\phi(z|x) = \mathcal{N}(z; f_\phi(g_\psi(x)), I)"]
    f, g = network(), network(seed=4)
    objective = f2d.compile(formula, {"f_phi": f, "g_psi": g, r"\bar\phi": f2d.EMA("phi", DECAY)})
    assert [each.of for each in objective.program.targets] == ["f_phi"]
    eps = torch.randn(8, 3, generator=torch.Generator().manual_seed(2))
    value = objective(x=data(), noise={"z": eps}).value
    draw = f(g(data())) + eps
    law = torch.distributions.Normal(f(g(data())).detach(), 1.0)
    expected = law.log_prob(draw).sum(1).mean()
    assert_close(value, expected)
    weights = [*f.parameters(), *g.parameters()]
    assert_close(torch.autograd.grad(value, weights), torch.autograd.grad(expected, weights))


def test_defaults_are_followed() -> None:
    objective = f2d.compile(
        distance(r"f_{\bar\theta}(-x)"), {r"\bar\theta": f2d.EMA("theta")}, scaffold=True, dims={"x": 3}
    )
    assert equal(objective.f_theta, objective.f_theta_target)


def test_without_a_binding_the_weights_are_those_of_the_plain_group() -> None:
    objective = f2d.compile(distance(r"f_{\bar\theta}(-x)"), {"f_theta": network()})
    assert not objective.program.targets
    assert "the parameters of f_{theta_bar} are those of f_theta, held constant" in objective.assumptions


# -- statements ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        r"\bar\theta \leftarrow 0.9\,\bar\theta + 0.1\,\theta",
        r"\bar\theta \leftarrow 0.1\,\theta + 0.9\,\bar\theta",
        r"\bar\theta \leftarrow d\bar\theta + (1 - d)\theta",
        r"\bar\theta := (1 - c)\bar\theta + c\theta",
        r"\bar\theta \leftarrow \mathrm{sg}(d\bar\theta + (1 - d)\theta)",
        r"\bar\theta = \mathrm{EMA}(\theta, d)",
        r"\bar\theta = \mathrm{EMA}(\theta, 0.9)",
    ],
)
def test_statements(statement: str) -> None:
    used = {name: value for name, value in {"d": DECAY, "c": 1 - DECAY}.items() if name in statement.split("EMA")[-1]}
    objective = f2d.compile([distance(r"f_{\bar\theta}(-x)"), statement], {"f_theta": network(), **used})
    assert not [each for each in objective.diagnostics if "bar" in each.message]
    with torch.no_grad():
        objective.f_theta[2].bias.add_(1.0)
    start = network()[2].bias.detach()
    objective.update_targets()
    assert_close(objective.f_theta_target[2].bias, start + 0.1)


def test_a_decay_that_is_not_written_is_an_assumption() -> None:
    objective = f2d.compile([distance(r"f_{\bar\theta}(-x)"), r"\bar\theta = \mathrm{EMA}(\theta)"], {"f": network()})
    assert "the decay of the moving average theta_bar is 0.999" in objective.assumptions


# -- players -------------------------------------------------------------------------------------------


def game() -> f2d.Objective:
    return f2d.compile(
        r"\min_\theta \max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G_\theta(z)))]"
        r" + E_{p(z)}\|G_\theta(z) - G_{\bar\theta}(z)\|^2",
        {
            "D": f2d.Sigmoid(nn.Linear(3, 1)),
            r"G_\theta": nn.Linear(2, 3),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
            r"\bar\theta": f2d.EMA("theta", 0.5),
        },
    )


def test_targets_move_with_the_player_that_owns_what_they_follow() -> None:
    objective = game()
    start = objective.G_theta_target.bias.clone()
    nn.init.constant_(objective.G_theta.bias, 7.0)
    objective.update_targets("D")
    assert torch.equal(objective.G_theta_target.bias, start)
    for player in ("theta", None):
        objective.update_targets(player)
    assert_close(objective.G_theta_target.bias, start / 4 + 7.0 * 3 / 4)
    owned = {id(each) for player in objective.players for each in objective.player_parameters(player)}
    assert owned == {id(each) for each in objective.parameters()}


def test_fit_moves_the_targets_of_a_player_after_its_steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    objective, called = game(), []
    monkeypatch.setattr(type(objective), "update_targets", lambda self, player: called.append(player))
    f2d.fit(objective, data(20), epochs=1, batch_size=5, steps={"D": 2}, progress=False)
    assert called.count("D") == 4 and called.count("theta") == 2


# -- other objectives of the same weights --------------------------------------------------------------


def test_another_formula_of_the_weights_has_the_same_targets() -> None:
    objective = compiled()
    nn.init.ones_(objective.f_theta[0].weight)
    objective.update_targets()
    other = f2d.compile(r"\min \|f_\theta(x) - f_{\bar\theta}(x)\|^2", weights_of=objective)
    assert other.f_theta_target is objective.f_theta_target


# -- what is refused -----------------------------------------------------------------------------------

PLAIN = distance(r"f_{\bar\theta}(-x)")


@pytest.mark.parametrize(
    ("code", "formula", "bindings"),
    [
        ("F2D-0720", [PLAIN], {r"\bar\theta": f2d.EMA("psi", 0.9)}),
        ("F2D-0720", [PLAIN], {r"\bar\theta": f2d.EMA("theta + psi", 0.9)}),
        ("F2D-0720", [PLAIN], {r"\bar\theta": f2d.EMA(r"\bar\theta", 0.9)}),
        ("F2D-0720", [PLAIN, r"\bar\theta = \mathrm{EMA}(\bar\theta, 0.9)"], {}),
        ("F2D-0720", [PLAIN, r"\bar\theta = \mathrm{EMA}(\theta)", r"\theta = \mathrm{EMA}(\bar\theta)"], {}),
        ("F2D-0720", [PLAIN, r"\bar\theta = \mathrm{EMA}(\theta')", r"\theta' = \mathrm{EMA}(\theta)"], {}),
        ("F2D-0720", [PLAIN, r"\theta \leftarrow 0.9\bar\theta + 0.1\theta"], {}),
        ("F2D-0720", [distance("f(-x)"), r"f = \mathrm{EMA}(f_\theta, 0.9)"], {}),
        ("F2D-0720", [distance("f(-x)"), r"f = \mathrm{EMA}(f_k, 0.9)"], {}),
        ("F2D-0721", [PLAIN], {r"\bar\theta": f2d.EMA("theta", 1.0)}),
        ("F2D-0721", [PLAIN], {r"\bar\theta": f2d.EMA("theta", -0.1)}),
        ("F2D-0721", [PLAIN], {r"\bar\theta": f2d.EMA("theta", float("nan"))}),
        ("F2D-0721", [PLAIN, r"\bar\theta \leftarrow 0.9\bar\theta + 0.2\theta"], {}),
        ("F2D-0721", [PLAIN, r"\bar\theta = \mathrm{EMA}(\theta, 2)"], {}),
        ("F2D-0721", [PLAIN, r"\bar\theta = \mathrm{EMA}(\theta, x)"], {}),
        ("F2D-0702", [PLAIN, r"\bar\theta = \mathrm{EMA}(\theta)"], {r"\bar\theta": f2d.EMA("theta", 0.9)}),
        ("F2D-0707", [PLAIN], {"q(z|x)": f2d.EMA("theta", 0.9)}),
        ("F2D-0707", [PLAIN], {r"\bar\theta": f2d.EMA("theta", "0.9")}),  # type: ignore[arg-type]
        ("F2D-0722", [r"\min \|x - (f_{\bar\theta} \circ f_\theta)(x)\|^2"], {r"\bar\theta": f2d.EMA("theta", 0.9)}),
        ("F2D-0208", [r"\min \|f_\theta(x) - g_{\bar\psi}(x)\|^2"], {r"\bar\psi": f2d.EMA("psi", 0.9)}),
    ],
)
def test_refusals(code: str, formula: list[str], bindings: dict[str, object]) -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(formula, {"f_theta": network(), **bindings})
    assert code in [each.code for each in caught.value.diagnostics]


def test_what_nothing_uses_is_a_warning() -> None:
    objective = f2d.compile(r"\min \|x - f_\theta(x)\|^2", {"f_theta": network(), r"\bar\theta": f2d.EMA("theta")})
    assert [each.code for each in objective.diagnostics] == ["F2D-0706"]
    assert not hasattr(objective, "update_targets")


def test_a_decay_that_is_set_later_is_checked() -> None:
    statement = r"\bar\theta \leftarrow d\bar\theta + (1 - d)\theta"
    objective = f2d.compile([PLAIN, statement], {"f_theta": network(), "d": DECAY})
    objective.d = 1.5
    with pytest.raises(ValueError, match="less than 1"):
        objective.update_targets()
