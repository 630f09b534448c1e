"""Who is trained under an operator: gradients against torch by hand, and nothing for the networks beside."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.numeric.test_families import assert_same
from tests.numeric.test_written_densities import linear, tensor

S = tensor(6, 3, seed=1)
SIZES = {"x": 2, "z": 3}
FOUR = r"a \in \{1, \dots, 4\}"


class Critic(nn.Module):
    """Q(s, a) of a class a: a row of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.values = linear(3, 4)

    def forward(self, s: Tensor, a: Tensor) -> Tensor:
        return self.values(s.expand(*a.shape, 3)).gather(-1, a[..., None]).squeeze(-1)


@pytest.mark.parametrize(
    ("operator", "policy", "critic"),
    [
        (r"\max_\theta", r"\pi_\theta", "Q"),
        (r"\max_\pi", r"\pi", "Q"),
        (r"\max_\pi", r"\pi_\theta", "Q"),
        (r"\max_{\pi_\theta}", r"\pi_\theta", r"Q_\phi"),
        (r"max_π", "π", "Q"),
        (r"J(\theta) =", r"\pi_\theta", "Q"),
    ],
)
def test_a_critic_is_not_trained_by_its_actor(operator: str, policy: str, critic: str) -> None:
    actor, value = linear(3, 4), Critic()
    text = [rf"{operator} E_{{{policy}(a|s)}}[{critic}(s,a) - \alpha \log {policy}(a|s)]", rf"\alpha=0.2; {FOUR}"]
    bound = {f"{policy}(a|s)": f2d.Categorical(actor), critic: value}
    assert_same(text, bound, {"s": S})
    objective = f2d.compile(text, bound)
    logs = actor(S).log_softmax(-1)
    (expected,) = torch.autograd.grad(-(logs.exp() * (value.values(S) - 0.2 * logs)).sum(1).mean(), (actor.weight,))
    objective(s=S).loss.backward()
    torch.testing.assert_close(actor.weight.grad, expected)
    assert value.values.weight.grad is None
    if critic == "Q":
        assert any("Q is held constant" in str(each) for each in objective.assumptions)


@pytest.mark.parametrize("operator", [r"\max_{\pi_\theta}", r"\max_\theta"])
def test_a_reward_model_and_a_reference_are_not_trained(operator: str) -> None:
    """Rafailov et al. 2023, equation 3."""
    actor, reference, reward = linear(3, 4), linear(3, 4), Critic()
    text = [
        rf"{operator} E_{{\pi_\theta(a|s)}}[r_\phi(s,a)] - \beta KL[\pi_\theta(a|s) \| \pi_{{ref}}(a|s)]",
        rf"\beta=0.1; {FOUR}",
    ]
    bound = {
        r"\pi_\theta(a|s)": f2d.Categorical(actor),
        r"\pi_{ref}(a|s)": f2d.Categorical(reference),
        r"r_\phi": reward,
    }
    f2d.compile(text, bound)(s=S).loss.backward()
    logs, others = actor(S).log_softmax(-1), reference(S).log_softmax(-1)
    loss = -(logs.exp() * (reward.values(S) - 0.1 * (logs - others))).sum(1).mean()
    torch.testing.assert_close(actor.weight.grad, torch.autograd.grad(loss, (actor.weight,))[0])
    assert reference.weight.grad is None and reward.values.weight.grad is None


def test_what_a_density_is_made_of_is_trained_with_it() -> None:
    r"""\mu carries no theta, but is what pi_theta is made of; Q is not."""
    mean, value = linear(3, 2), linear(5, 1)
    text = [
        r"\max_\theta E_{\pi_\theta(a|s)}[Q(s, a)]; \pi_\theta(a|s) = N(a; \mu(h), I); h = g(s)",
        r"g(s) = 2 s; s \in \mathbb{R}^3; a \in \mathbb{R}^2",
    ]

    class Joined(nn.Module):
        def forward(self, s: Tensor, a: Tensor) -> Tensor:
            return value(torch.cat((s, a), -1)).squeeze(-1)

    critic = Joined()
    critic.value = value
    objective = f2d.compile(text, {r"\mu": mean, "Q": critic})
    noise = objective.example_noise(s=S)
    objective(s=S, noise=noise).loss.backward()
    a = mean(2 * S) + next(iter(noise.values()))
    (expected,) = torch.autograd.grad(-value(torch.cat((S, a), -1)).mean(), (mean.weight,))
    torch.testing.assert_close(mean.weight.grad, expected)
    assert value.weight.grad is None


