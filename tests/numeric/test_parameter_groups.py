"""Whose parameters are trained, as names below letters, on losses and among arguments say: gradients by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.numeric.test_families import assert_same
from tests.numeric.test_written_densities import linear, tensor

X = tensor(6, 3, seed=1)
Y = tensor(6, 3, seed=2)


def compiled(text: str | list[str], **dims: int) -> f2d.Objective:
    return f2d.compile(text, scaffold=True, dims={"x": 3, "y": 3, "z": 2} | dims)


def with_gradients(objective: f2d.Objective, **data: Tensor) -> set[str]:
    """The networks and learned tensors that a step changes."""
    objective.double()(**data).loss.backward()
    changed = [name for name, each in objective.named_parameters() if each.grad is not None and bool(each.grad.any())]
    return {name.split(".")[0] for name in changed}


# -- words below parameters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (r"f_{\theta_{dec}}", r"f_{\theta_{enc}}"),
        (r"f_{\theta_{\mathrm{dec}}}", r"f_{\theta_{\text{enc}}}"),
        ("f_{theta_{dec}}", "f_{theta_{enc}}"),
        ("f_{θ_{dec}}", "f_{θ_{enc}}"),
        (r"f_{\theta_1}", r"f_{\theta_2}"),
    ],
)
def test_words_tell_the_parameters_of_a_function_apart(first: str, second: str) -> None:
    """They were one function, applied twice."""
    decoder, encoder = nn.Linear(2, 3, dtype=torch.float64), linear(3, 2)
    text = rf"\min E_{{p(x)}} \|{first}({second}(x)) - x\|^2"
    assert_same(text, {first: decoder, second: encoder}, {"x": X})
    objective = f2d.compile(text, {first: decoder, second: encoder})
    loss = (decoder(encoder(X)) - X).square().sum(1).mean()
    torch.testing.assert_close(objective(x=X).loss, loss)


@pytest.mark.parametrize("label", ["old", "target", "ema", "EMA", "tgt", "teacher", r"\mathrm{frozen}", "ref"])
def test_parameters_whose_word_says_so_are_held_constant(label: str) -> None:
    """Without an operator, both were trained."""
    trained, held = linear(3, 2), nn.Linear(3, 2, dtype=torch.float64)
    text = rf"L = E_{{p(x)}} \|f_\theta(x) - f_{{\theta_{{{label}}}}}(2 x)\|^2"
    objective = f2d.compile(text, {r"f_\theta": trained, rf"f_{{\theta_{{{label}}}}}": held})
    loss = (trained(X) - held(2 * X)).square().sum(1).mean()
    torch.testing.assert_close(objective(x=X).loss, loss)
    objective(x=X).loss.backward()
    assert held.weight.grad is None
    torch.testing.assert_close(trained.weight.grad, torch.autograd.grad(loss, (trained.weight,))[0])
    assert any("is held constant" in str(each) for each in objective.assumptions)


@pytest.mark.parametrize("group", [r"\theta^*", r"\theta^{EMA}", r"\theta^{\text{old}}"])
def test_a_star_or_a_word_above_says_the_same(group: str) -> None:
    objective = compiled(rf"L = E_{{p(x)}} \|f_\theta(x) - f_{{{group}}}(2 x)\|^2")
    assert with_gradients(objective, x=X) == {"f_theta"}


def test_who_stands_under_an_operator_is_trained_whatever_its_word() -> None:
    objective = compiled(r"\min_{\theta_{old}} E_{p(x)} \|f_\theta(x) - f_{\theta_{old}}(2 x)\|^2")
    assert with_gradients(objective, x=X) == {"f_theta_old"}


def test_a_plain_letter_under_an_operator_has_all_its_words() -> None:
    text = r"\max_{\theta,\phi} E_{q_{\phi_{enc}}(z|x)}[\log p_{\theta_{dec}}(x|z)] - KL[q_{\phi_{enc}}(z|x) \| p(z)]"
    assert len(with_gradients(compiled(text), x=X)) == 2


def test_a_prior_and_a_posterior_of_one_letter_are_two() -> None:
    """Their divergence was 0."""
    objective = compiled(r"\min KL[q_{\phi_{enc}}(z|x) \| q_{\phi_{prior}}(z|x)]")
    assert objective.double()(x=X).loss.item() > 1e-3


@pytest.mark.parametrize("operator", [r"\max_{\theta_D}", r"\max_{\theta_{D}}"])
def test_a_player_by_its_labelled_parameters(operator: str) -> None:
    text = (
        rf"{operator} E_{{p_{{data}}(x)}}[\log D_{{\theta_D}}(x)]"
        rf" + E_{{p(z)}}[\log(1 - D_{{\theta_D}}(G_{{\theta_G}}(z)))]"
    )
    assert with_gradients(compiled(text), x=X) == {"D_theta_D"}


# -- names on a loss ---------------------------------------------------------------------------------------------------

ELBOS = [
    (r"L(\theta,\phi) =", r"q_\phi(z|x)", "p(x|z)", r"q_\phi(z|x)"),
    (r"\mathcal{L}(\theta,\phi;x) =", r"q_\phi(z|x)", "p(x|z)", r"q_\phi(z|x)"),
    ("ELBO(θ, φ) =", "q_φ(z|x)", "p(x|z)", "q_φ(z|x)"),
    (r"\max_{\theta,\phi}", r"q_\phi(z|x)", "p(x|z)", r"q_\phi(z|x)"),
    (r"L(\theta,\phi) =", "q(z|x)", r"p_\theta(x|z)", "q(z|x)"),
    (r"L(\theta,\phi) =", "q(z|x)", r"p_\theta(x|z)", r"q_\phi(z|x)"),
    ("max_{θ,φ}", "q(z|x)", "p(x|z;θ)", "q(z|x;φ)"),
    (r"\max_{\theta,\phi}", "q(z|x)", r"p_\theta(x|z)", r"q_\phi(z|x)"),
    (r"\mathcal{E}(\theta, \lambda|x) =", "q(z|x)", r"\log P", r"q(z|x, \lambda)"),
]


@pytest.mark.parametrize(("head", "drawn", "likelihood", "posterior"), ELBOS)
def test_all_that_a_loss_names_is_trained(head: str, drawn: str, likelihood: str, posterior: str) -> None:
    """The bound by hand: networks that carry no parameters are those of the name that owns nothing else; the posterior
    that is drawn from is the one in the divergence."""
    likelihood = likelihood if "log" not in likelihood else r"P(x|z, \theta)"
    encoder, decoder = linear(3, 2), nn.Linear(2, 3, dtype=torch.float64)
    bound = {
        "q(z|x)" if drawn == "q(z|x)" else drawn: f2d.Normal(loc=encoder, scale=1.0),
        likelihood.split(r", \theta)")[0] + ")" * likelihood.count(r", \theta)"): f2d.Normal(loc=decoder, scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
    }
    text = rf"{head} E_{{{drawn}}}[\log {likelihood}] - KL[{posterior} \| p(z)]"
    objective = f2d.compile(text, bound)
    noise = objective.example_noise(x=X)
    (epsilon,) = noise.values()
    mean = encoder(X)
    scored = torch.distributions.Normal(decoder(mean + epsilon), 1.0).log_prob(X).sum(1)
    expected = -(scored - mean.square().sum(1) / 2).mean()
    found = objective(x=X, noise=noise).loss
    torch.testing.assert_close(found, expected)
    found.backward()
    for network in (encoder, decoder):
        (gradient,) = torch.autograd.grad(expected, (network.weight,), retain_graph=True)
        torch.testing.assert_close(network.weight.grad, gradient)


def test_an_encoder_without_parameters_is_the_other_names() -> None:
    objective = compiled("L(θ,φ) = ‖x − d_θ(e(x))‖²")
    assert with_gradients(objective, x=X) == {"d_theta", "e"}
    assert any("e has the parameters phi" in str(each) for each in objective.assumptions)


def test_functions_with_parameters_behind_a_semicolon_are_trained() -> None:
    text = (
        r"\mathcal{E}(\theta, \lambda|x) = E_{\epsilon \sim N(0, I)}[\log P(x|z=\mu(x; \lambda) + \epsilon, \theta)]"
        r" - KL[q(z|x, \lambda) \| p(z)]"
    )
    encoder, decoder = linear(3, 2), nn.Linear(2, 3, dtype=torch.float64)
    bound = {
        r"\mu": encoder,
        "P(x|z)": f2d.Normal(loc=decoder, scale=1.0),
        "q(z|x)": f2d.Normal(loc=encoder, scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
    }
    objective = f2d.compile(text, bound)
    noise = objective.example_noise(x=X)
    (epsilon,) = noise.values()
    mean = encoder(X)
    scored = torch.distributions.Normal(decoder(mean + epsilon), 1.0).log_prob(X).sum(1)
    expected = -(scored - mean.square().sum(1) / 2).mean()
    objective(x=X, noise=noise).loss.backward()
    torch.testing.assert_close(encoder.weight.grad, torch.autograd.grad(expected, (encoder.weight,))[0])


@pytest.mark.parametrize(
    ("text", "trained"),
    [
        (r"L(\theta) = E_{q_\phi(z|x)}[\log p_\theta(x|z)] - KL[q_\phi(z|x) \| p(z)]", {"p_theta_x_given_z"}),
        (r"\max_\phi E_{q(z|x)}[\log p_\theta(x|z)] - KL[q_\phi(z|x) \| p(z)]", {"q_z_given_x"}),
        (r"\mathcal{L}(\phi, \theta) = (E_{p^*(x)}[s(x)] - E_{q(z)}[s(G_\theta(z))])^2", {"G_theta"}),
        (r"\max_{\theta,\phi} E_{\pi_\theta(y|x)}[Q(x, y)]", {"pi_theta_y_given_x"}),
        (r"\max_\theta E_{q_\phi(z|x)}[\log p(x|z)] - KL[q_\phi(z|x) \| p(z)]", {"p_x_given_z"}),
        (r"\max_\theta E_{p(x)}[R_\phi(f(x))]", {"f"}),
    ],
    ids=["one of two", "the encoder", "a statistic", "a value", "the decoder", "a reward"],
)
def test_what_a_text_holds_constant_stays_so(text: str, trained: set[str]) -> None:
    assert with_gradients(compiled(text), x=X) == trained


# -- densities that are compared ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        r"\min_\theta E_{p(x)}[KL[p(y|x) \| p_\theta(y|x)]]",
        r"L = E_{p(x)}[KL[p(y|x) \| p_\theta(y|x)]]",
        r"\min_\theta E_{p(y|x)}[\log p(y|x) - \log p_\theta(y|x)]",
        r"\min_\theta E_{p(y|x)}[\log \frac{p(y|x)}{p_\theta(y|x)}]",
        "min_θ E_{p(x)}[KL[p(y|x) || p_θ(y|x)]]",
    ],
)
def test_a_density_compared_with_one_that_has_parameters_is_another(text: str) -> None:
    """They were one, and the value 0 for any network."""
    true, model = linear(3, 2), nn.Linear(3, 2, dtype=torch.float64)
    group = r"p_\theta(y|x)"
    bound = {"p(y|x)": f2d.Normal(loc=true, scale=1.0), group: f2d.Normal(loc=model, scale=1.0)}
    objective = f2d.compile(text, bound)
    distance = true(X) - model(X)
    loss = objective(x=X).loss
    if "KL" in text:
        torch.testing.assert_close(loss, distance.square().sum(1).mean() / 2)
        loss.backward()
        torch.testing.assert_close(model.bias.grad, -distance.mean(0))
        assert true.weight.grad is None
    alone = compiled(text, y=2)
    assert with_gradients(alone, x=X) == {"p_theta_y_given_x"}


def test_one_of_two_compared_densities_alone_is_not_both() -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0302"):
        f2d.compile(
            r"\min_\theta E_{p(x)}[KL[p(y|x) \| p_\theta(y|x)]]", {"p(y|x)": f2d.Normal(loc=linear(3, 2), scale=1.0)}
        )


# -- parameters among values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        r"\min_\theta \|y - f(x, \theta)\|^2",
        r"\min_\theta \|y - f(\theta, x)\|^2",
        "min_theta ||y - f(x, theta)||^2",
        "min_θ ‖y − f(x, θ)‖²",
        r"L(\theta) = \|y - f(x, \theta)\|^2",
        r"\min_\theta E_{p(x,y)} \|y - f(x, \theta)\|^2",
        r"\min_w \|y - f(x; w)\|^2",
    ],
)
def test_what_is_trained_is_no_value_of_a_function(text: str) -> None:
    network = linear(3, 3)
    objective = f2d.compile(text, {"f": network})
    assert {each.name for each in objective.inputs} == {"x", "y"}
    distance = network(X) - Y
    torch.testing.assert_close(objective(x=X, y=Y).loss, distance.square().sum(1).mean())
    objective(x=X, y=Y).loss.backward()
    torch.testing.assert_close(network.bias.grad, 2 * distance.mean(0))


def test_the_parameters_of_a_family_are_learned_themselves() -> None:
    """theta was held constant, as if N were a network."""
    objective = f2d.compile([r"\max_\theta E_{p(x)}[\log N(x; \theta, 1)]", r"x \in \mathbb{R}"], scaffold=True)
    x = tensor(6, seed=3)
    objective.double()(x=x).loss.backward()
    torch.testing.assert_close(objective.theta.grad, -x.mean())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (r"\min_\psi \|x - f_\theta(x)\|^2", "F2D-0504"),
        ("min_psi ||x - f_theta(x)||^2", "F2D-0504"),
        (r"\max_\theta E_{\pi_\phi(y|x)}[Q(x, y)]", "F2D-0504"),
        (r"\max_\tau E_{q_\phi(z|x)}[\log p(x|z)] - KL[q_\phi(z|x) \| p(z)]", "F2D-0504"),
        (r"\min_\theta KL[p(x,y) \| p_\theta(x,y)]", "F2D-0486"),
        (r"\min_w \|y - f(x, w)\|^2", "F2D-0498"),
        (r"\min_z \|x - g(z, y)\|^2", "F2D-0498"),
        (r"\min_{\theta, z} \|x - g_\theta(z, y)\|^2", "F2D-0498"),
    ],
)
def test_names_that_nothing_has_are_refused(text: str, code: str) -> None:
    with pytest.raises(f2d.FormulaError, match=code):
        compiled(text)
