"""The text of a script: what a reviewer reads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from formula2dgm import resources
from formula2dgm.codegen.copied import definitions
from formula2dgm.codegen.module import generate
from formula2dgm.codegen.scaffold_parts import OF_SCRIPTS
from formula2dgm.codegen.script import RUN_FIELDS, script
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir.program import Hyperparameter
from formula2dgm.syntax import parse_one
from tests.unit.script.programs import PROGRAMS, script_of, vae, written

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", PROGRAMS)
def test_ruff_finds_nothing_to_do(name: str, scripts: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(scripts[name])
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), str(path)]
        done = subprocess.run(ruff, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_imports_torch_and_the_standard_library_alone(name: str, scripts: dict[str, str]) -> None:
    """But for the packages of data and of a board, which are imported where they are read and asked for."""
    tree = ast.parse(scripts[name])
    eager = {top for node in tree.body for top in _imported(node)}
    everywhere = {top for node in ast.walk(tree) for top in _imported(node)}
    assert eager - set(sys.stdlib_module_names) == {"torch"}
    assert everywhere - set(sys.stdlib_module_names) <= {"torch", "sklearn", "numpy", "PIL", "wandb"}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    return [(node.module or "").split(".")[0]] if isinstance(node, ast.ImportFrom) else []


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_name_is_defined_twice(name: str, scripts: dict[str, str]) -> None:
    defined = [node.name for node in ast.parse(scripts[name]).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(defined) == len(set(defined))


def test_the_library_has_no_name_that_the_training_part_uses(scripts: dict[str, str]) -> None:
    part = ast.parse(scripts["two_sets"].split("# %% Configuration")[1])
    names = {node.name for node in part.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert names and not names & set(definitions())


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_class_of_a_network_is_called_as_something_of_the_script(name: str, scripts: dict[str, str]) -> None:
    """Else ``Run(x)`` of a formula would be the run."""
    head, part = scripts[name].split("# %% Configuration")
    nodes = ast.parse(part).body
    own = {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    assigned = [each for node in nodes if isinstance(node, ast.Assign) for each in ast.walk(node.targets[0])]
    own |= {each.id for each in assigned if isinstance(each, ast.Name)}
    imported = [
        node for node in ast.parse(head).body if isinstance(node, ast.ImportFrom) and node.module != "__future__"
    ]
    own |= {alias.name for node in imported for alias in node.names if alias.name[0].isupper()} - {"Tensor"}
    assert own <= OF_SCRIPTS, own - OF_SCRIPTS


def test_a_network_that_is_called_as_something_of_the_script() -> None:
    text = script_of(written(r"\min E_{p_{data}(x)}[\|Run(x)\|^2]"))
    assert "class RunNetwork(nn.Module):" in text and '"Run": RunNetwork(shapes["x"]' in text


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_stays_short_enough_to_review(name: str, scripts: dict[str, str]) -> None:
    assert scripts[name].split("# %% Configuration")[1].count("\n") < 1150


def test_tools_are_the_same_in_every_script(scripts: dict[str, str]) -> None:
    """Who has read one script need not read them again; the rest is what differs between models."""
    parts = {name: text.split("# %% Configuration")[1].split("# %% Tools") for name, text in scripts.items()}
    assert all(len(each) == 2 for each in parts.values())
    texts = {name: tools.replace(_grid(tools), "") for name, (_, tools) in parts.items()}
    assert len(set(texts.values())) == 1
    assert max(own.count("\n") for own, _ in parts.values()) < 460
    assert parts["vae"][0].count("\n") <= 440


def _grid(tools: str) -> str:
    """What a script without pictures of examples leaves out."""
    found = re.search(r"def grid\(.*?\n\n\n(?=\S)", tools, re.DOTALL)
    return found[0] if found else ""


def test_the_head_says_formula_dependencies_and_how_to_run(scripts: dict[str, str]) -> None:
    text = scripts["vae"]
    docstring = ast.get_docstring(ast.parse(text)) or ""
    assert docstring.startswith("E_q(z|x)[log p(x|z)] - beta * KL[q(z|x) || p(z)]")
    assert "--data digits" in docstring and "--resume auto" in docstring
    assert '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["torch>=2.6"' in text


def test_a_latex_docstring_stays_raw() -> None:
    formula = parse_one(r"\mathbb{E}_{q(z|x)}\left[\nu\right]")
    text = script_of(replace(vae(), statements=(formula,)))
    assert formula.latex() == r"\mathbb{E}_{q(z \mid x)}\left[\nu\right]"
    assert formula.latex() in (ast.get_docstring(ast.parse(text)) or "")


def test_the_number_of_a_data_set_is_counted_and_others_are_asked_for() -> None:
    program = vae()
    numbers = (*program.hyperparameters, Hyperparameter("N", None, whole=True), Hyperparameter("gamma", None))
    text = script_of(replace(program, hyperparameters=numbers))
    assert "N: int | None = option(None" in text
    assert 'config.N = config.N or len(data["x"])' in text
    assert 'for name in ("gamma",):' in text


def test_a_network_without_source_is_refused() -> None:
    program = vae()
    bound = tuple(replace(each, scaffold=None) for each in program.networks)
    with pytest.raises(FormulaError, match="F2D-0781"):
        script_of(replace(program, networks=bound))


def test_the_users_networks_are_imported_after_the_seed() -> None:
    """The file makes its networks when it is imported: only then does ``--seed`` decide their weights."""
    program = vae()
    bound = tuple(replace(each, scaffold=None) for each in program.networks)
    program = replace(program, networks=bound)
    made = {"q_z_given_x": "nets.encoder", "p_x_given_z": "nets.decoder"}
    text = script(program, generate(program), made, ["nets"])
    assert "    import nets  # here, so that the seed decides the weights it makes\n" in text
    assert "return Objective(q_z_given_x=nets.encoder, p_x_given_z=nets.decoder, beta=config.beta)" in text
    assert 'sources = {"model.py": __file__, "nets.py": str(sys.modules["nets"].__file__)}' in text


def test_no_number_of_a_formula_takes_the_place_of_an_option_of_the_run() -> None:
    template = (resources.templates() / "script" / "configuration.py.j2").read_text("utf-8")
    options = set(re.findall(r"^    (\w+): [\w| ]+ = option\(", template, re.MULTILINE))
    assert {"ema", "lr", "self_check"} <= options and options == RUN_FIELDS
