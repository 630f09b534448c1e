"""Which member of a chain is the objective, and which names it is called by."""

from __future__ import annotations

import pytest

import formula2dgm as f2d

ELBO = r"\mathbb{E}_{q_\phi(z|x)}[\log p_\theta(x|z)] - KL(q_\phi(z|x) \| p_\theta(z))"
TERMS = ("log p_theta(x|z)", "KL[q_phi(z|x) || p_theta(z)]")


def _terms(formula: str) -> tuple[str, ...]:
    (objective,) = f2d.compile(formula, scaffold=True, dims={"x": 4}).program.objectives
    return tuple(each.name for each in objective.terms)


@pytest.mark.parametrize(
    "formula",
    [
        rf"\log p_\theta(x) \ge {ELBO} = \mathcal{{L}}_k(x)",
        rf"\log p_\theta(x) \ge {ELBO} = \mathrm{{bound}}",
        rf"\mathcal{{L}}(\theta, \phi) = {ELBO} \le \log p_\theta(x)",
        rf"\log p_\theta(x) \ge \text{{variational lower bound}} \\ \log p_\theta(x) \ge {ELBO}",
        rf"\mathcal{{E}}(\theta, \phi | x) = {ELBO}",
        rf"\phi^* = \arg\max_\phi f(\phi) = \arg\max_\phi {ELBO}",
        rf"\max_\phi V(\phi, x) = {ELBO}",
    ],
)
def test_the_bound_is_compiled(formula: str) -> None:
    assert _terms(formula) == TERMS


def test_the_evidence_alone_is_an_objective() -> None:
    assert _terms(r"\max_\theta \log p_\theta(x)") == ("log p_theta(x)",)


@pytest.mark.parametrize("formula", [r"\min D^2 + \mathcal{L}_{rec}", r"\min E_{q(z|x)}[\log p(x|z)] + \log Z"])
def test_a_term_that_nothing_defines_is_refused(formula: str) -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(formula, scaffold=True, dims={"x": 4})
    assert "F2D-0203" in codes_of(caught.value)


def codes_of(error: f2d.FormulaError) -> list[str]:
    return [each.code for each in error.diagnostics]


def test_a_coefficient_keeps_its_default() -> None:
    found = f2d.compile(r"\min \beta KL(q(z|x) \| p(z)) - E_{q(z|x)}[\log p(x|z)]", scaffold=True, dims={"x": 4})
    assert "beta is 1.0" in [each.text for each in found.program.assumptions]


def test_constants_are_left_out() -> None:
    found = f2d.compile(r"\max \mathbb{E}_{q(z|x)}[\log p(x|z)] + \text{const}", scaffold=True, dims={"x": 4})
    assert any("left out" in each.text for each in found.program.assumptions)


def test_an_arrow_to_the_optimum_ends_its_line() -> None:
    text = [
        rf"\mathcal J = {ELBO} \rightarrow \max",
        r"\mathcal J = " + ELBO + "\n\\to \\max_{\\theta, \\phi}\nz \\in \\mathbb{R}^2",
    ]
    for each in (text[0], text[0] + "\nz \\in \\mathbb{R}^2", text[1]):
        (objective,) = f2d.compile(each, scaffold=True, dims={"x": 4}).program.objectives
        assert objective.maximize and tuple(term.name for term in objective.terms) == TERMS


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        (r"\log q(w|x) \rightarrow \log \frac1K \sum_{k=1}^K q(w|x_k)", "F2D-0517"),
        (r"\arg\max_{p(z)} K = \frac1N \sum_{n=1}^N q(z|x_n)", "F2D-0203"),  # the optimum, and nothing that is raised
        (r"\mathcal{L} = E_{x \sim p(x)}[-\log p(x)]", "F2D-0515"),
        (r"\min_{\tau} E\|g\|^2", "F2D-0514"),
        (r"\min_W d(f(x), y)", "F2D-0203"),
        (r"-E_{q(w)} \log q(w) \ge -E_{q(w|u)}[\log \sum_{k=1}^K q(w|u)]", "F2D-0408"),
    ],
)
def test_what_trains_nothing_that_the_text_means_is_refused(formula: str, code: str) -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(formula, scaffold=True, dims={"x": 4, "z": 2, "w": 2, "u": 2})
    assert code in [each.code for each in caught.value.diagnostics]


def test_a_critic_and_a_value_are_no_unsaid_distances() -> None:
    for text in (
        r"\min_G -E_z[D(G(z), y)]",
        r"\max_\theta E_s[Q(s, \mu_\theta(s))]",
        r"\min_\theta d(f_\theta(x), y); d(a, b) = \|a - b\|^2",
    ):
        f2d.compile(text, scaffold=True, dims={"x": 4, "y": 4, "s": 2})


@pytest.mark.parametrize(
    ("formula", "density"),
    [
        (r"\max_\phi E_{q_\phi(z)} f(z)", "q_phi(z)"),
        (r"\max_{\Lambda, \phi} \int q(w|\phi) \log \frac{p(t|x, w) p(w|\Lambda)}{q(w|\phi)} dw", "q_phi(w)"),
        (r"\max_{\Lambda, \phi} \int q(w|\phi) \log \frac{p(t|x, w) p(w|\Lambda)}{q(w|\phi)} dw", "p_Lambda(w)"),
    ],
)
def test_a_density_that_an_operator_trains_is_fitted(formula: str, density: str) -> None:
    made = f2d.compile(formula, scaffold=True, dims={"x": 4, "t": 2, "z": 2, "w": 2})
    assert f"{density} is a Normal with a learned mean and a learned standard deviation" in made.assumptions


def test_a_prior_beside_a_likelihood_of_its_parameters_is_the_default() -> None:
    text = r"\max_{\theta,\phi} E_{q_\phi(z|x)}[\log p_\theta(x|z) + \log p_\theta(z) - \log q_\phi(z|x)]"
    assert "p_theta(z) is the standard Normal" in f2d.compile(text, scaffold=True, dims={"x": 4}).assumptions


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        (
            r"\theta^* = \arg\max_\theta E_{q(z|x)}[\log p_\theta(x|z)] = \arg\min_\theta -\log p_\theta(x|z)",
            "F2D-0205",
        ),
        (r"\max_\theta E_{q(z|x)}[\log p_\theta(x|z)] = \min_\theta \|x - f_\theta(z)\|^2", "F2D-0205"),
    ],
)
def test_operators_belong_to_their_member(formula: str, code: str) -> None:
    """What stands before the last member says nothing of the first: the error of the last stands."""
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(formula, scaffold=True, dims={"x": 4})
    assert code in codes_of(caught.value)


def test_members_under_the_same_operator_are_tried() -> None:
    text = r"\theta^* = \arg\max_\theta E_{q(z|x)}[\log p_\theta(x|z)] = \arg\max_\theta \log p_\theta(x|z)"
    (objective,) = f2d.compile(text, scaffold=True, dims={"x": 4}).program.objectives
    assert objective.maximize is True and [each.name for each in objective.terms] == ["log p_theta(x|z)"]
