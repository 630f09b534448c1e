"""``--macros FILE``: a file of definitions, or a site's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTE = r"$$ \min_\theta \E{p_{data}(x)}[\norm{x - f_\theta(x)}^2] $$" + "\n\nwith $x \\in \\RR^3$."
LATEX = r"""
<div style="display: none;">
$$ % kept in one file
\newcommand{\RR}{\mathbb{R}}
\newcommand{\norm}[1]{\left\|#1\right\|}
\newcommand{\E}[1]{\mathbb{E}_{#1}}
$$
</div>
"""
MATHJAX = r"""
window.MathJax = { tex: { inlineMath: [['$', '$']], macros: {
    RR: "{\\mathbb R}",  // the reals
    norm: ["\\left\\| #1 \\right\\|", 1],
    'E': ['\\mathbb{E}_{#1}', 1] } } };
"""
KATEX = r"""{"macros": {"\\RR": "\\mathbb{R}", "\\norm": "\\left\\|#1\\right\\|", "\\E": "\\mathbb{E}_{#1}"}}"""


@pytest.mark.parametrize("text", [LATEX, MATHJAX, KATEX], ids=["latex", "mathjax", "katex"])
def test_the_definitions_of_a_file(run, text: str) -> None:
    Path("note.md").write_text(NOTE, "utf-8")
    Path("site.html").write_text(text, "utf-8")
    ran = run("fmt", "note.md", "--macros", "site.html")
    assert ran.status == 0, ran.err
    assert ran.out == "min_theta E_{p_data(x)}[||x - f_theta(x)||^2]\nx in bbR^3\n"


def test_one_definition_more_is_over_those_of_the_file(run) -> None:
    Path("note.md").write_text(NOTE, "utf-8")
    Path("site.html").write_text(LATEX, "utf-8")
    ran = run("fmt", "note.md", "--macros", "site.html", "--macro", r"\newcommand{\RR}{\mathbb{N}}")
    assert ran.status == 0 and "bbN^3" in ran.out


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [("none.tex", None, "F2D-0801"), ("plain.tex", "no macro here", "F2D-0117"), (".", None, "F2D-0801")],
)
def test_files_without_macros(run, name: str, text: str | None, code: str) -> None:
    Path("note.md").write_text(NOTE, "utf-8")
    if text is not None:
        Path(name).write_text(text, "utf-8")
    ran = run("check", "note.md", "--macros", name)
    assert ran.status != 0 and code in ran.err and "Traceback" not in ran.err


def test_explain_says_which_commands_nobody_defines(run) -> None:
    Path("note.md").write_text(
        "$$ \\vecx = f(\\vecz) $$\nand\n$$ \\vecz = g(\\vecx) $$\nand\n$$ \\min_\\theta \\|x - f_\\theta(x)\\|^2 $$",
        "utf-8",
    )
    ran = run("explain", "note.md")
    assert r"\vecx, \vecz are defined nowhere: --macros FILE reads definitions" in ran.out + ran.err
