"""What the template of a script is told of a program, said by hand for programs of several kinds."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from formula2dgm import driver
from formula2dgm.codegen import generate
from formula2dgm.codegen.queries import _docstring, _raised
from formula2dgm.codegen.script import _facts
from formula2dgm.codegen.self_check import example_data, not_a_derivative
from formula2dgm.diagnostics import Diagnostic
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Hyperparameter, Input, Program
from formula2dgm.options import make_options
from tests.numeric.programs import BATCH
from tests.unit.script.programs import (
    averages,
    classifier,
    gan,
    levels,
    ragged,
    semi_supervised,
    sequence,
    two_sets,
    vae,
    wasserstein,
    words,
    written,
)


def facts(program: Program) -> dict[str, Any]:
    return _facts(program, generate(program).source, {})


def test_of_a_variational_autoencoder() -> None:
    found = facts(vae())
    assert found["data"] == [{"name": "x", "arguments": '"binary"'}]
    assert found["source"] == "digits" and found["groups"] == 1 and found["hidden"] == 128
    assert found["samples"] and found["reconstructs"] and found["pictures"] and found["binary"] and found["ranges"]
    for name in ("time", "ragged", "labels", "players", "labelled", "projects", "follows", "owns", "gradients"):
        assert not found[name], name
    assert found["rolls"] is None and not found["denoises"] and not found["shaped"] and not found["held"]
    assert found["trains"] == "self.objective.parameters()" and found["call"] == "**batch"
    assert found["made"] == "**default_networks(shapes, config.hidden), beta=config.beta"
    assert found["numbers"] == [
        {"name": "beta", "type": "float | str", "default": "1.0", "help": "beta of the formula"}
    ]
    assert found["counted"] == [] and found["needed"] == ""
    assert found["example"] == [{"name": "x", "value": "torch.rand(4, 8).round()"}]


def test_of_points_in_a_plane() -> None:
    found = facts(vae("Normal", (2,)))
    assert found["data"] == [{"name": "x", "arguments": '"real", shape=(2,)'}]
    assert found["source"] == "moons" and found["shaped"] and not found["ranges"] and not found["binary"]
    assert found["example"] == [{"name": "x", "value": "torch.randn(4, 2)"}]


def test_of_two_players() -> None:
    found = facts(gan())
    assert found["players"][0] == {
        "name": "D",
        "key": '"D"',
        "field": "steps_D",
        "lr": "lr_D",
        "made": '"D": torch.optim.Adam(owned(self.objective, "D"), betas=(config.beta1, 0.999), fused=fused)',
    }
    assert [each["name"] for each in found["players"]] == ["D", "G"] and found["owns"]
    assert found["call"] == "**batch, player=player" and found["trains"] == 'owned(self.objective, "D")'
    assert found["held"] == {}  # D is constant for G, which does not train it: no piece of the loss is held
    assert not found["projects"] and facts(wasserstein())["projects"] and facts(averages())["follows"]


def test_a_long_line_of_a_player_is_broken() -> None:
    names = tuple(f"a_network_with_a_long_name_{each}" for each in range(3))
    program = gan()
    program = replace(program, objectives=(program.objectives[0], replace(program.objectives[1], trains=names)))
    made = _facts(program, generate(gan()).source, {})["players"][1]["made"]
    owned = ", ".join(f'"{each}"' for each in names)
    margin = " " * 16
    given = f"owned(self.objective, {owned}), betas=(config.beta1, 0.999), fused=fused"
    assert made == f'"G": torch.optim.Adam(\n{margin}{given}\n            )'


def test_of_labels_beside_pictures() -> None:
    found = facts(classifier())
    assert {"name": "y", "arguments": '"category", shape=(), classes=10, batch="batch"'} in found["data"]
    assert {"name": "x", "arguments": '"real", batch="batch"'} in found["data"]
    assert found["labels"] and found["labelled"] is None and found["groups"] == 1
    assert {"name": "y", "value": "torch.randint(10, (4,))"} in found["example"]
    assert not found["samples"] and not found["pictures"]


def test_of_labelled_beside_unlabelled_examples() -> None:
    found = facts(semi_supervised())
    assert found["groups"] == 2 and found["labels"]
    batches = {each["name"]: each["arguments"].rpartition("batch=")[2].strip('"') for each in found["data"]}
    label = found["labelled"]
    assert label["label"].startswith("y") and label["batch"] == batches[label["label"]]
    names = label["names"].split(", ")
    assert len(names) == 2 and {batches[each] for each in names} == {label["batch"]} and set(names) < set(batches)


def test_of_two_data_sets() -> None:
    found = facts(two_sets())
    assert found["groups"] == 2 and found["labelled"] is None
    assert found["data"] == [
        {"name": "u", "arguments": '"real", shape=(3,), batch="u"'},
        {"name": "v", "arguments": '"real", shape=(3,), batch="v"'},
    ]


def test_of_sequences() -> None:
    found = facts(sequence())
    assert found["time"] and found["source"] == "digit-rows" and not found["ragged"]
    assert found["data"] == [{"name": "x", "arguments": '"unit", time=True'}]
    assert found["example"] == [{"name": "x", "value": "torch.rand(4, 5, 8)"}]
    for each, name, state in ((words(), "w", True), (levels(), "r", False)):  # one has a state to go on from
        found = facts(each)
        assert found["rolls"] == {"made": [name], "files": f'{{"{name}": ""}}', "given": "", "continues": state}
        assert found["pictures"] and not found["samples"]
    assert facts(words())["example"] == [{"name": "w", "value": "torch.randint(9, (4, 5))"}]


def test_of_sequences_of_several_lengths() -> None:
    found = facts(ragged())
    assert found["ragged"] and found["time"] and found["rolls"] is None
    assert {"name": "lengths", "value": "torch.full((4,), 5)"} in found["example"]
    assert {"name": "x", "value": "torch.randn(4, 5, 3)"} in found["example"]


def test_two_rolled_sequences_have_files_of_their_own() -> None:
    found = facts(written(r"\max \sum_{t=1}^T \log p(u_t, v_t|h_{t-1})", r"h_t = f(h_{t-1}, u_t, v_t)"))["rolls"]
    assert found["made"] == ["u", "v"] and found["files"] == '{"u": "_u", "v": "_v"}' and found["given"] == ""


def test_a_loss_whose_gradient_is_another_thing() -> None:
    held = written(r"\min E_{p_{data}(x)}[-\log p_\theta(x|f_\phi(x)) + \|f_\phi(x) - sg[f_\phi(-x)]\|^2]")
    assert facts(held)["held"] == {'""': '"the formula holds pieces of it constant"'}


@pytest.mark.parametrize("estimator", ["score", "straight-through"])
def test_a_gradient_that_is_an_estimate(estimator: str) -> None:
    text = [r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]", r"z \in \{0, 1\}^4", r"x \in \{0, 1\}^6"]
    found = driver.analyse(text, options=make_options(scaffold=True, estimators={"z": estimator}))
    assert not_a_derivative(found.objectives[0], found) == f"the gradient at z is an estimator: {estimator}"


@pytest.mark.parametrize(
    ("support", "value", "inside"),
    [
        ("real", "torch.randn(4, 8)", lambda x: x.shape == (4, 8)),
        ("binary", "torch.rand(4, 8).round()", lambda x: ((x == 0) | (x == 1)).all()),
        ("positive", "torch.randn(4, 8).exp()", lambda x: (x > 0).all()),
        ("count", "torch.rand(4, 8).mul(6).floor()", lambda x: ((x >= 0) & (x == x.floor()) & (x <= 5)).all()),
        ("integer", "torch.rand(4, 8).mul(6).floor()", lambda x: (x == x.floor()).all()),
        ("angle", "torch.rand(4, 8).sub(0.5).mul(2 * math.pi)", lambda x: (x.abs() <= torch.pi).all()),
        ("grid", "torch.rand(4, 8).mul(255).round().div(255)", lambda x: ((x * 255).round() / 255 == x).all()),
        ("simplex", "torch.randn(4, 8).softmax(-1)", lambda x: torch.allclose(x.sum(-1), torch.ones(4))),
        (
            "sphere",
            "nn.functional.normalize(torch.randn(4, 8), dim=-1)",
            lambda x: torch.allclose(x.norm(dim=-1), torch.ones(4)),
        ),
    ],
)
def test_examples_are_in_the_support(support: str, value: str, inside: Any) -> None:
    program = replace(vae("Normal"), inputs=(Input("x", "x", (BATCH,), support=support),))  # type: ignore[arg-type]
    (found,) = example_data(program)
    assert found == {"name": "x", "value": value}
    assert inside(eval(value, {"torch": torch, "nn": nn, "math": __import__("math")}))


def test_sizes_of_examples() -> None:
    axes = (BATCH, Axis("plate", "i", "M"), Axis("plate", "j", 3), Axis("time", "t", "T"))
    numbers = (Hyperparameter("M", 6, whole=True), Hyperparameter("T", None, whole=True))
    inputs = (
        Input("x", "x", axes, support="real", shape=(2, 7)),
        Input("y", "y", (BATCH,), support="category", classes=3),
        Input("c", "c", axes[:2], support="category"),
        Input("s", "s", (), support="category", shape=(5,)),
    )
    found = example_data(replace(vae("Normal"), inputs=inputs, hyperparameters=numbers))
    assert [each["value"] for each in found] == [
        "torch.randn(4, 6, 3, 5, 2, 7)",
        "torch.randint(3, (4,))",
        "torch.randint(2, (4, 6))",
        "torch.randint(2, (5,))",
    ]


def test_docstrings_and_refusals_are_broken_at_the_width() -> None:
    assert _docstring("Short.") == ['        """Short."""']
    assert _docstring(r"\alpha.") == [r'        r"""\alpha."""']
    just = "a" * 106  # eight columns, six quotes
    assert _docstring(just) == [f'        """{just}"""'] and len(_docstring(just)[0]) == 120
    text = " ".join(["word"] * 45)
    lines = _docstring(text)
    assert lines[0].startswith('        """word') and lines[-1] == '        """' and max(map(len, lines)) <= 120
    assert 108 < len(lines[0]) and " ".join(line.strip().strip('"') for line in lines).split() == text.split()
    assert _raised(Diagnostic("F2D-0001", "error", "no", None, "yes")) == ['        raise ValueError("no; yes")']
    lines = _raised(Diagnostic("F2D-0001", "error", text, None))
    assert lines[0] == "        raise ValueError(" and lines[-1] == "        )" and max(map(len, lines)) <= 120
    assert "".join(ast.literal_eval(line.strip()) for line in lines[1:-1]) == text