def test_all_is_trained_where_nothing_carries_the_name() -> None:
    objective = f2d.compile(r"\min_\theta \|f(x) - g(x)\|^2", {"f": linear(3, 2), "g": linear(3, 2)})
    objective(x=S).loss.backward()
    assert all(each.grad is not None for each in objective.parameters())


def teacher_and_student(text: list[str], teacher: str, student: str) -> tuple[nn.Linear, nn.Linear, Tensor]:
    """Both networks after the gradients of a distance between what they say, and that distance by hand."""
    first, second = linear(3, 2), nn.Linear(3, 2, dtype=torch.float64)
    f2d.compile(text, {teacher: first, student: second})(x=S).loss.backward()
    return first, second, (first(S) - second(S)).detach()


@pytest.mark.parametrize(
    ("operator", "teacher", "student"),
    [
        (r"\min_{\theta_s}", r"f_{\theta_t}", r"f_{\theta_s}"),
        (r"\min_\theta", r"f_{\theta_t}", r"f_\theta"),
        ("min_{theta_s}", "f_{theta_t}", "f_{theta_s}"),
    ],
)
def test_small_letters_tell_parameters_apart(operator: str, teacher: str, student: str) -> None:
    """Both were one network, whose distance from itself is 0."""
    norm = r"\|" if "\\" in operator else "||"
    text = [f"{operator} E_x {norm}{teacher}(x) - {student}(x){norm}^2"]
    first, second, distance = teacher_and_student(text, teacher, student)
    assert first.weight.grad is None
    torch.testing.assert_close(second.bias.grad, -2 * distance.mean(0))


def test_a_letter_that_says_what_parameters_are_of_is_no_part_of_them() -> None:
    text = r"\max E_{q(z|x)}[\log p_{\theta_x}(x|z) + \log p_{\theta_z}(z) - \log q(z|x)]"
    objective = f2d.compile(text, scaffold=True, dims={"x": 2})
    assert "p_theta(z) is the standard Normal" in objective.assumptions


HELD = [
    (r"\theta_T = \mathrm{sg}(\theta_T)", r"f_{\theta_T}", r"f_{\theta_S}"),
    (r"\theta_t := \mathrm{stopgrad}[\theta_t]", r"f_{\theta_t}", r"f_{\theta_s}"),
]


@pytest.mark.parametrize(("said", "teacher", "student"), HELD)
def test_a_statement_holds_parameters_constant(said: str, teacher: str, student: str) -> None:
    """It was passed over, and the teacher was trained."""
    text = [rf"\min E_x \|{teacher}(x) - {student}(x)\|^2", said]
    first, second, distance = teacher_and_student(text, teacher, student)
    assert first.weight.grad is None
    torch.testing.assert_close(second.bias.grad, -2 * distance.mean(0))


def test_parameters_that_are_others_held_constant() -> None:
    network = linear(3, 2)
    text = [r"\min E_x \|f_\psi(x) - f_\theta(2 x)\|^2", r"\psi = \mathrm{sg}(\theta)"]
    f2d.compile(text, {r"f_\theta": network})(x=S).loss.backward()
    distance = (network(S) - network(2 * S)).detach()
    torch.testing.assert_close(network.weight.grad, -2 * (distance.mT @ (2 * S)) / len(S))


