"""Maximised or minimised: option, operator, relation, polarity, name, in this order; warnings against a sign."""

from __future__ import annotations

import pytest

from tests.support.small import Model, assumed, codes, program, warnings_of

FIT, RATE = r"E_{q(z|x)}[\log p(x|z)]", r"KL[q(z|x)||p(z)]"


def direction(formula: str | list[str], **options: object) -> bool:
    return program(formula, {**Model().bindings, "beta": 1.0}, **options).objectives[0].maximize


@pytest.mark.parametrize(
    ("formula", "maximise"),
    [
        (rf"{FIT} - {RATE}", True),
        (rf"-{FIT} + {RATE}", False),
        (rf"{RATE} - {FIT}", False),
        (rf"\mathcal{{L}} = {FIT} - \beta {RATE}", True),
        (rf"\mathcal{{L}} = {RATE} - {FIT}", False),
        (r"E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]", True),
        (r"E_{q(z|x)}[\log \frac{p(x,z)}{q(z|x)}]", True),
        (r"E_{q(z|x)}[\log \frac{q(z|x)}{p(x,z)}]", False),
        (r"E_{q(z|x)}[\log q_\phi(z|x)]", False),
        (r"E_{q_\phi(z|x)}[\log q(z|x)]", False),
        (r"E_q[\log q(z|x)]", False),
        (r"\log E_{q(z|x)}[\frac{p(x,z)}{q(z|x)}]", True),
        (r"E_{q(z|x)}[\log p(x|z)] + H[q(z|x)]", True),
        (rf"{RATE} + \|x - x\|^2", False),
        (rf"\log p(x) \ge {FIT} - {RATE}", True),
        (rf"-\log p(x) \le -{FIT} + {RATE}", False),
        (rf"{FIT} - {RATE} \le \log p(x)", True),
        (rf"\min -{FIT}", False),
        (rf"\max {FIT}", True),
        (rf"\min {FIT}", False),
    ],
)
def test_direction(formula: str, maximise: bool) -> None:
    assert direction(formula) is maximise


def test_an_option_beats_everything() -> None:
    assert direction(rf"\max {FIT}", maximize=False) is False


def test_definitions_are_looked_through() -> None:
    assert direction([rf"A = {FIT} - {RATE}", r"\mathcal{J} = -A"]) is False


def test_terms_that_disagree_need_a_word() -> None:
    assert codes(rf"{FIT} + {RATE}", Model().bindings) == ["F2D-0502"]


def test_a_loss_is_minimised_as_an_assumption() -> None:
    formula = rf"\mathcal{{L}} = {FIT} + {RATE}"
    assert direction(formula) is False
    assert "minimised" in assumed(formula, Model().bindings)


def test_a_bound_is_never_minimised_for_its_name() -> None:
    """An ELBO with a sign wrong is an error, not a loss."""
    assert codes(rf"\mathcal{{L}}_{{ELBO}} = {FIT} + {RATE}", Model().bindings) == ["F2D-0502"]
    assert codes(rf"J = {FIT} + {RATE}", Model().bindings) == ["F2D-0502"]


@pytest.mark.parametrize(
    "formula",
    [
        rf"\max {FIT} + {RATE}",
        rf"\max {FIT} - (-\beta {RATE})",
        rf"\min -{FIT} - {RATE}",
        rf"\log p(x) \ge {FIT} + {RATE}",
    ],
)
def test_a_divergence_of_the_wrong_sign_is_a_warning(formula: str) -> None:
    assert warnings_of(formula, {**Model().bindings, "beta": 1.0}) == ["F2D-0503"]


@pytest.mark.parametrize(
    "formula", [rf"\max {FIT} - {RATE}", rf"\min {RATE} - {FIT}", rf"\log p(x) \ge {FIT} - {RATE}"]
)
def test_the_right_sign_is_none(formula: str) -> None:
    assert warnings_of(formula, Model().bindings) == []


def test_a_whole_objective_upside_down_is_a_warning() -> None:
    assert warnings_of(rf"\min {FIT}", Model().bindings) == ["F2D-0503"]


