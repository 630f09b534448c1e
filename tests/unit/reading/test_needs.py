"""What a chosen statement needs of the others."""

from __future__ import annotations

import pytest

from formula2dgm.reading import needed
from formula2dgm.syntax import parse

ELBO = "L = E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]"


def needs(chosen: str, *others: str) -> list[str]:
    """What the first needs of the others, which stand behind it."""
    statements, diagnostics = parse("\n".join((chosen, *others)))
    assert diagnostics == [] and len(statements) == 1 + len(others)
    return [str(statements[place]) for place in needed(statements, [0])]


@pytest.mark.parametrize(
    "definition",
    [
        "z in bbR^8",
        "x in {0, 1}^4",
        "beta = 4",
        "p(z) = Normal(z; 0, I)",
        "q(z|x) = Normal(z; mu(x), sigma^2(x))",
        "p(x|z) = Bernoulli(x; f(z))",
        "p(x|z) = f(z)",
    ],
)
def test_spaces_constants_and_densities(definition: str) -> None:
    assert needs(ELBO, definition, "gamma = 2", "p(y) = Normal(y; 0, I)") == [definition]


def test_what_the_statement_binds_has_no_other_definition() -> None:
    assert needs(ELBO, "z = mu(x) + sigma(x) epsilon", "x = G(z)", "z ~ r(z)") == []
    assert needs("1/N sum_{n=1}^N f(x_n)", "n = 3", "N = 10") == ["N = 10"]


def test_a_definition_needs_others() -> None:
    chosen = "E_{x_0, epsilon} ||epsilon - g(y)||^2"
    others = ("y = a x_0 + b epsilon", "a = 1 - c", "c = 2", "epsilon ~ Normal(0, I)", "d = 3", "e = f + a")
    assert needs(chosen, *others) == list(others[:4])


def test_parts_and_functions_by_their_names() -> None:
    others = ("L_rec(theta) = E_q(z|x)[log p(x|z)]", "L_reg = w(3) v(x)", "w(t) = t^2", "u(t) = t")
    assert needs("L_rec(phi) + L_reg", *others) == list(others[:3])


def test_a_density_without_its_arguments_and_at_other_values() -> None:
    assert needs("E_q[log r(z)]", "q(z|x) = Normal(z; f(x), 1)") == ["q(z|x) = Normal(z; f(x), 1)"]
    assert needs("sum_{n=1}^N log p(x_n)", "p(x) = Normal(x; 0, I)") == ["p(x) = Normal(x; 0, I)"]
    assert needs("log p(x)", "p(z) = Normal(z; 0, I)", "q(x) = Normal(x; 0, I)") == []


def test_only_what_is_computed_needs_definitions() -> None:
    assert needs("log p(x) >= E_q(z|x)[log p(x|z)]", "p(x) = int p(x, z) dz", "p(x, z) = p(x|z) p(z)") == []


def test_of_several_definitions_the_nearest_counts() -> None:
    statements, _ = parse("b = 1; a = 1; a = 2; a + b + c; a = 3; b = 3; c = 4; c = 5")
    assert needed(statements, [3]) == [2, 5, 6]


def test_a_free_variable_of_a_density_needs_its_draw_and_a_condition_its_value() -> None:
    weights = "log (1/K) sum_{k=1}^K p(x, z_k) / q(z_k|x)"
    assert needs(weights, "z_k ~ q(z|x)", "x = G(z)") == ["z_k ~ q(z|x)"]
    single = "log p(x|z) - KL[q(z|x) || p(z)]"
    assert needs(single, "z = mu(x) + epsilon", "epsilon ~ Normal(0, I)", "x = G(z)") == [
        "z = mu(x) + epsilon",
        "epsilon ~ Normal(0, I)",
    ]


def test_what_is_said_of_a_name_says_nothing_about_its_entries() -> None:
    assert needs("prod_{s=1}^t (1 - beta_s)", "beta = 4") == []
    assert needs("sum_{s=1}^t beta_s", "beta_s = s^2") == ["beta_s = s^2"]


def test_a_name_that_a_chosen_statement_defines_needs_no_other_definition() -> None:
    statements, _ = parse("a = 1; a = 2; a + b")
    assert needed(statements, [1, 2]) == []


def test_a_recurrence_needs_its_first_step() -> None:
    state = ("h_t = f(h_{t-1}, x_t)", "h_0 = 0", "h_t = g(h_{t-1})")
    assert needs("sum_{t=1}^T log p(x_t|h_t)", *state) == list(state[:2])


def test_a_chain_needs_the_density_of_its_first_step() -> None:
    chain = ("p(z_t|z_{t-1}) = N(z_t; f(z_{t-1}), I)", "p(z_1) = N(z_1; 0, I)")
    chosen = "sum_{t=1}^T E_q(z_t|z_{t-1}, x_t)[log p(z_t|z_{t-1})]"
    assert needs(chosen, *chain, "p(y) = N(y; 0, I)") == list(chain)


def test_what_an_expectation_names_is_drawn() -> None:
    chosen = "E_{t, x_0}[f(x_0, t)]"
    others = ("x_0 ~ q(x_0)", "x_0 = (x_t - epsilon_t) / a_t", "x_T ~ N(0, I)", "x_{t-1} = g(x_t)", "t ~ U(0, 1)")
    assert needs(chosen, *others) == ["x_0 ~ q(x_0)", "t ~ U(0, 1)"]


def test_a_numbered_step_needs_what_is_said_of_it_or_of_all() -> None:
    assert needs("E_p(y)[f(h_0)]", "h_0 = a", "h_t = g(h_{t-1})", "h_5 = b") == ["h_0 = a"]
    assert needs("E_p(y)[f(h_3)]", "h_0 = a", "h_t = g(h_{t-1})") == ["h_0 = a", "h_t = g(h_{t-1})"]


def test_a_space_that_is_none_is_prose() -> None:
    assert needs("E_p(x)[f(x)]", r"x in calM", "x in bbR^4") == ["x in bbR^4"]
    assert needs("E_p(x)[D(x)]", "||D||_L <= 1", "x in calM") == needs("E_p(x)[D(x)]", "||D||_L <= 1")


@pytest.mark.parametrize("optimum", [r"s_{\theta^*}", "s^*", r"s_\theta^\star", r"s^{\ast}"])
def test_what_holds_of_the_best_network_does_not_define_it(optimum: str) -> None:
    assert needs(r"E_{p(x)} \|s_\theta(x)\|^2", rf"{optimum}(x) = \nabla_x \log p(x)") == []


def test_an_index_that_is_chosen_comes_with_what_reads_it() -> None:
    choice = "k = argmin_j ||f(x) - e_j||"
    assert needs("||x - g(z_q)||^2", "z_q = e_k", choice) == ["z_q = e_k", choice]
    assert needs("sum_{k=1}^K ||x - e_k||^2", choice) == []  # k is the sum's


def test_what_an_expectation_draws_several_times_is_no_value() -> None:
    assert needs(r"E_{\psi^{0 \dots K}} E_{q(w|\psi^0)}[\log q(w|\psi^0)]", r"\psi = g(w)") == []


def test_a_posterior_that_is_compared_needs_its_joint() -> None:
    assert needs("argmin_q KL[q(z|x) || p(z|x)]", "p(x, z) = p(x|z) p(z)") == ["p(x, z) = p(x|z) p(z)"]


def test_an_equation_of_a_family_is_about_no_name() -> None:
    identity = r"\mathcal{N}(\mu, \sigma^2) = \mu + \sigma \epsilon"
    assert needs(r"q(z|x) = \mathcal{N}(z; f(x), I)", identity) == []
