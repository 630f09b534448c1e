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


def test_a_folder_for_each_class(load: Load) -> None:
    image = pytest.importorskip("PIL.Image")
    module = load("classifier")
    for i, name in enumerate(("cat", "dog")):
        Path("pets", name).mkdir(parents=True)
        for j in range(2 + i):
            image.new("L", (2, 2), 51 * (1 + i)).save(f"pets/{name}/{j}.PNG")
    found = module.load("pets")
    assert found["y"].tolist() == [0, 0, 1, 1, 1]
    assert found["x"].shape == (5, 4) and found["x"][:, 0].tolist() == pytest.approx([0.2, 0.2, 0.4, 0.4, 0.4])


def test_pictures_of_several_sizes_are_refused(load: Load) -> None:
    """Also where they have as many pixels."""
    image = pytest.importorskip("PIL.Image")
    module = load("vae")
    Path("odd").mkdir()
    image.new("L", (2, 3)).save("odd/a.png")
    image.new("L", (3, 2)).save("odd/b.png")
    with pytest.raises(module.UsageError, match=r"b.png has \(3, 2\) pixels, .*a.png \(2, 3\)"):
        module.load("odd")


def test_pictures_of_several_sizes_are_cut_square_and_shrunk(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """--size: of each its middle square, every pixel the mean of those that it stands for."""
    image = pytest.importorskip("PIL.Image")
    module = load("compiled_pictures")
    Path("odd").mkdir()
    wide, high = image.new("L", (8, 4), 255), image.new("L", (4, 6), 255)
    for column in range(4):
        for row in range(4):  # in the middle squares: columns 0, 51, 102, 153, and rows
            wide.putpixel((2 + column, row), 51 * column)
            high.putpixel((column, 1 + row), 51 * row)
    wide.save("odd/a.png")
    high.save("odd/b.png")
    with pytest.raises(module.UsageError, match="--size 64 makes all 64 x 64"):
        module.load("odd")
    steps = torch.tensor([0.0, 51, 102, 153]).expand(4, 4)
    found = 255 * module.load("odd", size=4)["x"].view(2, 4, 4)
    torch.testing.assert_close(found, torch.stack([steps, steps.T]))
    halves = torch.tensor([25.5, 127.5]).expand(2, 2)  # of bytes, so that halves may go either way
    halved = 255 * module.load("odd", size=2)["x"].view(2, 2, 2)
    torch.testing.assert_close(halved, torch.stack([halves, halves.T]), rtol=0, atol=0.6)
    high.convert("RGB").save("odd/b.png")
    assert module.load("odd", size=2)["x"].shape == (2, 3, 2, 2)
    high.save("odd/b.png")
    assert module.main(["--data", "odd", "--size", "4", "--epochs", "1", "--batch-size", "1", "--out-dir", "run"]) == 0
    capsys.readouterr()
    assert load("compiled_pictures").main(["--resume", "auto", "--out-dir", "run", "--size", "2"]) == 2
    assert "was made with size = 4, not 2" in capsys.readouterr().err


DATASETS = """
import torch
from torch.utils.data import Dataset


class Pairs(Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, i):
        return torch.full((3,), float(i)), i % 2


class Named(Dataset):
    def __init__(self, size=4):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, i):
        return {"y": i, "x": torch.full((3,), i / 10)}


def make():
    return Named(2)


made, array, table = Named(3), torch.eye(5), {"x": torch.eye(2), "y": [1, 0]}
broken = [torch.zeros(2), torch.zeros(3)]
"""


def test_a_dataset_by_its_import_path(
    load: Load, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A class, a function that makes one, or one that is there; pairs are x and y, dicts say their names."""
    module = load("classifier")
    Path("of_mine.py").write_text(DATASETS)
    monkeypatch.syspath_prepend(".")
    pairs, named = module.load("of_mine:Pairs"), module.load("of_mine:Named")
    assert pairs["x"].tolist() == [[float(i)] * 3 for i in range(6)] and pairs["y"].tolist() == [0, 1] * 3
    assert named["y"].tolist() == [0, 1, 2, 3] and named["x"][:, 0].tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert len(module.load("of_mine:make")["x"]) == 2 and len(module.load("of_mine:made")["x"]) == 3
    assert torch.equal(module.load("of_mine:array")["x"], torch.eye(5))
    assert module.load("of_mine:table")["y"].tolist() == [1, 0]
    assert "is read once" in capsys.readouterr().err
    for source, message in (
        ("of_mine:broken", "cannot be read"),
        ("of_mine:none", "has no attribute 'none'"),
        ("not_there:x", "needs the package not_there"),
    ):
        with pytest.raises(module.UsageError, match=message):
            module.load(source)
    assert module.main(["--data", "of_mine:Pairs", "--batch-size", "2", "--epochs", "1", "--out-dir", "run"]) == 0
