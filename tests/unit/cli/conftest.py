"""Running the command line in this process, in an empty folder that holds one model and one networks file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from formula2dgm.cli import main

MODEL = "E_q(z|x)[log p(x|z)] - beta * KL[q(z|x) || p(z)]\n"
DOCUMENT = r"""
\documentclass{article}
\newcommand{\E}{\mathbb{E}}
\begin{document}
Let $x \in \{0,1\}^6$ and $z \in \mathbb{R}^3$.
\begin{equation} \label{eq:prior} p(z) = \mathcal{N}(z; 0, I) \end{equation}
\begin{equation} \label{eq:elbo} \E_{q(z|x)}[\log p(x|z)] - D_{KL}(q(z|x) \| p(z)) \end{equation}
\end{document}
"""
NETWORKS = """
import torch
from torch import nn
import formula2dgm as f2d


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.loc, self.log_scale = nn.Linear(64, 3), nn.Linear(64, 3)

    def forward(self, x):
        return {"loc": self.loc(x), "log_scale": self.log_scale(x)}


encoder, decoder = Encoder(), nn.Linear(3, 64)
bindings = {
    "q(z|x)": f2d.Normal(encoder),
    "p(x|z)": f2d.Bernoulli(decoder),
    "p(z)": f2d.Normal(loc=0.0, scale=1.0),
}
"""


class Ran(NamedTuple):
    """What a command returned and wrote."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """``run("check", "model.txt")`` in a folder with model.txt, paper.tex and nets.py."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    (tmp_path / "model.txt").write_text(MODEL, encoding="utf-8")
    (tmp_path / "paper.tex").write_text(DOCUMENT, encoding="utf-8")
    (tmp_path / "nets.py").write_text(NETWORKS, encoding="utf-8")

    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        try:
            status = main(arguments)
        except SystemExit as stop:  # argparse: --help and wrong usage
            status = int(stop.code or 0)
        return Ran(status, *capsys.readouterr())

    return call


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """``stdin(b"log p(x)")``: what ``-`` reads."""
    from io import BytesIO, TextIOWrapper

    def give(text: bytes) -> None:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text), encoding="utf-8"))

    return give
