"""What a training script draws of sequences: rows of pictures, or curves over the steps."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy
import pytest
import torch
from PIL import Image

from formula2dgm.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
CELL = 50  # 8 x 8 pixels, six times as large, in a frame of one


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The training script of a model of words, imported."""
    path = tmp_path_factory.mktemp("script") / "words.py"
    assert main(["compile", str(EXAMPLES / "sequence_vae.tex"), "-o", str(path)]) == 0
    spec = importlib.util.spec_from_file_location("words_script", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["words_script"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["words_script"]


def test_steps_are_rows_of_pixels(words: ModuleType, tmp_path: Path) -> None:
    """Two rows of eight pictures of the data, each with what continues it below; the seventeenth is left out."""
    data, continued = torch.zeros(17, 8, 8), torch.zeros(17, 8, 8)
    data[9, 2, 3] = continued[1, 7, 0] = 1.0
    words.sequences(tmp_path / "rows.png", {"data": data, "continued": continued})
    pixels = numpy.asarray(Image.open(tmp_path / "rows.png"))[..., 0]
    bright = {(int(i), int(j)) for i, j in zip(*numpy.nonzero(pixels == 255), strict=True)}
    expected = {
        (CELL * row + 1 + 6 * step + i, CELL * column + 1 + 6 * entry + j)
        for row, column, step, entry in ((2, 1, 2, 3), (1, 1, 7, 0))
        for i in range(6)
        for j in range(6)
    }
    assert bright == expected


def test_few_numbers_a_step_are_curves(words: ModuleType, tmp_path: Path) -> None:
    """What is continued ends at the last step: a line at 1 over steps 3 and 4, above data that are 0."""
    words.sequences(tmp_path / "curves.png", {"data": torch.zeros(2, 4, 1), "continued": torch.ones(2, 2, 1)})
    pixels = numpy.asarray(Image.open(tmp_path / "curves.png"))
    for colour, height, left in ((words.COLOURS[0], 380, 70), (words.COLOURS[1], 30, 70 + 550 * 2 // 3)):
        row = (pixels[height] == colour).all(-1).nonzero()[0]
        assert abs(int(row.min()) - left) <= 2 and abs(int(row.max()) - 620) <= 2


def test_categories_are_seen_in_one_hot(words: ModuleType) -> None:
    found = words.one_hot("w", torch.tensor([[0, 11]]))
    assert found.shape == (1, 2, 12) and found.argmax(-1).tolist() == [[0, 11]]
