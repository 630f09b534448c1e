"""Documents: which formulas are read, in which order, and where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from formula2dgm.diagnostics import FormulaError
from formula2dgm.syntax import read_document

TEX = r"""
\documentclass{article}
\newcommand{\KL}[2]{D_{\mathrm{KL}}\left(#1 \,\middle\|\, #2\right)} % \[ no formula \]
\begin{document}
Let $z \in \mathbb{R}^{16}$, $\beta = 4$ and $x$. It costs \$5 or \$6; $p(x|z$ is broken.
\begin{align}\label{eq:elbo}
  \mathcal{L} &= \mathbb{E}_{q_\phi(z \mid x)}\left[\log p_\theta(x \mid z)\right] \\
              &\quad - \beta\, \KL{q_\phi(z \mid x)}{p(z)},
\end{align}
where
\[ p(z) = \mathcal{N}(z; 0, I), \qquad x \sim \mathrm{Bernoulli}(f(z)). \]
\begin{verbatim} \[ x \] \end{verbatim}
$$ a
= b $$
\end{document}
\[ after \]
"""


def test_a_tex_file_is_its_displays_and_what_the_text_says_about_names(tmp_path: Path) -> None:
    path = tmp_path / "model.tex"
    path.write_text(TEX)
    statements, diagnostics = read_document(path)
    assert diagnostics == []
    assert [str(each) for each in statements] == [
        "z in bbR^16",
        "beta = 4",
        "calL = E_{q_phi(z|x)}[log p_theta(x|z)] - beta KL[q_phi(z|x) || p(z)]",
        "p(z) = Normal(z; 0, I)",
        "x ~ Bernoulli(f(z))",
        "a = b",
    ]
    assert statements[0].span.source.position(statements[0].span.start) == (5, 6)


def test_labels_pick_displays(tmp_path: Path) -> None:
    path = tmp_path / "model.tex"
    path.write_text(TEX)
    statements, diagnostics = read_document(path, labels=["eq:elbo"])
    assert len(statements) == 1 and diagnostics == []
    _, (missing,) = read_document(path, labels=["eq:elob"])
    assert missing.code == "F2D-0810" and missing.hint is not None and "eq:elbo" in missing.hint


def test_a_markdown_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(
        "# Notes\nWith $z \\sim p(z)$ and `$no$`:\n$$\n\\log p(x)\n$$\n```math\na = b\n```\n```\n$$no$$\n```\n"
    )
    statements, diagnostics = read_document(path)
    assert diagnostics == []
    assert [str(each) for each in statements] == ["z ~ p(z)", "log p(x)", "a = b"]


def test_a_text_file_has_a_statement_a_line(tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text("# a model\nz ~ N(0, I)\nE_q(z|x)[log p(x|z)]\n  - KL[q(z|x) || p(z)]\n")
    statements, diagnostics = read_document(path)
    assert diagnostics == []
    assert [str(each) for each in statements] == ["z ~ N(0, I)", "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]"]


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormulaError) as absent:
        read_document(tmp_path / "absent.tex")
    assert absent.value.diagnostics[0].code == "F2D-0801"
    binary = tmp_path / "binary.tex"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormulaError):
        read_document(binary)
    empty = tmp_path / "empty.tex"
    empty.write_text("no formula")
    assert [each.code for each in read_document(empty)[1]] == ["F2D-0114"]
