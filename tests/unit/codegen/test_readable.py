"""What a reader of generated objectives sees: names of the formula, shared work once, one operation where one does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

import formula2dgm as f2d
from formula2dgm.codegen.names import LONGEST, argument, identifier

SPACES = [r"x \in \{0,1\}^6", r"z \in \mathbb{R}^3", r"p(z) = N(z; 0, I)"]
MIXTURE = [*SPACES[:2], r"p(z) = \sum_{k=1}^4 \pi_k N(z; \mu_k, \sigma_k^2 I)"]
BITS = [SPACES[0], r"z \in \{0,1\}^4", "p(z) = Bernoulli(z; 0.5)"]
PAIRS = [r"x \in \mathbb{R}^6", r"y \in \mathbb{R}^6", r"f(x) \in \mathbb{R}^4", r"g(y) \in \mathbb{R}^4"]
ELBO = r"\max E_{q(z|x)}[\log p(x|z)] - "
CASES: dict[str, tuple[list[str], dict[str, object]]] = {
    "elbo": ([ELBO + r"KL[q(z|x) \| p(z)]", *SPACES], {}),
    "moved prior": ([ELBO + r"KL[q(z|x) \| p(z)]", *SPACES[:2], "p(z) = N(z; 1, I)"], {}),
    "free bits": ([ELBO + r"\sum_j \max(\lambda, KL[q(z_j|x) \| p(z_j)])", *SPACES, r"\lambda = 0.5"], {}),
    "capacity": ([ELBO + r"\gamma |KL[q(z|x) \| p(z)] - C|", *SPACES, r"\gamma = 10", "C = 5"], {}),
    "iwae": (
        [r"\max E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K \frac{p(x,z_k)}{q(z_k|x)}]", *SPACES, "K = 8"],
        {},
    ),
    "total correlation": ([ELBO + r"I_q(x;z) - \beta \mathrm{TC}(z)", *SPACES, r"\beta = 6", "N = 100"], {}),
    "jensen-shannon": ([ELBO + r"JS[q(z|x) \| p(z)]", *SPACES], {}),
    "mixture prior": ([ELBO + r"KL[q(z|x) \| p(z)]", *MIXTURE], {}),
    "score": ([ELBO + r"KL[q(z|x) \| p(z)]", *BITS], {"estimators": {"z": f2d.Score(baseline="batch")}}),
    "relaxed": ([ELBO + r"KL[q(z|x) \| p(z)]", *BITS], {"estimators": {"z": f2d.Relaxed(temperature=0.5)}}),
    "straight-through": ([ELBO + r"KL[q(z|x) \| p(z)]", *BITS], {"estimators": {"z": "straight-through"}}),
    "contrast": (
        [
            r"\min -\frac1N \sum_{i=1}^N \log \frac{\exp(f(x_i)^\top g(y_i) / \tau)}"
            r"{\sum_{j=1}^N \exp(f(x_i)^\top g(y_j) / \tau)}",
            *PAIRS,
            r"\tau = 0.1",
        ],
        {},
    ),
    "wgan-gp": (
        [
            r"\min_G \max_D E_{p_{data}(x)}[D(x)] - E_{p(z)}[D(G(z))]"
            r" - 10 E_{\hat x}[(\|\nabla_{\hat x} D(\hat x)\|_2 - 1)^2]",
            r"\hat x = \epsilon x + (1 - \epsilon) G(z)",
            r"\epsilon \sim U(0, 1)",
            *SPACES,
        ],
        {},
    ),
}


def compiled(name: str) -> f2d.Objective:
    text, options = CASES[name]
    return f2d.compile(text, scaffold=True, **options)  # type: ignore[arg-type]


def code(name: str) -> str:
    return compiled(name).source


def batch(objective: f2d.Objective, size: int) -> dict[str, Tensor]:
    return {each.name: (torch.rand(size, 6) > 0.5).float() for each in objective.inputs}


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_formatted_and_clean(name: str, tmp_path: Path) -> None:
    path = tmp_path / "generated.py"
    path.write_text(code(name))
    for command in (
        ["format", "--diff", "--line-length", "120"],
        ["check", "--select", "E,F,I,B", "--line-length", "120"],
    ):
        found = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "--isolated", str(path)],
            capture_output=True,
            text=True,
        )
        assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("name", CASES)
def test_a_variable_has_a_name_one_can_read(name: str) -> None:
    targets = re.findall(r"^        (\w+) = ", code(name), re.MULTILINE)
    assert all(len(each) <= LONGEST for each in targets)
    assert not any("part" in each.split("_") for each in targets)


@pytest.mark.parametrize("name", CASES)
def test_it_compiles_as_one_graph(name: str) -> None:
    objective = compiled(name)
    torch._dynamo.reset()
    whole = torch.compile(objective, fullgraph=True, backend="aot_eager")
    for player in objective.players or [None]:
        chosen = {} if player is None else {"player": player}
        whole(**batch(objective, 4), **chosen).loss.backward()


def test_the_entries_of_a_density_are_computed_once_and_then_summed() -> None:
    source = code("total correlation")
    assert source.count("q_z_given_x_scale.unsqueeze(1)") == 1
    assert "log_q_z_given_x_n = sum_event(log_q_z_given_x_n_by_entry, 2)" in source


def test_the_aggregated_posterior_is_computed_once_for_two_terms() -> None:
    source = code("total correlation")
    assert source.count("        log_q_z = ") == 1
    assert "I_q_x_z = (log_q_z_given_x - log_q_z).mean()" in source
    assert "tc_z = (log_q_z - sum_event(log_q_z_by_entry, 1)).mean()" in source


def test_inner_products_of_all_pairs_are_one_product_of_matrices() -> None:
    source = code("contrast")
    assert "torch.logsumexp(inner_products(g_y_i, f_x_i) / tau, 0)" in source
    assert "unsqueeze" not in source.split("def inner_products")[0]


def test_the_mixture_of_a_jensen_shannon_divergence_has_a_name() -> None:
    source = code("jensen-shannon")
    assert "log_m = torch.logaddexp(-math.log(2) + log_q_z_given_x, -math.log(2) + log_p_z)" in source
    assert "# log p(z), at z_2" in source


def test_numbers_of_one_law_are_written_alike() -> None:
    assert "kl_normal_normal(q_z_given_x_loc, q_z_given_x_scale, 1.0, 1.0)" in code("moved prior")


def test_a_standard_normal_needs_no_numbers() -> None:
    assert "kl_normal_standard_mean(q_z_given_x_loc, q_z_given_x_scale)" in code("elbo")
    assert "log_ratio = standard_normal_log_ratio_sum(z, z_noise, " in code("iwae")
    alone = f2d.compile(r"E_{q(z|x)}[\log p(x, z)]", scaffold=True, dims={"x": 3, "z": 2}).source
    assert "log_p_z = standard_normal_log_prob_sum(z, 1)\n" in alone
    assert "normal_sample" not in code("wgan-gp")


@pytest.mark.parametrize(
    "text, name",
    [
        ("||x - G(z)||^2", "squared_norm_x_minus_G_z"),
        ("||x||", "norm_x"),
        ("|KL[q(z|x) || p(z)] - C|", "abs_kl_q_z_given_x_p_z_minus_C"),
        ("KL[q(z|x) || p(z)] - KL[q(u|x) || p(u)]", "kl_q_z_given_x_p_z_minus_kl_q_u_given_x_p_u"),
        ("|D|", "size_D"),
        ("log Normal(z; mu_k, diag(sigma_k^2))", "log_normal_z"),
        ("I_q(x; z)", "I_q_x_z"),
        ("log p(x|z)", "log_p_x_given_z"),
    ],
)
def test_signs_have_words(text: str, name: str) -> None:
    assert identifier(text) == name


@pytest.mark.parametrize("name", ["log_sigmoid", "normal_sample", "value", "lambda", "sum"])
def test_no_variable_hides_what_the_module_calls(name: str) -> None:
    assert argument(name) == f"{name}_"


def test_a_player_may_have_any_name() -> None:
    """Braces in what stands under an operator are no fields of the message that lists the players."""
    game = [
        r"\max_{\theta, \sum \phi} E_{q_\phi(z|x)}[\log p_\theta(x|z) + \log D(z)]",
        r"\max_D E_{p(z)}[\log D(z)] + E_{q_\phi(z|x)}[\log(1-D(z))]",
    ]
    assert f2d.compile(game, scaffold=True, dims={"x": 3, "z": 2}).players == ("theta,sum_{} phi", "D")


@pytest.mark.parametrize("name", [r"\underbrace{x}_{\text{a}}", r"\underbrace{x}_{\text{a \"quoted\" one}}"])
def test_quotes_in_a_label_are_escaped(name: str) -> None:
    text = rf"E_q(z|x)[log p(x {name}, z) - log q(z|x)]"
    assert f2d.compile(text, scaffold=True, dims={"x": 3, "z": 3}).source
