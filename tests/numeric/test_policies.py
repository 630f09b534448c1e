"""Objectives of policies and preferences, against hand-written torch: PPO, DPO, rewards, actor and critic."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, logsigmoid

import formula2dgm as f2d
from tests.numeric.test_pairs import checked
from tests.numeric.test_written_densities import linear, tensor

N = 6
S = tensor(N, 3, seed=1)
ACTIONS = torch.tensor([1, 0, 3, 2, 1, 1])
OTHERS = torch.tensor([0, 2, 3, 1, 2, 0])
ADVANTAGES = tensor(N, seed=4)
NEW, OLD = linear(3, 4), linear(3, 4)
FOUR = r"a \in \{1, \dots, 4\}"


def log_probs(network: nn.Module, actions: Tensor) -> Tensor:
    return -cross_entropy(network(S), actions, reduction="none").detach()


def policies(old: str = r"\pi_{old}(a|s)") -> dict[str, object]:
    return {r"\pi_\theta(a|s)": f2d.Categorical(NEW), old: f2d.Categorical(OLD)}


CLIPPED = [
    r"\max_\theta E_{s,a,A}[\min(r(\theta) A, clip(r(\theta),1-\epsilon,1+\epsilon) A)]",
    r"r(\theta)=\frac{\pi_\theta(a|s)}{\pi_{old}(a|s)}; \epsilon=0.2",
    FOUR,
]


def expected_clipped() -> Tensor:
    ratio = (log_probs(NEW, ACTIONS) - log_probs(OLD, ACTIONS)).exp()
    return torch.minimum(ratio * ADVANTAGES, ratio.clamp(0.8, 1.2) * ADVANTAGES).mean()


def test_clipped_ratios() -> None:
    """Schulman et al. 2017, equation 7."""
    found = checked(CLIPPED, policies(), s=S, a=ACTIONS, A=ADVANTAGES)
    torch.testing.assert_close(found, expected_clipped())


def test_clipped_ratios_as_they_are_printed() -> None:
    text = [
        r"\max_\theta \hat{\mathbb{E}}_t[\min(r_t(\theta)\hat A_t,"
        r" \mathrm{clip}(r_t(\theta),1-\epsilon,1+\epsilon)\hat A_t)]",
        r"r_t(\theta)=\frac{\pi_\theta(a_t|s_t)}{\pi_{\theta_{old}}(a_t|s_t)}; \epsilon=0.2",
        r"a_t \in \{1, \dots, 4\}",
    ]
    bound = {r"\pi_\theta(a_t|s_t)": f2d.Categorical(NEW), r"\pi_{\theta_{old}}(a_t|s_t)": f2d.Categorical(OLD)}
    found = checked(text, bound, s_t=S, a_t=ACTIONS, A_hat_t=ADVANTAGES)
    torch.testing.assert_close(found, expected_clipped())


def test_what_theta_does_not_name_is_held_constant() -> None:
    objective = f2d.compile(CLIPPED, policies())
    for each in (*NEW.parameters(), *OLD.parameters()):
        each.grad = None
    objective(s=S, a=ACTIONS, A=ADVANTAGES).loss.backward()
    assert all(each.grad is not None for each in NEW.parameters())
    assert all(each.grad is None for each in OLD.parameters())
    assert "pi_old(a|s) is held constant: only theta is trained" in objective.assumptions


@pytest.mark.parametrize("shape", [(N, 1), (N, 3), (N + 1,)])
def test_a_weight_is_one_number_an_example(shape: tuple[int, ...]) -> None:
    objective = f2d.compile(CLIPPED, policies())
    with pytest.raises((f2d.FormulaError, ValueError)):
        objective(s=S, a=ACTIONS, A=torch.ones(shape, dtype=torch.float64))


@pytest.mark.parametrize("formula", [r"E_{s,a,A}[A \log \pi_\theta(a|s)]", r"E_{s,a,A}[\log\pi_\theta(a|s) (A - b)]"])
def test_the_gradient_of_a_policy(formula: str) -> None:
    """Williams 1992, with a baseline: the surrogate whose gradient is the policy's."""
    bound = {r"\pi_\theta(a|s)": f2d.Categorical(NEW), "b": 0.5}
    weights = ADVANTAGES - (0.5 if "b" in formula.split("[")[1] else 0.0)
    bound = bound if "b" in formula.split("[")[1] else {r"\pi_\theta(a|s)": f2d.Categorical(NEW)}
    found = checked([rf"\max_\theta {formula}", FOUR], bound, s=S, a=ACTIONS, A=ADVANTAGES)
    torch.testing.assert_close(found, (weights * log_probs(NEW, ACTIONS)).mean())