def test_a_player_is_not_judged_by_the_terms_that_wish_nothing() -> None:
    """WGAN-GP: what the critic returns has no direction of its own, beside a penalty that has."""
    text = [
        r"\min_G \max_D E_{x \sim p_{data}(x)}[D(x)] - E_{z \sim p(z)}[D(\tilde x)]"
        r" - \lambda E_{\hat x}[(\|\nabla_{\hat x} D(\hat x)\|_2 - 1)^2]",
        r"\tilde x = G(z); \hat x = \epsilon x + (1 - \epsilon) \tilde x; \epsilon \sim U[0, 1]",
        r"p(z) = N(z; 0, I); z \in \mathbb{R}^2; x \in \mathbb{R}^3; \lambda = 10",
    ]
    assert [each.code for each in program(text, {}, scaffold=True).diagnostics] == []


RAISED = r"\max_\theta E_{p_{data}(x)}[\log p_\theta(x)]"


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (rf"{RAISED}; p_\theta(x) = \exp(-E_\theta(x))", True),
        (rf"{RAISED}; p_\theta(x) = e^{{-E_\theta(x) / \tau}}; \tau = 2", True),
        (rf"{RAISED}; \log p_\theta(x) = -E_\theta(x) - c", True),
        (r"-\log p_\theta(x); \log p_\theta(x) = f_\theta(x)", True),
        (rf"{RAISED}; \log p_\theta(x) = -\frac12 \|x - f_\theta(x)\|^2", False),
        (rf"{RAISED}; \log p_\theta(x) = -E_\theta(x); E_\theta(x) = \|x - f_\theta(x)\|^2", False),
        (rf"{RAISED} - E_{{p_n(x)}}[\log p_\theta(x)]; p_\theta(x) = \exp(-E_\theta(x)); p_n(x) = N(x; 0, I)", False),
        (r"\max E_{q(z)}[\log p(z) - \log q(z)]; \log p(z) = f(z); z \in \mathbb{R}^2", False),
    ],
)
def test_a_likelihood_without_bound_is_a_warning(formula: str, said: bool) -> None:
    """What a network gives is no normalised log-density: raised alone, it grows for ever."""
    found = warnings_of(rf"{formula}; x \in \mathbb{{R}}^4", {}, scaffold=True)
    assert [each for each in found if each == "F2D-0538"] == ["F2D-0538"] * said


@pytest.mark.parametrize(
    ("text", "maximise"),
    [
        (r"\mathcal{J} = E_{q(z|x)}[\mathrm{sg}[\log p(x|z)] \log q(z|x)]", True),  # the gradient of E_q[log p(x|z)]
        (r"\mathcal{J} = E_{q(z|x)}[\mathrm{sg}[\|x - f(z)\|^2] \log q(z|x)]", False),
        (r"\mathcal{L} = -E_{q(z|x)}[\mathrm{sg}[A(x, z)] \log q(z|x)]", False),  # by its name
    ],
)
def test_a_surrogate_wants_what_its_cost_wants(text: str, maximise: bool) -> None:
    assert program(text, {}, scaffold=True, dims={"x": 3, "z": 2}).objectives[0].maximize is maximise


def test_a_likelihood_under_the_law_of_the_data_goes_up() -> None:
    """p(x) draws x; p(x|z) is another density of that letter, and not what x is drawn from."""
    bound = r"E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]"
    for data in (r"E_{p(x)}", r"E_{x \sim p(x)}", r"E_{p_{data}(x)}"):
        assert direction(rf"\mathcal{{L}} = {data} {bound}") is True


@pytest.mark.parametrize(
    ("formula", "maximise"),
    [
        (r"\mathcal{L} = \log D(x) + \log(1 - D(\hat x))", True),
        (r"\mathcal{L}_D = \log D(x) + \log(1 - D(\hat x))", True),
        (r"\mathcal{L}(\{E, G\}, D) = [\log D(x) + \log(1 - D(\hat x))]", True),
        (r"\mathcal{L} = -\log D(x) - \log(1 - D(\hat x))", False),
        (r"\mathcal{L} = -E_x[\log \sigma(D(x))] - E_y[\log(1 - \sigma(D(y)))]", False),
    ],
)
def test_who_judges_is_to_be_right_whatever_the_name(formula: str, maximise: bool) -> None:
    made = program(formula, {}, scaffold=True)
    assert made.objectives[0].maximize is maximise
    assert any("who judges is to be right" in each.text for each in made.assumptions)


def test_a_judge_and_what_is_judged_under_one_name_are_refused() -> None:
    formula = r"\mathcal{L} = E_x[\log D(x)] + E_{z \sim p(z)}[\log(1 - D(G(z)))]"
    assert codes(formula, {}, scaffold=True) == ["F2D-0516"]


