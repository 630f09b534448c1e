"""``formula2dgm compile``: the module and the script, to a file and to standard output."""

from __future__ import annotations

import ast
import json
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch


def test_a_script_goes_to_a_file(run) -> None:
    ran = run("compile", "paper.tex", "-o", "model.py")
    assert ran.status == 0 and ran.out == ""
    assert "wrote model.py; run it: python model.py --data digits" in ran.err
    assert "argparse" in Path("model.py").read_text("utf-8")


def test_a_module_goes_to_standard_output(run) -> None:
    ran = run("compile", "paper.tex", "--target", "module")
    assert ran.status == 0 and ran.err == ""
    assert "class Objective(nn.Module)" in ran.out and "argparse" not in ran.out
    ast.parse(ran.out)


def test_the_written_module_computes_the_bound(run) -> None:
    """With p(x|z) = Bernoulli(logits 0) and q(z|x) = p(z), the bound is -6 log 2."""
    assert run("compile", "paper.tex", "-o", "model.py", "--target", "module").status == 0
    objective = runpy.run_path("model.py")["build"]({"x": (6,)})
    for parameter in objective.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():  # softplus(0.5413) = 1
        objective.q_z_given_x.scale.bias.fill_(0.5413248)
    value = objective(x=torch.ones(5, 6)).value
    torch.testing.assert_close(value, -6 * torch.tensor(2.0).log(), rtol=0, atol=1e-3)


@pytest.mark.parametrize("target", ["module", "script"])
def test_the_users_networks(run, target: str) -> None:
    ran = run("compile", "model.txt", "--networks", "nets.py", "--target", target, "--dim", "z=3")
    assert ran.status == 0
    assert "default network" not in ran.out
    if target == "script":
        assert "import nets" in ran.out and "nets.encoder" in ran.out and "nets.decoder" in ran.out


def test_set_gives_a_hyperparameter_its_value(run) -> None:
    assert "beta: float = 4.0" in run("compile", "model.txt", "--target", "module", "--set", "beta=4").out
    assert "beta: float = 1.0" in run("compile", "model.txt", "--target", "module").out


def test_dim_gives_a_variable_its_size(run) -> None:
    small = run("compile", "model.txt", "--target", "module", "--dim", "z=7").out
    assert "(7,)" in small and "(16,)" not in small


def test_macros(run) -> None:
    Path("short.txt").write_text(r"\ex{\log p(x|z)} - \D{q(z|x)}{p(z)}", encoding="utf-8")
    macros = (r"\newcommand{\ex}[1]{\mathbb{E}_{q(z|x)}[#1]}", r"\newcommand{\D}[2]{D_{KL}(#1 \| #2)}")
    given = [word for each in macros for word in ("--macro", each)]
    assert run("check", "short.txt").status == 1
    ran = run("show", "short.txt", *given)
    assert ran.out.strip() == "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]"
    assert run("compile", "short.txt", "--target", "module", *given).status == 0


def test_samples(run) -> None:
    def axes(*more: str) -> list[str]:
        return [each["axes"] for each in json.loads(run("explain", "model.txt", "--json", *more).out)["sites"]]

    assert axes() == [["batch"]]
    assert axes("--samples", "5") == [["z:5", "batch"]]


def test_estimators(run) -> None:
    Path("bits.txt").write_text("q(z|x) = Bernoulli(z; f(x))\n\n\\max E_{q(z|x)}[\\log p(x|z)]", encoding="utf-8")

    def sites(*more: str) -> list[str]:
        found = json.loads(run("explain", "bits.txt", "--json", *more).out)["sites"]
        return [f"{each['estimator']} of {each['law']}" for each in found]

    assert sites() == []
    assert sites("--estimator", "z=score") == ["score of q(z|x) (Bernoulli)"]
    assert sites("--estimator", "q(z|x)=score:-1.5") == ["score of q(z|x) (Bernoulli)"]
    assert sites("--estimator", "z=relaxed:0.3") == ["relaxed of q(z|x) (RelaxedBernoulli)"]
    many = ("--estimator", "z=score:leave-one-out", "--samples", "4")
    assert "others_mean(" in run("compile", "bits.txt", "--dim", "x=6", "--dim", "z=3", "--target", "module", *many).out
    for wrong in ("z", "z=guess", "=score", "z=score:", "z=enumerate:3"):
        assert run("check", "bits.txt", "--estimator", wrong).status == 2, wrong


def test_the_direction(run) -> None:
    Path("plain.txt").write_text("f(x)", encoding="utf-8")
    assert run("check", "plain.txt").status == 1
    assert run("explain", "plain.txt", "--maximize").out.count("maximise") == 1
    assert run("explain", "plain.txt", "--no-maximize").out.count("minimise") == 1


def test_several_files_are_one_model(run) -> None:
    Path("joint.txt").write_text("p(x, z) = p(x|z) p(z)", encoding="utf-8")
    Path("bound.txt").write_text("E_q(z|x)[log p(x, z)/q(z|x)]", encoding="utf-8")
    contract = json.loads(run("explain", "joint.txt", "bound.txt", "--json").out)
    assert [each["name"] for each in contract["objectives"][0]["terms"]] == ["log p(x, z) / q(z|x)"]
    assert "factors of p" not in str(contract["assumptions"]), "the joint is declared, not assumed"


def test_standard_input(run, stdin: Callable[[bytes], None]) -> None:
    stdin(b"E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]")
    assert "class Objective" in run("compile", "-", "--target", "module").out


def test_standard_input_may_be_a_document(run, stdin: Callable[[bytes], None]) -> None:
    stdin(Path("paper.tex").read_bytes())
    assert "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]" in run("show", "-").out


def test_json(run) -> None:
    told = json.loads(run("compile", "paper.tex", "--json", "--target", "module", "-o", "model.py").out)
    assert told["output"] == "model.py" and told["source"] == Path("model.py").read_text("utf-8")
    assert told["diagnostics"] == [] and any("standard" in each or "network" in each for each in told["assumptions"])


def test_a_label_picks_displays(run) -> None:
    assert run("show", "paper.tex").out.startswith("x in {0, 1}^6\n")
    assert run("show", "paper.tex", "--label", "eq:prior").out == "z in bbR^3\np(z) = Normal(z; 0, I)\n"
    ran = run("check", "paper.tex", "--label", "eq:elob")
    assert ran.status == 2 and "F2D-0810" in ran.err and "did you mean eq:elbo" in ran.err


def test_the_data_that_suit_the_formula_are_named(run) -> None:
    Path("points.txt").write_text("x \\in \\mathbb{R}^2\n\\max \\log p(x)\n", encoding="utf-8")
    assert "run it: python points.py --data moons" in run("compile", "points.txt", "-o", "points.py").err
    Path("steps.txt").write_text("x_t \\in \\{0,1\\}^8\n\\max \\sum_{t=1}^T \\log p(x_t)\n", encoding="utf-8")
    assert "run it: python steps.py --data digit-rows" in run("compile", "steps.txt", "-o", "steps.py").err