@pytest.mark.parametrize(
    "said", [r"\theta_T = \theta_S", r"\psi = \mathrm{sg}(\theta)", r"\theta_R = \mathrm{sg}(\theta_R)"]
)
def test_statements_of_parameters_that_say_nothing_are_refused(said: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0574"):
        f2d.compile([r"\min E_x \|f_{\theta_T}(x) - f_{\theta_S}(x)\|^2", said], scaffold=True, dims={"x": 3})


def test_values_with_greek_names_are_no_parameters() -> None:
    text = [r"\max E_{q(z|x)}[\log p(x|z)]", r"q(z|x) = N(z; \mu, I); \mu = \mathrm{sg}(\nu); \nu = f(x)"]
    assert f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2}).source


@pytest.mark.parametrize(
    "text",
    [
        r"\max_{q(z)} E_{q(z)}[\log p_\theta(x,z)] + H(q(z))",
        r"\max_{q_\phi(z)} E_{q_\phi(z)}[\log p_\theta(x,z)] + H(q_\phi(z))",
        r"\min_{q(z)} -E_{q(z)}[\log p_\theta(x,z)] - H(q(z))",
        "max_{q(z)} E_q(z)[log p_θ(x,z)] + H(q(z))",
    ],
)
def test_the_best_density_of_a_model_does_not_train_the_model(text: str) -> None:
    """q(z) starts as N(0, I): d/dm of E[-|x - W(m + s e)|^2 / 2 - |m + s e|^2 / 2] + sum log s, and nothing for W."""
    decoder, noise = linear(3, 2), tensor(6, 3, seed=5)
    x = tensor(6, 2, seed=6)
    model = f"{'p_θ' if 'θ' in text else 'p_theta'}(x|z)"
    objective = f2d.compile(text, {model: f2d.Normal(loc=decoder, scale=1.0)}, scaffold=True, dims=SIZES)
    objective(x=x, noise={"z": noise}).loss.backward()
    mean = torch.zeros(3, requires_grad=True)
    log_scale = torch.zeros(3, requires_grad=True)
    z = mean + log_scale.exp() * noise
    value = -0.5 * ((x - decoder(z)) ** 2).sum(1).mean() - 0.5 * (z**2).sum(1).mean() + log_scale.sum()
    expected = torch.autograd.grad(-value, (mean, log_scale))
    found = dict(objective.named_parameters())
    owner = "q_phi_z" if r"q_\phi" in text else "q_z"
    torch.testing.assert_close(found[f"{owner}_loc"].grad, expected[0])
    torch.testing.assert_close(found[f"{owner}_log_scale"].grad, expected[1])
    assert decoder.weight.grad is None


def test_the_best_density_that_a_text_writes_does_not_train_the_model() -> None:
    decoder = linear(3, 2)
    text = r"\max_{q(z)} E_{q(z)}[\log p_\theta(x,z)] + H(q(z)); q(z) = N(z; m, s^2)"
    objective = f2d.compile(
        text, {"p_theta(x|z)": f2d.Normal(loc=decoder, scale=1.0)}, scaffold=True, dims={"x": 2, "z": 3}
    )
    objective(x=tensor(6, 2, seed=6)).loss.backward()
    assert dict(objective.named_parameters())["m"].grad is not None
    assert decoder.weight.grad is None


@pytest.mark.parametrize("text", [r"\max_\theta \max_\phi", r"\min_\theta \max_\phi"])
def test_what_no_player_owns_is_held_constant_and_said_to_be(text: str) -> None:
    """Mescheder et al. 2017, equation 3.7: T* is the optimum of another training."""
    objective = f2d.compile(
        rf"{text} E_{{p_D(x)}} E_{{q_\phi}}[-T^*(x,z) + \log p_\theta(x|z)]", scaffold=True, dims=SIZES
    )
    assert any("T_star is held constant: only" in each for each in objective.assumptions)
    for player in objective.players:
        objective(**objective.example_batch(4), player=player).loss.backward()
    assert all(each.grad is None for each in objective.T_star.parameters())


def test_a_game_whose_players_own_all_says_nothing() -> None:
    game = f2d.compile(
        r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{z \sim N(0, I)}[\log(1 - D(G(z)))]", scaffold=True, dims=SIZES
    )
    assert not any("held constant" in each for each in game.assumptions)