PREFERENCES = (
    r"\log\sigma(\beta\log\frac{\pi_\theta(y_w|x)}{\pi_{ref}(y_w|x)}"
    r"-\beta\log\frac{\pi_\theta(y_l|x)}{\pi_{ref}(y_l|x)})"
)


@pytest.mark.parametrize("binder", [r"(x,y_w,y_l)", r"(x,y_w,y_l)\sim\mathcal{D}", "x,y_w,y_l", r"(x,y_w,y_l)\sim D"])
@pytest.mark.parametrize("space", [r"y \in \{1,\dots,4\}", r"y_w \in \{1,\dots,4\}; y_l \in \{1,\dots,4\}"])
def test_direct_preferences(binder: str, space: str) -> None:
    """Rafailov et al. 2023, equation 7."""
    text = [rf"\min_\theta -E_{{{binder}}}[{PREFERENCES}]", rf"\beta=0.1; {space}"]
    bound = {r"\pi_\theta(y|x)": f2d.Categorical(NEW), r"\pi_{ref}(y|x)": f2d.Categorical(OLD)}
    found = checked(text, bound, x=S, y_w=ACTIONS, y_l=OTHERS)
    wins, losses = (log_probs(NEW, each) - log_probs(OLD, each) for each in (ACTIONS, OTHERS))
    torch.testing.assert_close(found, -logsigmoid(0.1 * (wins - losses)).mean())


def test_both_answers_are_of_one_policy_by_default() -> None:
    text = [rf"\min_\theta -E_{{(x,y_w,y_l)}}[{PREFERENCES}]", r"\beta=0.1; y \in \{1,\dots,4\}"]
    objective = f2d.compile(text, scaffold=True, dims={"x": 3})
    assert {name.split(".")[0] for name, _ in objective.named_parameters()} == {
        "pi_theta_y_given_x",
        "pi_ref_y_given_x",
    }


@pytest.mark.parametrize(
    ("text", "space"),
    [
        (PREFERENCES, ""),
        (PREFERENCES, r"; y_w \in \mathbb{R}^2; y_l \in \mathbb{R}^2"),
        (PREFERENCES.replace("y_w", "y^+").replace("y_l", "y^-"), ""),
    ],
)
def test_what_is_preferred_is_of_one_policy_without_a_space(text: str, space: str) -> None:
    """The winner and the loser, by hand: Normals with deviation 1 around one network each."""
    torch.manual_seed(0)
    names = ("y_w", "y_l") if "y_w" in text else ("y_plus", "y_minus")
    formula = [rf"\mathcal{{L}}(\theta) = -E[{text}]", rf"\beta=0.1{space}"]
    objective = f2d.compile(formula, scaffold=True, dims={"x": 3, **dict.fromkeys(names, 2)})
    trained = {each.label for each in objective.program.networks if each.label.startswith("pi_theta")}
    assert trained == {"pi_theta(y|x)"}
    x, wins, losses = torch.randn(5, 3), torch.randn(5, 2), torch.randn(5, 2)
    loss = objective(x=x, **dict(zip(names, (wins, losses), strict=True))).loss
    policy, old = objective.pi_theta_y_given_x, objective.pi_ref_y_given_x

    def log_ratio(y: torch.Tensor) -> torch.Tensor:
        return ((y - old(x)).square() - (y - policy(x)).square()).sum(-1) / 2

    expected = -logsigmoid(0.1 * (log_ratio(wins) - log_ratio(losses))).mean()
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert all(each.grad is None for each in old.parameters())


