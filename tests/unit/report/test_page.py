"""``explain`` as a page: one file that needs no other, its pieces named alike in formula, table and code."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.dom import minidom

import pytest

import formula2dgm as f2d
from formula2dgm.cli.main import main
from formula2dgm.report.mathml import to_mathml
from formula2dgm.syntax import parse_one

ELBO = r"E_q(z|x)[log p(x|z)] - \beta KL[q(z|x) || p(z)]"
EXAMPLES = Path(__file__).parents[3] / "examples"


class _Reader(HTMLParser):
    """The elements of a page with a piece, and all addresses that it asks for."""

    def __init__(self, page: str):
        super().__init__()
        self.pieces: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.asked += [value or "" for key, value in attrs if key in ("src", "href", "data", "action")]
        if (piece := found.get("data-piece")) is not None:
            self.pieces.setdefault(piece, []).append(tag)


@pytest.fixture(scope="module")
def page() -> str:
    return f2d.compile(ELBO, scaffold=True, dims={"x": 4, "z": 2}).explain().html


def test_a_term_is_a_piece_of_the_formula_of_the_table_and_of_the_code(page: str) -> None:
    everywhere = [tags for tags in _Reader(page).pieces.values() if {"mrow", "tr", "li"} <= set(tags)]
    assert len(everywhere) == 2


def test_the_lines_of_a_piece_compute_it(page: str) -> None:
    found = re.search(r'<tr data-piece="([\w-]+)"[^>]*>\s*<td><code>KL', page)
    assert found is not None
    lines = re.findall(rf'<li data-piece="{found[1]}">(.*)</li>', page)
    assert any("kl_normal_standard" in line for line in lines)
    assert not any("bernoulli" in line or "log_prob" in line for line in lines)


def test_the_page_asks_for_nothing_else(page: str) -> None:
    reader = _Reader(page)
    assert reader.asked == []
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)


def test_the_table_says_meaning_shapes_and_calls(page: str) -> None:
    assert "the Kullback-Leibler divergence between q(z|x) and p(z), averaged over the examples of the batch" in page
    assert "z is batch x 2" in page
    assert "q_z_given_x once, for batch" in page


def test_texts_cannot_leave_their_place() -> None:
    hostile = (
        r"\underbrace{E_q(z|x)[log p(x|z)]}_{\text{</math></script><script>alert(1)</script>}} - KL[q(z|x) || p(z)]"
    )
    page = f2d.compile(hostile, scaffold=True, dims={"x": 4, "z": 2}).explain().html
    assert _Reader(page).tags.count("script") == 1
    assert "alert(1)</script>" not in page


def test_the_command_line_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "vae.html"
    assert main(["explain", str(EXAMPLES / "vae.tex"), "--html", str(out)]) == 0
    assert capsys.readouterr().out == f"wrote {out}\n"
    assert "<title>vae.tex</title>" in out.read_text(encoding="utf-8")


def test_a_notebook_shows_it_in_a_frame_of_its_own() -> None:
    shown = f2d.compile("log p(x)", scaffold=True, dims={"x": 4}).explain()._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;!doctype html&gt;')
    assert "<script" not in shown


@pytest.mark.parametrize(
    ("text", "mathml"),
    [
        (r"\log p", '<mrow><mi>log</mi><mspace width="0.17em"/><mi>p</mi></mrow>'),
        (r"x_{i}^{2}", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        (r"\sum_{i=1}^{N} x", "<munderover><mo>∑</mo>"),
        (r"\frac{1}{\sigma}", "<mfrac><mn>1</mn><mi>σ</mi></mfrac>"),
        (r"\sqrt{x}", "<msqrt><mi>x</mi></msqrt>"),
        (r"\sqrt[3]{x}", "<mroot><mi>x</mi><mn>3</mn></mroot>"),
        (r"\hat{x}'", "<msup>"),
        (r"\mathbb{E}", "<mi>𝔼</mi>"),
        (r"\mathcal{L}", "<mi>ℒ</mi>"),
        (r"\text{a b < c}", "<mtext>a b &lt; c</mtext>"),
        (r"\left. f \right|_{x=0}", '<mo stretchy="true">|</mo>'),
        (r"\begin{cases} 1 & \text{if } x \\ 0 & \text{otherwise} \end{cases}", "<mtable><mtr><mtd><mn>1</mn></mtd>"),
    ],
)
def test_latex_is_set_as_mathml(text: str, mathml: str) -> None:
    assert mathml in to_mathml(text)
    minidom.parseString(to_mathml(text))


@pytest.mark.parametrize(
    "text",
    [
        r"\mathbb{E}_{x \sim p_{data}}[\log D(x)] + \mathbb{E}_{z \sim p(z)}[\log(1 - D(G(z)))]",
        r"\|\nabla_x \log p(x) - s_\theta(\tilde x, t)\|_2^2",
        r"\int_0^1 \|v_\theta(x_t, t)\|^2 dt",
        r"\min_G \max_D V(D, G)",
        r"\tfrac{1}{K}\sum_{k=1}^K w_k^{(i)} e^{-\lambda_t} \odot x^\top A",
    ],
)
def test_all_that_the_printer_writes_is_well_formed(text: str) -> None:
    minidom.parseString(to_mathml(parse_one(text).latex()))


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.tex")), ids=lambda path: path.stem)
def test_each_term_of_each_example_is_in_all_three_places(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    assert main(["explain", str(path), "--html", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    for formula in re.findall("<math.*?</math>", page):
        minidom.parseString(formula)
    rows = [tags for tags in _Reader(page).pieces.values() if "tr" in tags]
    assert rows and all({"mrow", "li"} <= set(tags) for tags in rows)
