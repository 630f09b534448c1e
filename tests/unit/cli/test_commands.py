"""``explain``, ``show``, ``new``, ``train``, help, and files that cannot be written."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FORMS = ("ascii", "latex", "tree", "ir", "code", "svg", "dot", "mermaid")
COMMANDS = ("compile", "check", "train", "explain", "show", "fmt", "new")


# -- explain -------------------------------------------------------------------------------------------


def test_explain_a_file(run) -> None:
    ran = run("explain", "model.txt")
    assert ran.status == 0 and ran.err == ""
    for piece in ("maximise", "log p(x|z)", "KL[q(z|x) || p(z)]", "closed form", "one call", "assumed", "beta is 1.0"):
        assert piece in ran.out


def test_explain_as_json(run) -> None:
    contract = json.loads(run("explain", "model.txt", "--json").out)
    assert [each["name"] for each in contract["objectives"][0]["terms"]] == ["log p(x|z)", "KL[q(z|x) || p(z)]"]


NOTES = r"""
Let $z \in \mathbb{R}^3$, $x \in \mathbb{R}^6$ and $x \in \mathcal{M}$.
$$ \mathcal{L} = \mathbb{E}_{q(z|x)}[\log p(x|z)] - \beta\, \mathrm{KL}(q(z|x) \| p(z)) $$
where $\beta = 4$, and of two players, of whom nothing says who trains what,
$$ \mathbb{E}_{p_{data}(x)}[D(x)] - \mathbb{E}_{p(z)}[D(G(z))] $$
$$ \vecx = f(x $$
"""


def test_explain_notes_that_are_no_one_model(run) -> None:
    Path("notes.md").write_text(NOTES)
    ran = run("explain", "notes.md")
    assert ran.status == 0 and ran.err == ""
    first, second = ran.out.split("\n\n4  notes.md:3\n")[1].split("\n\n6  notes.md:5\n")
    for piece in ("maximise", "log p(x|z)", "closed form", "beta = 4, as notes.md:4 says"):
        assert piece in first
    assert "calM" not in ran.out and "refused[F2D-0" in second
    assert ran.out.rstrip().endswith("1 of 2 objectives compile; --label 4 reads one")
    assert run("compile", "notes.md", "--label", "4").status == 0


def test_explain_notes_as_json(run) -> None:
    Path("notes.md").write_text(NOTES)
    first, second = json.loads(run("explain", "notes.md", "--json").out)["objectives"]
    assert (first["label"], first["from"][0], first["diagnostics"]) == ("4", 3, [])
    assert [each["name"] for each in first["contract"]["objectives"][0]["terms"]][0] == "log p(x|z)"
    assert second["contract"] is None and second["diagnostics"][0]["severity"] == "error"


def test_explain_notes_without_an_objective_that_compiles(run) -> None:
    Path("notes.md").write_text("$$ \\mathbb{E}_{q(z|x)}[u] $$ and $$ \\vecx = f(x $$ ends.\n\n$$ y = g(x) $$\n")
    ran = run("explain", "notes.md")
    assert ran.status == 1 and "0 of" in ran.out + ran.err or "error[" in ran.err


@pytest.mark.parametrize("code", ["F2D-0205", "f2d-0205", "F2D0205"])
def test_explain_a_code(run, code: str) -> None:
    ran = run("explain", code)
    assert ran.status == 0 and ran.out.startswith("# F2D-0205: ")


@pytest.mark.parametrize("code", ["F2D-9999", "F2D-1", "f2d0000"])
def test_explain_an_unknown_code(run, code: str) -> None:
    ran = run("explain", code)
    assert ran.status == 2 and ran.out == "" and f"there is no error code {code}" in ran.err


# -- show ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_show(run, form: str) -> None:
    ran = run("show", "paper.tex", "--as", form)
    assert ran.status == 0 and ran.err == "" and ran.out.strip()
    told = json.loads(run("show", "paper.tex", "--as", form, "--json").out)
    assert told["shown"] == form
    assert form == "tree" or told["text"] == ran.out.removesuffix("\n")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_shown_goes_to_a_file(run, form: str) -> None:
    shown = run("show", "paper.tex", "--as", form).out
    ran = run("show", "paper.tex", "--as", form, "-o", "shown.txt")
    assert (ran.status, ran.out, Path("shown.txt").read_text("utf-8")) == (0, "", shown)


def test_a_png_is_written(run) -> None:
    assert run("show", "paper.tex", "--as", "png", "-o", "graph.png").status == 0
    assert Path("graph.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(run("show", "paper.tex", "--as", "png", "-o", "graph.png", "--json").out)["output"] == "graph.png"
    refused = run("show", "paper.tex", "--as", "png", "--json")
    assert refused.status == 2 and "F2D-0807" in refused.out


def test_trees_as_data(run) -> None:
    told = json.loads(run("show", "model.txt", "--as", "tree", "--json").out)
    (statement,) = told["trees"]
    assert statement["kind"] == "Statement" and statement["span"]["from"] == [1, 1]
    expectation, term = statement["fields"]["body"]["fields"]["terms"]
    assert expectation["kind"] == "Expect" and expectation["text"] == "E_q(z|x)[log p(x|z)]"
    assert term["kind"] == "Neg" and term["span"]["source"] == "model.txt"


def test_what_is_shown(run) -> None:
    shown = {form: run("show", "paper.tex", "--as", form).out for form in FORMS}
    assert "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]" in shown["ascii"]
    assert r"\mathbb{E}_{q(z \mid x)}\left[\log p(x \mid z)\right]" in shown["latex"]
    assert "Divergence  name=KL  KL[q(z|x) || p(z)]  7:" in shown["tree"]
    assert "mean_batch[" in shown["ir"]
    assert "class Objective(nn.Module)" in shown["code"]
    assert shown["dot"].startswith("digraph") and '"z" -> "x"' in shown["dot"]
    assert shown["mermaid"].startswith("graph TD")
    ast.parse(shown["code"])


def test_what_is_shown_can_be_read_again(run) -> None:
    for form in ("ascii", "latex"):
        Path("again.txt").write_text(run("show", "paper.tex", "--as", form).out, encoding="utf-8")
        assert run("show", "again.txt").out == run("show", "paper.tex").out


# -- new -----------------------------------------------------------------------------------------------


def test_new_writes_an_example_that_checks(run) -> None:
    ran = run("new", "vae")
    assert ran.status == 0 and "formula2dgm train vae.tex --data digits" in ran.out
    assert run("check", "vae.tex").status == 0


def test_new_says_how_the_example_says_it_is_run(run) -> None:
    assert "formula2dgm train mixture.tex --data moons" in run("new", "gaussian_mixture", "-o", "mixture.tex").out


def test_new_lists_examples_and_all_of_them_check(run) -> None:
    names = run("new", "list").out.split()
    assert "vae" in names
    for name in names:
        assert run("new", name, "-o", f"my_{name}.tex").status == 0
        assert run("check", f"my_{name}.tex").status == 0


def test_new_overwrites_nothing(run) -> None:
    Path("vae.tex").write_text("mine", encoding="utf-8")
    ran = run("new", "vae")
    assert ran.status == 2 and "vae.tex is there already" in ran.err and "-o" in ran.err
    assert Path("vae.tex").read_text("utf-8") == "mine"


def test_new_of_an_unknown_name(run) -> None:
    ran = run("new", "nothing")
    assert ran.status == 2 and "there is no example 'nothing'; there are: " in ran.err and "vae" in ran.err


# -- files that cannot be written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("compile", "paper.tex", "-o", "no/such/folder/model.py"),
        ("compile", "paper.tex", "-o", "."),
        ("compile", "paper.tex", "-o", "model.txt/model.py"),
        ("new", "vae", "-o", "no/such/folder/vae.tex"),
    ],
)
def test_output_that_cannot_be_written(run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.status == 2 and ran.err.startswith("error[F2D-0806]: cannot write ") and ran.err.count("\n") == 1


def test_a_run_that_cannot_be_written(run) -> None:
    ran = run("train", "paper.tex", "--data", "digits", "--out-dir", "model.txt/run")
    assert ran.status in (1, 2) and "error[F2D-0684]" in ran.err and "Traceback" not in ran.err


def test_a_reader_that_stops_is_no_error(run) -> None:
    """``formula2dgm compile vae.tex | head -1``."""
    program = "import sys; from formula2dgm.cli import main; sys.exit(main(['compile', 'paper.tex']))"
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run([sys.executable, "-c", program], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (ran.returncode, ran.stderr) == (0, "")


# -- help ----------------------------------------------------------------------------------------------


def test_help_of_the_whole(run) -> None:
    ran = run("--help")
    assert ran.status == 0
    for command in COMMANDS:
        assert f"\n    {command}" in ran.out
    assert "Exit status" in ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(run, command: str) -> None:
    ran = run(command, "--help")
    assert ran.status == 0 and ran.out.startswith(f"usage: formula2dgm {command} ")
    assert f"\n  formula2dgm {command} " in ran.out, "an example"
    assert max(map(len, ran.out.split("\n"))) <= 120


def test_version(run) -> None:
    from formula2dgm import __version__

    assert run("--version").out == f"formula2dgm {__version__}\n"


# -- train ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_train(run) -> None:
    arguments = ("--data", "digits", "--epochs", "1", "--batch-size", "256", "--out-dir", "out", "--dim", "z=2")
    assert run("train", "model.txt", *arguments, "--set", "beta=0.5").status == 0
    left = {path.name for path in Path("out").iterdir()}
    assert {"model.py", "ckpt.pt", "metrics.jsonl", "config.json"} <= left
    metrics = [json.loads(line) for line in Path("out/metrics.jsonl").read_text("utf-8").splitlines()]
    assert metrics and json.loads(Path("out/config.json").read_text("utf-8"))["beta"] == 0.5


@pytest.mark.slow
def test_train_with_the_users_networks(run) -> None:
    Path("data.npz").write_bytes(_binary_images())
    arguments = ("--networks", "nets.py", "--data", "data.npz", "--epochs", "1", "--out-dir", "out", "--dim", "z=3")
    assert run("train", "model.txt", *arguments).status == 0
    assert Path("out/nets.py").is_file() and Path("out/ckpt.pt").is_file()


@pytest.mark.slow
def test_the_scripts_own_flags(run) -> None:
    assert run("train", "model.txt", "--script-help", "--dim", "z=2").status == 0
    assert run("train", "model.txt", "--data", "digits", "--no-such-flag", "3").status == 2


def _binary_images() -> bytes:
    from io import BytesIO

    import numpy

    file = BytesIO()
    numpy.savez(file, x=(numpy.random.default_rng(0).random((32, 64)) > 0.5).astype("float32"))
    return file.getvalue()