def test_labels_that_compare_nothing_are_other_variables() -> None:
    """Decoders of two views of a latent, and answers in two spaces."""
    views = r"\max E_{q(z|x_w,x_l)}[\log p(x_w|z) + \log p(x_l|z)] - KL[q(z|x_w,x_l) \| p(z)]"
    found = {
        name.split(".")[0]
        for name, _ in f2d.compile(views, scaffold=True, dims={"x_w": 2, "x_l": 3}).named_parameters()
    }
    assert {"p_x_w_given_z", "p_x_l_given_z"} <= found
    text = [rf"\min_\theta -E_{{(x,y_w,y_l)}}[{PREFERENCES}]", r"\beta=0.1; y_w \in \{1,2\}; y_l \in \{1,2,3\}"]
    found = {name.split(".")[0] for name, _ in f2d.compile(text, scaffold=True, dims={"x": 3}).named_parameters()}
    assert {"pi_theta_y_w_given_x", "pi_theta_y_l_given_x"} <= found


def test_labels_of_other_spaces_are_other_variables() -> None:
    text = r"\max E_{q(z|x_a,x_b)}[\log p(x_a|z) + \log p(x_b|z)]; x_a \in \{1,2\}; x_b \in \{1,2,3\}"
    names = {name.split(".")[0] for name, _ in f2d.compile(text, scaffold=True).named_parameters()}
    assert {"p_x_a_given_z", "p_x_b_given_z"} <= names


def test_rewards_of_pairs() -> None:
    """Bradley and Terry: a reward is a network, although r is a letter of densities."""
    reward = nn.Bilinear(3, 3, 1, dtype=torch.float64)
    text = r"\min_\theta -E_{(x,y_w,y_l)\sim D}[\log\sigma(r_\theta(x,y_w) - r_\theta(x,y_l))]"
    wins, losses = tensor(N, 3, seed=5), tensor(N, 3, seed=6)
    found = checked(text, {r"r_\theta": reward}, x=S, y_w=wins, y_l=losses)
    expected = -logsigmoid(reward(S, wins) - reward(S, losses)).mean().detach()
    torch.testing.assert_close(found, expected)


def test_default_rewards_are_numbers() -> None:
    text = r"\min_\theta -E_{(x,y_w,y_l)\sim D}[\log\sigma(r_\theta(x,y_w) - r_\theta(x,y_l))]"
    objective = f2d.compile(text, scaffold=True, dims={"x": 2, "y_w": 2, "y_l": 2})
    assert objective(**objective.example_batch(4)).loss.isfinite()


