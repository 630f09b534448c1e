"""Data that a script reads from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch

Load = Callable[..., ModuleType]


def test_named_data(load: Load) -> None:
    module = load("vae")
    digits, rows, moons = (module.load(name) for name in ("digits", "digit-rows", "moons"))
    assert digits["x"].shape == (1797, 64) and rows["x"].shape == (1797, 8, 8) and moons["x"].shape == (2000, 2)
    assert torch.equal(digits["x"].view(-1, 8, 8), rows["x"])
    assert digits["x"].min() == 0 and digits["x"].max() == 1
    assert sorted(digits["y"].unique().tolist()) == list(range(10))


def test_a_tensor_file_is_x_or_named(load: Load) -> None:
    module = load("vae")
    x, y = torch.rand(5, 3), torch.arange(5)
    torch.save(x, "x.pt")
    torch.save({"x": x, "y": y}, "xy.pt")
    assert torch.equal(module.load("x.pt")["x"], x)
    assert torch.equal(module.load("xy.pt")["y"], y)


def test_an_array_file(load: Load) -> None:
    numpy = pytest.importorskip("numpy")
    module = load("vae")
    numpy.savez("data.npz", x=numpy.eye(3), y=numpy.array([2, 1, 0]))
    found = module.load("data.npz")
    assert found["x"].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]] and found["y"].tolist() == [2, 1, 0]


def test_a_table_with_and_without_a_head(load: Load) -> None:
    module = load("classifier")
    Path("bare.csv").write_text("0.5,1\n-2e1,3\n")
    Path("headed.csv").write_text("width,y,height\n0.5,7,1\n-20,8,3\n")
    assert module.load("bare.csv")["x"].tolist() == [[0.5, 1], [-20, 3]]
    found = module.load("headed.csv")
    assert found["x"].tolist() == [[0.5, 1], [-20, 3]] and found["y"].tolist() == [7, 8]


def test_a_folder_of_pictures(load: Load) -> None:
    image = pytest.importorskip("PIL.Image")
    module = load("vae")
    Path("grey").mkdir()
    Path("colour").mkdir()
    for i in range(2):
        grey = image.new("L", (3, 2))
        grey.putpixel((2, 1), 255 - i)
        grey.save(f"grey/{i}.png")
        colour = image.new("RGB", (3, 2))
        colour.putpixel((2, 1), (0, 51, 255))
        colour.save(f"colour/{i}.png")
    assert module.load("grey")["x"].tolist() == [[0, 0, 0, 0, 0, 1], pytest.approx([0, 0, 0, 0, 0, 254 / 255])]
    x = module.load("colour")["x"]
    assert x.shape == (2, 3, 2, 3) and x[0, :, 1, 2].tolist() == pytest.approx([0, 0.2, 1])


def test_a_flat_array_takes_the_declared_shape(load: Load) -> None:
    module = load("two_sets")
    torch.save({"u": torch.zeros(4, 3, 1), "v": torch.zeros(6, 3)}, "data.pt")
    data = module.prepare(module.parse(["--data", "data.pt"]))
    assert data["u"].shape == (4, 3) and data["v"].shape == (6, 3)


def test_a_subscripted_variable_reads_its_letter(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    module = load("subscript")
    assert module.prepare(module.parse([]))["x_0"].shape == (1797, 64)
    assert "x_0 is x of digits" in capsys.readouterr().err


def test_a_hyperparameter_called_as_a_flag_is_told_apart(load: Load) -> None:
    """The formula's own ``lr`` is ``--formula-lr``."""
    config = load("subscript").parse(["--formula-lr", "3", "--lr", "0.5"])
    assert config.formula_lr == 3 and config.lr == 0.5
