"""The page of ``explain`` in a browser: to point at a piece lights what belongs to it, there and back.

Runs where a Chromium is installed (``apt-get install chromium``), and is skipped elsewhere.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import formula2dgm as f2d

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")]
ELBO = r"E_q(z|x)[log p(x|z)] - \beta KL[q(z|x) || p(z)]"
PROBE = """
<script>
window.addEventListener("load", () => {
  const lit = () =>
    [...document.querySelectorAll(".lit")].map(each => [each.tagName.toLowerCase(), each.textContent.trim()]);
  const point = element => { element.dispatchEvent(new MouseEvent("mouseover", {bubbles: true})); return lit(); };
  const leave = element => { element.dispatchEvent(new MouseEvent("mouseout", {bubbles: true})); return lit(); };
  const all = name => [...document.querySelectorAll(name + "[data-piece]")];
  const row = all("tr").find(each => each.textContent.trim().startsWith("KL"));
  const line = all("li").find(each => each.textContent.includes("kl_normal_standard_mean("));
  const formula = document.querySelector(`.statement [data-piece="${row.dataset.piece}"]`);
  const found = {row: point(row), left: leave(row), line: point(line), formula: point(formula)};
  found.math = formula.getBoundingClientRect().width > 20 && formula.namespaceURI.endsWith("MathML");
  found.wide = document.documentElement.scrollWidth <= window.innerWidth;
  const out = document.createElement("pre");
  out.id = "probe";
  out.textContent = JSON.stringify(found);
  document.body.append(out);
});
</script>
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    page = f2d.compile(ELBO, scaffold=True, dims={"x": 4, "z": 2}).explain().html
    path = Path(tmp_path_factory.mktemp("page")) / "elbo.html"
    path.write_text(page.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,900", "--virtual-time-budget=2000"]
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, *flags, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    shown = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.S)
    assert shown is not None, done.stderr[-2000:]
    read: dict[str, object] = json.loads(shown[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    return read


@pytest.mark.parametrize("place", ["row", "line", "formula"])
def test_pointing_lights_the_piece_in_all_three_places(found: dict[str, list[list[str]]], place: str) -> None:
    lit = found[place]
    assert {tag for tag, _ in lit} == {"mrow", "tr", "li"}
    assert any("kl_normal_standard_mean(" in text for _, text in lit)
    assert [text for tag, text in lit if tag == "tr"][0].startswith("KL")
    assert not any(tag == "tr" and text.startswith("log p") for tag, text in lit)


def test_leaving_puts_it_out(found: dict[str, object]) -> None:
    assert found["left"] == []


def test_the_formula_is_typeset_and_the_page_fits(found: dict[str, object]) -> None:
    assert found["math"] is True
    assert found["wide"] is True
