"""The text of generated modules: formatted, linted, the formula's names, a place for every line."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import programs
import pytest

from formula2dgm.codegen import Generated, generate
from formula2dgm.ir.program import Program
from formula2dgm.passes import run_passes

ROOT = Path(__file__).parents[3]
MAKERS = [each for each in vars(programs).values() if getattr(each, "is_program", False)]


def generated(make) -> Generated:
    return generate(run_passes(make(), debug=True))


def line_with(found: Generated, text: str) -> int:
    """The number of the only line that holds ``text``."""
    numbers = [number for number, line in enumerate(found.source.split("\n"), 1) if text in line]
    assert len(numbers) == 1, (text, numbers)
    return numbers[0]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_ruff_has_nothing_to_say(make, tmp_path: Path) -> None:
    path = tmp_path / "generated.py"
    path.write_text(generated(make).source)
    config = ["--isolated"]
    for command in (["format", "--diff", "--line-length", "120"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", *config, str(path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_it_needs_torch_and_the_standard_library_alone(make) -> None:
    tree = ast.parse(generated(make).source)
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    allowed = {"torch", *sys.stdlib_module_names}
    assert {module.split(".")[0] for module in modules} <= allowed
    assert "torch.distributions" not in generated(make).source


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_no_name_is_bound_twice_or_shadows(make) -> None:
    import builtins

    tree = ast.parse(generated(make).source)
    globals_ = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    objective = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Objective")
    for method in objective.body:
        if not isinstance(method, ast.FunctionDef):
            continue
        stored = {
            node.id for node in ast.walk(method) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        stored |= {each.arg for each in (*method.args.args, *method.args.kwonlyargs)}
        assert not stored & globals_
        assert not {name for name in stored if hasattr(builtins, name)}


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_every_line_of_a_term_knows_its_place(make) -> None:
    program = make()
    found = generate(run_passes(program))
    text = found.source.split("\n")
    for objective in program.objectives:
        for term in objective.terms:
            assert term.span is None or term.span in found.lines.values()
    for number, span in found.lines.items():
        assert text[number - 1].strip(), "an empty line computes nothing"
        assert span.source.text == program.ascii


def test_lines_lead_to_the_piece_they_compute() -> None:
    found = generated(programs.beta_vae)
    for code, piece in {
        "log_p_x_given_z = bernoulli_log_prob_mean": "log p(x|z)",
        "kl_q_z_given_x_p_z = kl_normal_standard_mean": "KL[q(z|x) || p(z)]",
        'check_binary("x", x)': "log p(x|z)",
    }.items():
        assert found.lines[line_with(found, code)].text == piece


def test_terms_are_named_after_the_formula() -> None:
    source = generated(programs.beta_vae).source
    assert "loss = beta * kl_q_z_given_x_p_z - log_p_x_given_z\n" in source
    assert "value=-loss," in source
    assert "# log p(x|z), mean over the batch\n" in source
    assert "def __init__(self, q_z_given_x: nn.Module, p_x_given_z: nn.Module, *, beta: float = 4.0) -> None:" in source


def test_a_minimised_formula_is_its_own_loss() -> None:
    source = generated(programs.conditional).source
    assert "loss=value,\n" in source
    assert "value = kl_q_z_given_x_y_p_z_given_y - log_p_x_given_z_y\n" in source


def test_shared_work_is_said_and_done_once() -> None:
    found = generated(programs.beta_vae)
    forward = found.source[found.source.index("def forward") : found.source.index("def reconstruct")]
    assert forward.count("self.q_z_given_x(x)") == 1
    assert "# q(z|x): one call, used by the draw of z and KL[q(z|x) || p(z)]" in forward
    call = next(each for each in found.shares if each.kind == "call" and each.what == "q(z|x)")
    assert call.users == ("the draw of z", "KL[q(z|x) || p(z)]")


def test_draws_are_one_batch_through_the_network() -> None:
    source = generated(programs.iwae).source
    assert "unfold(self.p_x_given_z(z.flatten(0, 1)), z.shape[:2])" in source
    assert not re.search(r"^\s+for k in", source, re.MULTILINE)
    assert "log_mean_exp(log_p_x_given_z + log_ratio, 0).mean()" in source


def test_assumptions_are_listed() -> None:
    assert "# - the objective is maximised: it adds the log-density of data\n" in generated(programs.beta_vae).source


@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_the_text_does_not_depend_on_the_hash_seed(seed: str) -> None:
    command = (
        "import sys, hashlib; sys.path.insert(0, 'tests/numeric'); import programs\n"
        "from formula2dgm.codegen import generate; from formula2dgm.passes import run_passes\n"
        "found = [generate(run_passes(make())) for make in (programs.enumerated, programs.beta_vae, programs.gan)]\n"
        "text = ''.join(g.source + repr(g.shares) for g in found)\n"
        "print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", command], cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": each}, capture_output=True,
            text=True, check=True,
        ).stdout
        for each in (seed, "123")
    ]  # fmt: skip
    assert runs[0] == runs[1]


def test_generating_imports_no_torch() -> None:
    command = (
        "import sys; sys.path.insert(0, 'tests/numeric'); import programs\n"
        "from formula2dgm.codegen import generate\n"
        "generate(programs.beta_vae()); sys.exit('torch' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", command], cwd=ROOT).returncode == 0


def test_odd_names_are_made_legal() -> None:
    program: Program = programs.odd_names()
    source = generate(run_passes(program)).source
    ast.parse(source)
    assert "lambda_: float" in source and "input_: Tensor" in source
