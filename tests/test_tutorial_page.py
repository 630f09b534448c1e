"""docs/tutorial.md: each of its files and commands, in order, on a folder of made photographs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(console|(?:py|tex) (\S+))\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What a new machine does once.
ONCE = ("python -m venv", ". .venv", "pip install")


def photographs(folder: Path) -> None:
    """Balls on a plain, of several sizes."""
    folder.mkdir()
    for i in range(40):
        width, height = ((120, 90), (90, 120), (200, 150))[i % 3]
        image = Image.new("RGB", (width, height), (135, 180, 230))
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, int(height * 0.6), width, height), fill=(90, 140, 60))
        left, top = width * (0.2 + 0.015 * i % 0.5), height * (0.2 + 0.023 * i % 0.5)
        draw.ellipse((left, top, left + 30, top + 30), fill=(250 - 5 * i, 120 + 3 * i, 200))
        image.save(folder / f"{i:02}.jpg")


def test_what_it_installs_is_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for named in re.findall(r"pip install \"[^\[]*\[([\w,]+)\]", PAGE):
        assert set(named.split(",")) <= extras.keys()


@pytest.mark.slow
def test_every_step(tmp_path: Path) -> None:
    photographs(tmp_path / "holiday")
    ran: list[str] = []
    known = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    for kind, name, text in BLOCK.findall(PAGE):
        if kind != "console":
            (tmp_path / name).write_text(text)
            continue
        for line in text.splitlines():
            command = line.removeprefix("$ ")
            if command.startswith(ONCE):
                continue
            if command == "python handover.py" and not has("safetensors"):
                continue
            words = command.replace("formula2dgm ", f"{sys.executable} -m formula2dgm ", 1)
            words = words.replace("python ", f"{sys.executable} ", 1) if words.startswith("python ") else words
            done = subprocess.run(words, shell=True, cwd=tmp_path, env=known, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            assert "Traceback" not in done.stderr
            ran.append(command.split(" --")[0])
    steps = [
        "python shrink.py",
        "formula2dgm check vae.tex",
        "formula2dgm explain vae.tex",
        "formula2dgm train vae.tex",
    ]
    steps += ["python use.py", "formula2dgm train vae.tex", "python load_own.py"]
    assert [each for each in ran if each != "python handover.py"] == steps
    run = tmp_path / "runs" / "vae"
    for each in ("samples.png", "reconstructions.png", "loss.png", "latents.png", "metrics.jsonl", "model.py"):
        assert (run / each).exists()


def has(package: str) -> bool:
    return subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True).returncode == 0
