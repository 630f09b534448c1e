"""The pictures that a script writes without any package for it, read back by the format's own rules."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

Load = Callable[..., ModuleType]


def read_png(path: Path) -> Tensor:
    """An 8-bit RGB picture without filters (RFC 2083), every checksum checked."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = [], 8
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size]) == (zlib.crc32(kind + body),)
        chunks.append((kind, body))
        place += 12 + size
    assert [kind for kind, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *format_ = struct.unpack(">2I5B", chunks[0][1])
    assert format_ == [8, 2, 0, 0, 0]
    rows = torch.frombuffer(bytearray(zlib.decompress(chunks[1][1])), dtype=torch.uint8).view(height, 1 + 3 * width)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(height, width, 3)


def test_a_picture_comes_back_as_written(load: Load) -> None:
    pixels = torch.randint(0, 256, (5, 7, 3), dtype=torch.uint8)
    load("vae").write_png(Path("a.png"), pixels)
    assert torch.equal(read_png(Path("a.png")), pixels)


def test_other_readers_agree(load: Load) -> None:
    image = pytest.importorskip("PIL.Image")
    pixels = torch.randint(0, 256, (5, 7, 3), dtype=torch.uint8)
    load("vae").write_png(Path("a.png"), pixels)
    assert list(image.open("a.png").convert("RGB").tobytes()) == pixels.flatten().tolist()


def test_the_steps_of_a_sequence_are_rows(load: Load) -> None:
    """Also where there are more of them than numbers in a step; points on a line are no picture."""
    images = load("deep_markov").images
    x = torch.rand(3, 20, 8)
    assert torch.equal(images(x), x[:, None])
    assert images(torch.rand(3, 20, 2)) is None and images(torch.rand(3, 20)) is None
    assert load("vae").images(x) is None


def test_a_grid_shows_each_picture_in_its_place(load: Load) -> None:
    module = load("vae")
    pictures = torch.arange(6).float()[:, None, None, None].expand(6, 1, 8, 8) / 5 - 2
    module.grid(Path("grid.png"), pictures, torch.tensor([-2.0, -1.0]), columns=3)
    pixels = read_png(Path("grid.png"))
    assert pixels.shape == (100, 150, 3)  # 8 pixels of 6 by 6, and a frame of 1
    centres = pixels[[25, 75]][:, [25, 75, 125]].float()
    assert torch.equal(centres, (255 * torch.arange(6.0) / 5).view(2, 3, 1).expand(2, 3, 3))


def test_a_plot_puts_points_where_its_numbers_say(load: Load) -> None:
    plot = load("vae").Plot(torch.tensor([0.0, 10.0]), torch.tensor([-1.0, 1.0]))
    plot.points(torch.tensor([5.0, 11.0, 5.0]), torch.tensor([0.0, 0.0, -1.1]), (1, 2, 3), size=1)
    assert (plot.pixels == torch.tensor([1, 2, 3])).all(-1).nonzero().tolist() == [[204, 344]]
    assert (plot.pixels[205, 70:621:5] != 255).any()  # the line of the tick at 0


def test_numbers_are_drawn_in_pixels(load: Load) -> None:
    plot = load("vae").Plot(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0]))
    plot.pixels[:] = 255
    plot.text(0, 0, "41", (0, 0, 0))
    dots = (plot.pixels[:10:2, :16:2, 0] == 0).int()
    rows = ["".join(" #"[dot] for dot in row).rstrip() for row in dots.tolist()]
    assert rows == ["# #  #", "# # ##", "###  #", "  #  #", "  # ###"]


def test_every_label_has_its_letters(load: Load) -> None:
    module = load("vae")
    assert set("0123456789.-+EPOCHLOSSTRAINVALIDATIONDATASAMPLES") <= set(module.GLYPHS)
    assert all(len(rows) == 5 and set(rows) <= set("01234567") for rows in module.GLYPHS.values())
    assert len(set(module.GLYPHS.values())) == len(module.GLYPHS) - 2  # O is 0, S is 5


def test_one_epoch_makes_a_curve_of_one_point(load: Load) -> None:
    module = load("vae")
    assert module.main(["--epochs", "1", "--hidden", "4", "--out-dir", "run"]) == 0
    pixels = read_png(Path("run/loss.png"))
    assert all((pixels == torch.tensor(colour)).all(-1).any() for colour in module.COLOURS[:2])


def test_only_square_pictures_are_pictures(load: Load) -> None:
    images = load("vae").images
    assert images(torch.zeros(2, 64)).shape == (2, 1, 8, 8)
    assert images(torch.zeros(2, 8, 8)).shape == (2, 1, 8, 8)
    assert images(torch.zeros(2, 3, 8, 8)).shape == (2, 3, 8, 8)
    for shape in [(2,), (2, 2), (2, 9), (2, 63), (2, 4, 8), (2, 2, 8, 8)]:
        assert images(torch.zeros(shape)) is None


def test_a_map_of_latent_values(load: Load) -> None:
    """By the second and third number, which differ most: at the corners of the map, where Plot puts its ends."""
    module = load("gaussian")
    run = module.Run(module.parse(["--out-dir", "."]), {"x": (2,)}, torch.device("cpu"))
    loc = torch.tensor([[0.0, -2.0, 5.0, 0.1], [0.0, 6.0, 1.0, 0.2]])
    run.objective.q_z_given_x = module.nn.Identity()
    run.objective.q_z_given_x.forward = lambda x: {"loc": loc, "scale": torch.ones_like(loc)}
    module.latent_map(run, {"x": torch.zeros(2, 2)})
    pixels = read_png(Path("latents.png"))
    blue = (pixels == torch.tensor(module.COLOURS[0])).all(-1)
    assert blue[30, 70] and blue[380, 620] and blue.sum() == 2 * 9


def test_what_has_no_latent_values_has_no_map(scripts: dict[str, str]) -> None:
    assert "def latent_map" in scripts["vae"]
    assert not any("def latent_map" in scripts[name] for name in ("gan", "classifier", "two_sets", "words"))


def test_what_is_not_finite_is_left_out(load: Load) -> None:
    module = load("vae")
    x, y = torch.tensor([0.0, 1.0, 2.0, torch.nan]), torch.tensor([1.0, torch.inf, 3.0, 2.0])
    plot = module.Plot(x, y)
    assert plot.ends == [(0, 2), (1, 3)]
    plot.curve(x, y, module.COLOURS[0])
    blue = (plot.pixels == torch.tensor(module.COLOURS[0], dtype=torch.uint8)).all(-1)
    assert blue[380, 70] and blue[30, 620] and blue.sum() == 2 * 16  # two points, and nothing between them
    assert module.Plot(torch.tensor([torch.nan]), torch.tensor([1.0])).ends == [(-0.5, 0.5), (0.5, 1.5)]
