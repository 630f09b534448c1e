"""What is allowed and probably not meant: each rule speaks where it should, and nowhere else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import formula2dgm as f2d
from formula2dgm.cli.main import main
from formula2dgm.lint.rules import RULES

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.tex"))
BLOCK = re.compile(r"```formula( fails)?\n(.*?)```", re.DOTALL)


def codes(formula: str | Path, **options: object) -> list[str]:
    return [each.code for each in f2d.check(formula, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_speaks_of_its_page_and_of_what_to_write_instead_not(rule: object) -> None:
    page = (ROOT / "docs" / "errors" / f"{rule.code}.md").read_text()  # type: ignore[attr-defined]
    blocks = [(bool(fails), text) for fails, text in BLOCK.findall(page)]
    assert [fails for fails, _ in blocks] == [True, False]
    (found,) = [each for each in f2d.check(blocks[0][1]) if each.code == rule.code]  # type: ignore[attr-defined]
    assert found.severity == rule.severity and found.span is not None and found.hint  # type: ignore[attr-defined]
    assert rule.code not in codes(blocks[1][1])  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_no_warning(path: Path) -> None:
    assert [str(each) for each in f2d.check(path) if each.severity == "warning"] == []


@pytest.mark.parametrize(
    "formula",
    [
        # the sleep phase draws from the model, and its divergence is from the model
        r"\min KL[p(x, z) \| q(z|x) p_{data}(x)]; p(x, z) = p(x|z) p(z)",
        # a forward and a reverse divergence of densities that nothing draws for a likelihood
        r"\min KL[p(z) \| q(z|x)] + KL[q(z|x) \| p(z)]",
        # an upper bound of the evidence
        r"\log p(x) \le \frac12 \log E_{q(z|x)}[(\frac{p(x, z)}{q(z|x)})^2]",
        # a negative bound that is minimised
        r"-\log p(x) \le KL[q(z|x) \| p(z)] - E_{q(z|x)}[\log p(x|z)]",
        # a draw that a definition reads
        r"\min E_{q(z|x)}[\|x - y\|^2]; y = f(z)",
        # its own density in one bracket, the model's in another
        r"\max E_{q(z|x)}[\log p(x|z)] + E_{q(z|x)}[\log p(z)] - E_{q(z|x)}[\log q(z|x)]",
        # a capital for a drawn value
        r"\max E_{q(z|x)}[\log p(x|Z)] - KL[q(z|x) \| p(z)]",
        # x less 1, of a number that has no steps
        r"\min E_{p_{data}(x)}[\|f(x) - x - 1\|^2]",
        # two encoders of two modalities
        r"\max E_{q(z|x)}[\log p(x|z) + \log p(y|z)] + E_{q(z|y)}[\log p(x|z) + \log p(y|z)]",
    ],
)
def test_a_neighbour_has_no_warning(formula: str) -> None:
    found = f2d.check(formula, dims={"x": 3, "y": 3, "z": 2})
    assert [str(each) for each in found if each.severity in ("warning", "error") and each.code > "F2D-0900"] == []


def test_a_fix_is_what_an_editor_writes() -> None:
    text = r"\max \sum_{t=2}^T \log p(x_t|x_t-1)"
    (found,) = [each for each in f2d.check(text) if each.fix is not None]
    assert found.fix is not None
    fixed = text[: found.fix.span.start] + found.fix.text + text[found.fix.span.end :]
    assert codes(fixed) == []


def test_codes_are_ignored_by_the_call_or_beside_their_place(tmp_path: Path) -> None:
    wrong = r"\max E_{q(z|x)}[\log p(x|z)] - KL[p(z) \| q(z|x)]"
    assert codes(wrong) == ["F2D-0901"]
    assert codes(wrong, ignore=["f2d-0901"]) == []
    assert codes(wrong, ignore="F2D-0902") == ["F2D-0901"]
    file = tmp_path / "model.tex"
    for comment, expected in (
        ("", ["F2D-0901"]),
        ("% f2d: ignore F2D-0901", []),
        ("% f2d: ignore F2D-0902", ["F2D-0901"]),
        ("% f2d: ignore F2D-0902, F2D-0901", []),
        ("% f2d: ignore", []),
    ):
        file.write_text(f"\\begin{{equation}} {comment}\n{wrong}\n\\end{{equation}}\n")
        assert codes(file) == expected, comment


def test_an_error_cannot_be_ignored() -> None:
    assert codes(r"\max E_{q(z|x)}[\log p(x|z)", ignore=["F2D-0103"]) == ["F2D-0103"]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "model.txt"
    file.write_text("max sum_{t=2}^T log p(x_t|x_t-1)\n")
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == "0 errors, 1 warning\n"
    assert main(["check", str(file), "--strict"]) == 1
    assert main(["check", str(file), "--strict", "--ignore", "F2D-0907,F2D-0905"]) == 0
    capsys.readouterr()
    assert main(["check", str(file), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["code"], found["severity"], found["page"]) == ("F2D-0905", "warning", "docs/errors/F2D-0905.md")
    assert found["fix"] == {"range": found["range"], "text": "x_{t - 1}"}


def test_checking_needs_no_torch() -> None:
    program = (
        "import sys, formula2dgm as f2d; f2d.check('log p(x|z) - KL[q(z|x) || p(z)]'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
