"""What ``f2d.verify`` agrees with, and what it finds: wrong code, wrong determinants, wrong derivations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.cli.main import main
from formula2dgm.runtime.loader import load_module
from formula2dgm.runtime.objective import Objective
from formula2dgm.runtime.written import Facts
from formula2dgm.verification import against_reference, closed_forms
from formula2dgm.verification.findings import Comparison
from formula2dgm.verification.subject import Subject, subject

EXAMPLES = Path(__file__).parents[2] / "examples"
ELBO = "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]"
SIZES = {"x": 4, "z": 2}


def mutated(own: Subject, old: str, new: str) -> Subject:
    """The same subject with other code."""
    source = own.objective.source
    assert source.count(old) == 1, old
    module = load_module(source.replace(old, new))
    given = {each.name: getattr(own.objective, each.name) for each in own.program.networks}
    objective: Objective = module.Objective(**given)
    objective.__dict__["_facts"] = Facts(own.objective.program, own.objective.generated)
    objective.check_values = False
    return replace(own, objective=objective)


def wrong(found: object) -> set[str]:
    """The subjects of the comparisons that disagree in float64."""
    assert isinstance(found, list)
    comparisons = [each for each in found if isinstance(each, Comparison) and "float32" not in each.kind]
    assert comparisons
    return {each.subject for each in comparisons if not each.agrees}


# -- code ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        ELBO,
        r"\log p(x) \ge E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K \frac{p(x, z_k)}{q(z_k|x)}], K = 3",
        r"\min_G \max_D E_{x \sim p_{data}}[\log D(x)] + E_{z \sim p(z)}[\log(1 - D(G(z)))]",
        r"\max \sum_{t=1}^T E_{q(z_t|z_{t-1}, x_t)}[\log p(x_t|z_t)] - KL[q(z_t|z_{t-1}, x_t) \| p(z_t|z_{t-1})]",
    ],
)
def test_what_is_generated_agrees(formula: str) -> None:
    found = f2d.verify(formula, seeds=1, dims=SIZES)
    assert found.agrees and not found.mismatches, str(found)
    assert any("gradient" in each.subject for each in found.comparisons)


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.tex")), ids=lambda path: path.stem)
def test_every_example_agrees(path: Path) -> None:
    found = f2d.verify(path, seeds=1)
    assert found.agrees, str(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loss = kl_q_z_given_x_p_z - log_p", "loss = kl_q_z_given_x_p_z + log_p"),
        ("loss=loss,", "loss=-loss,"),
        ("mean_of_sums(normal_log_prob(x, p_x_given_z, 1.0))", "normal_log_prob(x, p_x_given_z, 1.0).mean()"),
        ("kl_normal_standard_mean(q_z_given_x_loc, q", "kl_normal_standard_mean(0.1 + q_z_given_x_loc, q"),
    ],
)
def test_wrong_code_is_found(old: str, new: str) -> None:
    own = subject(ELBO, None, {"scaffold": True, "dims": SIZES})
    found = wrong(list(against_reference.compared(mutated(own, old, new), 1)))
    assert "the loss" in found and any(each.startswith("the gradient") for each in found), found


def test_a_missing_gradient_is_found_where_the_values_agree() -> None:
    own = subject(ELBO, None, {"scaffold": True, "dims": SIZES})
    place = "\n\n        # the first batch"
    old, new = (f"self.p_x_given_z({each}){place}" for each in ("z", "z.detach()"))
    found = wrong(list(against_reference.compared(mutated(own, old, new), 1)))
    assert found and all(each.startswith("the gradient of q_z_given_x") for each in found), found


def test_a_wrong_closed_form_is_found() -> None:
    own = subject(ELBO, None, {"scaffold": True, "dims": SIZES})
    right = [each for each in closed_forms.compared(own, 1) if isinstance(each, Comparison)]
    assert [each.agrees for each in right] == [True]
    term = '"KL[q(z|x) || p(z)]": kl_q_z_given_x_p_z.detach(),\n        }\n        contributions'
    made = mutated(own, term, term.replace(": kl", ": 1.2 * kl"))
    found = [each for each in closed_forms.compared(made, 1) if isinstance(each, Comparison)]
    assert [each.agrees for each in found] == [False]


# -- volumes -------------------------------------------------------------------------------------------


class Scaling(nn.Module):
    """y = s x, whose log-determinant is said to be ``said`` times what it is."""

    def __init__(self, said: float, back: float = 1.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([2.0, 3.0]))
        self.said, self.back = said, back

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.scale * x, self.said * self.scale.abs().log().sum().expand(len(x))

    def inverse(self, y: Tensor) -> tuple[Tensor, Tensor]:
        return self.back * y / self.scale, -self.said * self.scale.abs().log().sum().expand(len(y))


@pytest.mark.parametrize(
    ("network", "kinds"),
    [
        (Scaling(1.0), set()),
        (Scaling(0.5), {"log-determinant, determinant of the Jacobian"}),
        (Scaling(1.0, 1.1), {"inverse of an invertible network, of its value"}),
    ],
)
def test_a_wrong_volume_is_found(network: nn.Module, kinds: set[str]) -> None:
    flow = r"\max_\theta E_{p_{data}(x)}[\log p(f(x)) + \log |\det \frac{\partial f(x)}{\partial x}|]"
    bindings = {"f": network, "p(z)": f2d.Normal(loc=0.0, scale=1.0)}
    found = f2d.verify([flow, "z = f(x)"], bindings, seeds=1, dims={"x": 2})
    assert {each.kind for each in found.mismatches} >= kinds and found.agrees == (not kinds), str(found)


# -- derivations ---------------------------------------------------------------------------------------

BOUND = r"\log p(x) \ge E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]"


@pytest.mark.parametrize(
    ("step", "holds"),
    [
        (r"= E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]", True),
        (r"= E_{q(z|x)}[\log \frac{p(x, z)}{q(z|x)}]", True),
        (r"\le E_{q(z|x)}[\log p(x|z)]", True),
        (r"= E_{q(z|x)}[\log p(x|z) + \log p(z) + \log q(z|x)]", False),
        (r"= E_{q(z|x)}[\log p(x|z)] - KL[p(z) \| q(z|x)]", False),
        (r"\ge E_{q(z|x)}[\log p(x|z)]", False),
        (r"= E_{q(z|x)}[\log p(x|z)] - 0.5 KL[q(z|x) \| p(z)]", False),
    ],
)
def test_a_derivation_is_held_to_what_it_says(step: str, holds: bool) -> None:
    found = f2d.verify(f"{BOUND} {step}", seeds=1, dims=SIZES)
    members = [each for each in found.comparisons if each.kind.startswith("derivation")]
    assert [each.agrees for each in members] == [holds], str(found)
    assert found.agrees == holds
    assert "not compared: log p(x) of the derivation: p(x) is no density of the model" in str(found)


# -- the report ----------------------------------------------------------------------------------------


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "model.tex"
    file.write_text(rf"\[{BOUND} = E_{{q(z|x)}}[\log p(x|z)] - KL[p(z) \| q(z|x)]\]")
    arguments = [str(file), "--dim", "x=4", "--dim", "z=2", "--seeds", "1"]
    assert main(["verify", *arguments]) == 1
    assert capsys.readouterr().out.rstrip().endswith("MISMATCH")
    assert main(["verify", *arguments, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["agrees"] is False
    assert {each["kind"] for each in told["comparisons"] if not each["agrees"]} == {
        "derivation, member by member (standard errors)"
    }
    file.write_text(rf"\[{ELBO}\]")
    assert main(["verify", *arguments]) == 0
    assert capsys.readouterr().out.rstrip().endswith("everything agrees")
    assert main(["verify", *arguments, "--set", "beta=2"]) == 2


def test_the_networks_of_the_user_are_not_changed() -> None:
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(4, 2), nn.Linear(2, 4)
    before = [each.clone() for each in (*encoder.parameters(), *decoder.parameters())]
    bindings = {
        "q(z|x)": f2d.Normal(loc=encoder, scale=1.0),
        "p(x|z)": f2d.Bernoulli(decoder),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    assert f2d.verify(ELBO, bindings, seeds=1, dims={"x": 4}).agrees
    after = [*encoder.parameters(), *decoder.parameters()]
    assert all(torch.equal(old, new) and new.dtype == torch.float32 for old, new in zip(before, after, strict=True))