class Critic(nn.Module):
    """Q(s, a) of a class a: a row of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.values = linear(3, 4)

    def forward(self, s: Tensor, a: Tensor) -> Tensor:
        return self.values(s.expand(*a.shape, 3)).gather(-1, a[..., None]).squeeze(-1)


SOFT = [
    r"\max_\theta E_{\pi_\theta(a|s)}[Q(s,a) - \alpha\log\pi_\theta(a|s)]",
    r"\max_\theta E_s[\sum_a \pi_\theta(a|s) (Q(s,a) - \alpha\log\pi_\theta(a|s))]",
    r"\min_\theta E_{s}[E_{a \sim \pi_\theta(a|s)}[\alpha\log\pi_\theta(a|s) - Q(s,a)]]",
]


@pytest.mark.parametrize("formula", SOFT)
def test_soft_actors(formula: str) -> None:
    """Haarnoja et al. 2018: Q is the critic, not a density; a finite action is summed over."""
    critic = Critic()
    bound = {r"\pi_\theta(a|s)": f2d.Categorical(NEW), "Q": critic}
    found = checked([formula, rf"\alpha=0.2; {FOUR}"], bound, s=S)
    logs = NEW(S).log_softmax(-1)
    expected = (logs.exp() * (critic.values(S) - 0.2 * logs)).sum(1).mean().detach()
    torch.testing.assert_close(found, -expected if "min" in formula else expected)


RATIO = r"\frac{\pi_\theta(a|s)}{\pi_{old}(a|s)}"
WEIGHTED = [
    rf"E_{{s,a,A}}[{RATIO} A]",
    rf"E_{{s,a,A}}[\min(r A, clip(r, 0.8, 1.2) A)]; r = {RATIO}",
    r"E_{s,a,A}[\exp(\log \pi_\theta(a|s) - \log \pi_{old}(a|s)) A]",
    r"E_{s,a,A}[\pi_\theta(a|s) \pi_{old}(a|s)^{-1} A]",
]


@pytest.mark.parametrize("mean", WEIGHTED)
def test_what_a_ratio_weighs_may_be_a_gain(mean: str) -> None:
    """Schulman et al. 2015, equation 14, is raised, whatever its name: L alone does not say so; a minus does."""
    with pytest.raises(f2d.FormulaError, match="F2D-0501.*may be a gain or a cost"):
        f2d.compile([rf"\mathcal{{L}}(\theta) = {mean}", FOUR], policies())
    loss = f2d.compile([rf"\mathcal{{L}}(\theta) = -{mean}", FOUR], policies())
    said = f2d.compile([rf"\max_\theta {mean}", FOUR], policies())
    data = {"s": S, "a": ACTIONS, "A": ADVANTAGES}
    torch.testing.assert_close(loss(**data).loss, said(**data).loss)


@pytest.mark.parametrize(
    "text",
    [
        r"E_{q(z|x)}[\log q(z|x) - \log r(z) - \log p(x|z)]",
        r"E_{q(z|x)}[\log \frac{q(z|x)}{r(z)} - \log p(x|z)]",
        r"E_{q(z|x)}[-\log p(x|z)] + KL[q(z|x) \| r(z)]",
        r"E_{q(z|x)}[-\log p(x|z) + \log q(z|x) - \log r(z)]; r(z) = N(0, I)",
    ],
)
def test_priors_called_r_stay_densities(text: str) -> None:
    said = f2d.compile(rf"\min {text}", scaffold=True, dims={"x": 2, "z": 2}).assumptions
    assert not any("value of a function" in each for each in said)


@pytest.mark.parametrize(
    "text", [r"\min_Q E_{s,a,r}[(Q(s,a) - r)^2]; r \in \mathbb{R}", r"\min_Q (Q(s,a) - r)^2; r ∈ ℝ"]
)
def test_a_reward_is_a_number_where_it_is_said_to_be(text: str) -> None:
    critic = Critic()
    data = {"s": S, "a": ACTIONS, "r": ADVANTAGES}
    found = checked([text, FOUR], {"Q": critic}, **data)
    torch.testing.assert_close(found, (critic(S, ACTIONS) - ADVANTAGES).square().mean().detach())
    with pytest.raises(f2d.FormulaError, match="F2D-0606"):
        f2d.compile([text, FOUR], {"Q": critic})(**data | {"r": ADVANTAGES[:, None]})
    with pytest.raises(f2d.FormulaError, match="F2D-0414|F2D-0203"):
        f2d.compile([text.split(";")[0], FOUR], {"Q": critic})


@pytest.mark.parametrize("dot", [r"\cdot", "·"])
def test_a_dot_is_the_variable_of_the_policy(dot: str) -> None:
    """Schulman et al. 2017, equation 8: the actions are data, the divergence is over all of them."""
    text = [
        rf"\max_\theta E_{{(s,a,A) \sim \mathcal{{D}}}}[{RATIO} A"
        rf" - 0.5 KL[\pi_{{old}}({dot}|s), \pi_\theta({dot}|s)] + 0.1 H(\pi_\theta({dot}|s))]",
        FOUR,
    ]
    found = checked(text, policies(), s=S, a=ACTIONS, A=ADVANTAGES)
    new, old = NEW(S).log_softmax(-1), OLD(S).log_softmax(-1)
    ratio = (log_probs(NEW, ACTIONS) - log_probs(OLD, ACTIONS)).exp()
    divergence, entropy = (old.exp() * (old - new)).sum(1), -(new.exp() * new).sum(1)
    torch.testing.assert_close(found, (ratio * ADVANTAGES - 0.5 * divergence + 0.1 * entropy).mean().detach())


PENALISED = [
    [
        rf"\max_\theta E_{{s,a,A}}[{RATIO} A - \beta KL[\pi_{{old}}(a|s) \| \pi_\theta(a|s)]]",
        rf"\beta = 0.5; {FOUR}",
    ],
    [
        rf"\max_\theta E_{{s,a,A}}[{RATIO} A] - \beta KL[\pi_{{old}}(\cdot|s) \| \pi_\theta(\cdot|s)]",
        rf"\beta = 0.5; {FOUR}",
    ],
    [
        "max_theta E_{s,a,A}[(pi_theta(a|s) / pi_old(a|s)) A - beta KL[pi_old(a|s) || pi_theta(a|s)]]",
        "beta = 0.5; a in {1, ..., 4}",
    ],
]


@pytest.mark.parametrize("text", PENALISED)
def test_an_action_of_the_data_beside_a_divergence_over_actions(text: list[str]) -> None:
    """Schulman et al. 2017, equation 8: the actions are those of the data, the divergence runs over all."""
    ratio = (log_probs(NEW, ACTIONS) - log_probs(OLD, ACTIONS)).exp()
    new, old = NEW(S).detach().log_softmax(-1), OLD(S).detach().log_softmax(-1)
    expected = (ratio * ADVANTAGES - 0.5 * (old.exp() * (old - new)).sum(-1)).mean()
    torch.testing.assert_close(checked(text, policies(), s=S, a=ACTIONS, A=ADVANTAGES), expected)
    defaults = f2d.compile(text, scaffold=True, dims={"s": 3})
    assert [each.name for each in defaults.inputs] == ["s", "a", "A"]
    assert "a is data where an expectation lists it beside what it is given" in defaults.assumptions


def test_a_variable_of_two_laws_is_refused() -> None:
    text = r"\max E_{x, z}[\log p(x|z)] - KL[q(z|x) \| p(z)]"
    with pytest.raises(f2d.FormulaError, match="F2D-0573"):
        f2d.compile(text, scaffold=True, dims={"x": 2})


def test_a_variable_that_nothing_draws_is_refused() -> None:
    """It was drawn from a density that nobody wrote."""
    text = [r"\max_\theta E_a[\log \pi_\theta(a|s)] - KL[\pi_{old}(a|s) \| \pi_\theta(a|s)]", FOUR]
    with pytest.raises(f2d.FormulaError, match="F2D-0402"):
        f2d.compile(text, scaffold=True, dims={"s": 2})


VALUES = [
    [r"\mathcal{L}(\theta) = \frac12 E[(V_\theta(s_t) - R_t)^2]", r"s_t \in \mathbb{R}^3"],
    [r"\mathcal{L}(\theta) = \frac12 E_t[(V_\theta(s_t) - R_t)^2]", r"s_t \in \mathbb{R}^3"],
]


@pytest.mark.parametrize("text", VALUES)
def test_returns_are_data_beside_the_states_they_are_of(text: list[str]) -> None:
    """R was 1 where the expectation names nothing."""
    value = linear(3, 1)
    expected = 0.5 * (value(S).squeeze(-1) - ADVANTAGES).square().mean().detach()
    torch.testing.assert_close(checked(text, {r"V_\theta": value}, s_t=S, R_t=ADVANTAGES), expected)


def test_clipped_values() -> None:
    """The larger of two squared errors is lowered; old values and returns are data."""
    value, old = linear(3, 1), tensor(N, seed=7)
    clipped = r"V_c(s_t) = clip(V_\theta(s_t) - \hat V_t, -\epsilon, +\epsilon)"
    loss = r"J = \frac12 E[max((V_\theta(s_t) - R_t)^2, (V_c(s_t) - R_t)^2)]"
    said = r"\epsilon = 0.2; s_t \in \mathbb{R}^3; \hat V_t \in \mathbb{R}; R_t \in \mathbb{R}"
    found = value(S).squeeze(-1)
    errors = torch.maximum((found - ADVANTAGES).square(), ((found - old).clamp(-0.2, 0.2) - ADVANTAGES).square())
    data = {"s_t": S, "R_t": ADVANTAGES, "V_hat_t": old}
    objective = f2d.compile([loss, clipped, said], {r"V_\theta": value})
    torch.testing.assert_close(objective(**data).loss, 0.5 * errors.mean())
    checked([loss, clipped, said], {r"V_\theta": value}, **data)


def test_weights_that_carry_a_step_are_no_data() -> None:
    text = [r"\min E[\lambda_t \|x_t - f(x_t)\|^2]", r"x_t \in \mathbb{R}^3; \lambda_t = 2"]
    assert [each.name for each in f2d.compile(text, scaffold=True).inputs] == ["x_t"]


@pytest.mark.parametrize("head", [r"L^{CLIP}(\theta) =", r"\max_\theta", r"\max"])
def test_a_ratio_that_nothing_defines_is_refused(head: str) -> None:
    text = rf"{head} E_t[\min(r_t(\theta) A_t, clip(r_t(\theta), 1-\epsilon, 1+\epsilon) A_t)]"
    with pytest.raises(f2d.FormulaError, match="F2D-0576"):
        f2d.compile(text, scaffold=True)