def test_a_loss_with_a_likelihood_as_a_reward_is_refused() -> None:
    """As van den Oord et al. 2017 print it; with a minus sign, or an operator, it is what it says."""
    rest = r"\|sg[f(x)] - g(x)\|^2"
    assert codes(rf"\mathcal{{L}} = \log p(x|f(x)) + {rest}", {}, scaffold=True) == ["F2D-0502"]
    assert codes(rf"\mathcal{{L}} = -\log p(x|f(x)) + {rest}", {}, scaffold=True) == []
    assert codes(rf"\min \log p(x|f(x)) + {rest}", {}, scaffold=True) == []


def test_the_entropy_of_a_mixture_that_is_drawn_from_goes_up() -> None:
    formula = r"-E_{q(z|x)}[\log \frac12 (q(z|x) + q(z|x))]"
    bound = {"q(z|x)": Model().bindings["q(z|x)"]}
    assert program(formula, bound).objectives[0].maximize


BOUND = r"[\log p(x|z) + \log p(z) - \log q(z|x)]"
SCAFFOLD: dict[str, object] = {"scaffold": True, "dims": {"x": 3, "z": 2}}


@pytest.mark.parametrize(
    "sampler",
    [
        "E_q",
        "E_Q",
        r"E_{q_\phi}",
        r"E_{z \sim q}",
        r"E_{z \sim q_\phi}",
        r"E_{z \sim q(\cdot|x)}",
        r"E_{z \sim q_\phi(\cdot|x)}",
    ],
)
def test_a_bound_named_as_a_loss_is_raised(sampler: str) -> None:
    """However its sampler is written, one density is drawn from and scored."""
    made = program(rf"\mathcal{{L}} = {sampler}{BOUND}", {}, **SCAFFOLD)
    assert made.objectives[0].maximize is True
    assert len(made.networks) == 2
    assert program(rf"\mathcal{{L}} = -{sampler}{BOUND}", {}, **SCAFFOLD).objectives[0].maximize is False


@pytest.mark.parametrize(
    "formula",
    [
        r"\mathcal{L}(x, \theta, \phi) = E_{q(z|x, \phi)}[\log p(x|z, \phi) + \log p(z) - \log q(z|x, \theta)]",
        rf"\mathcal{{L}} = E_{{r(z|x)}}{BOUND}",
        r"\mathcal{L} = E_{q_\psi(z|x)}[\log p(x|z) + \log p(z) - \log q_\phi(z|x)]",
        rf"\mathcal{{L}} = E_{{\epsilon \sim N(0, I)}}{BOUND}; z = \mu(x) + \sigma(x) \odot \epsilon",
        r"\mathcal{L} = E_{q(z|x)}[\log p(x|z) + \|z - f(x)\|^2]",
    ],
)
def test_a_bound_of_another_density_than_the_samplers_is_no_loss(formula: str) -> None:
    """Minimised by its name, it would lower the likelihood."""
    assert codes(formula, {}, **SCAFFOLD) == ["F2D-0502"]
    assert program(rf"\max {formula.split('=', 1)[1]}", {}, **SCAFFOLD).objectives[0].maximize is True


def test_a_wrong_sign_in_a_loss_is_a_warning() -> None:
    """Its name says the direction as an operator does."""
    assert warnings_of(rf"\mathcal{{L}} = -{FIT} - {RATE}", Model().bindings) == ["F2D-0503"]
    assert warnings_of(rf"\mathcal{{L}} = {FIT} + {RATE}", Model().bindings) == ["F2D-0503"]
    assert warnings_of(rf"\mathcal{{L}} = {RATE} - {FIT}", Model().bindings) == []


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        (r"E_x[f(x) |g(x)|]", ["F2D-0501"]),  # f has any sign
        (r"E_x[f(x) \|g(x)\|^2]", ["F2D-0501"]),
        (r"f_X(x) = f_Z(h(x)) \prod_{l=1}^2 |\det \frac{d h_l}{d x}|", ["F2D-0501"]),
        (r"E_x[sg[w(x)] \|x - g(x)\|^2]", []),  # weights count as positive
        (r"E_x[2 |g(x)|]", []),
    ],
)
def test_a_size_in_a_product_says_nothing(formula: str, found: list[str]) -> None:
    assert codes(formula, {}, **SCAFFOLD) == found
