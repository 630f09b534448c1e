"""Notebooks: the magic ``%%formula``, errors without a traceback, what objectives and trainings show of themselves."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

import formula2dgm as f2d
from formula2dgm.notebook import compiled
from formula2dgm.runtime.history import History, picture

ELBO = "E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.tex"))


class Shell:
    """What the extension needs of IPython's shell."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.magics: dict[str, Callable[[str, str], None]] = {}
        self.kernel = object()

    def register_magic_function(self, function: Callable[[str, str], None], kind: str, name: str) -> None:
        assert kind == "cell"
        self.magics[name] = function


class Handle:
    def __init__(self, shown: list[str]) -> None:
        self.shown = shown

    def update(self, value: Any) -> None:
        self.shown.append(value._repr_html_())


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Shell, list[str]]]:
    """A notebook's IPython, as far as it is used: a shell with a kernel, and what was displayed."""
    shell, shown = Shell(), list[str]()

    def display(value: Any, display_id: bool = False) -> Handle:
        shown.append(value._repr_html_())
        return Handle(shown)

    module, part = ModuleType("IPython"), ModuleType("IPython.display")
    module.get_ipython = lambda: shell  # type: ignore[attr-defined]
    part.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", part)
    yield shell, shown


# -- the magic ---------------------------------------------------------------------------------------


def test_a_cell_is_compiled_shown_and_kept(notebook: tuple[Shell, list[str]]) -> None:
    shell, shown = notebook
    f2d.load_ipython_extension(shell)
    shell.magics["formula"]("vae --set beta=4 --dim z=2 --dim x=8", ELBO)
    assert shell.user_ns["vae"].beta == 4 and shell.user_ns["vae"](x=torch.zeros(3, 8)).loss.isfinite()
    assert "<math" in shown[0] and "q(z|x) is a Normal with a small network" in shown[0] and "<svg" in shown[0]


def test_bindings_of_the_notebook() -> None:
    net = torch.nn.Linear(8, 2)
    bindings = {"q(z|x)": f2d.Normal(loc=net, scale=1.0), "beta": 2.0}
    name, made = compiled("vae --with mine --dim x=8 --set beta=3", ELBO, {"mine": bindings})
    assert name == "vae" and made.q_z_given_x_loc is net and made.beta == 3


def test_a_cell_of_words_and_formulas_is_read_as_a_text() -> None:
    bound = r"$$E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)\|p(z)]$$"
    words = f"We maximise\n{bound}\nwith $x \\in \\mathbb{{R}}^4$ and $z \\in \\mathbb{{R}}^2$."
    _, made = compiled("vae", words, {})
    assert list(made(x=torch.zeros(3, 4)).terms) == ["log p(x|z)", "KL[q(z|x) || p(z)]"]
    assert "max" not in made.ascii


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "arguments are required: name"),
        ("two words", "unrecognized arguments: words"),
        ("2vae", "'2vae' is no name"),
        ("vae --with mine", "mine is not defined"),
        ("vae --with five", "five is a int, no dict"),
        ("vae --set gamma=3", "--set gamma: nothing in the formula"),
        ("vae --dim 'z=2", "No closing quotation"),
    ],
)
def test_a_line_that_cannot_be_is_refused(line: str, message: str) -> None:
    with pytest.raises(f2d.FormulaError, match=f"F2D-0696.*{re.escape(message)}"):
        compiled(f"{line} --dim x=8" if line and "'" not in line else line, ELBO, {"five": 5})


def test_an_error_is_shown_with_its_place_and_without_a_traceback() -> None:
    with pytest.raises(f2d.FormulaError) as error:
        compiled("vae", "\nE_q(z|x)[log p(x|z)", {})
    shown = error.value._render_traceback_()
    assert shown[0].startswith("error[F2D-0103]") and any("<cell>:2:" in each for each in shown)
    assert not any("Traceback" in each or "site-packages" in each for each in shown)


def test_in_ipython_itself() -> None:
    """The real shell, where it is installed: the magic, the error, and that the error stops the cells behind it."""
    ipython = pytest.importorskip("IPython.core.interactiveshell")
    capture = pytest.importorskip("IPython.utils.capture").capture_output
    shell = ipython.InteractiveShell.instance()
    try:
        with capture() as seen:
            assert shell.run_cell("%load_ext formula2dgm").success
            assert shell.run_cell(f"%%formula vae --dim x=8\n{ELBO}\nbeta = 4").success
        assert {"text/html", "text/latex"} <= set(seen.outputs[-1].data)
        with capture() as seen:
            wrong = shell.run_cell("import formula2dgm\n\nformula2dgm.compile('log p(x')")
        assert not wrong.success and "Traceback" not in seen.stdout and "error[F2D-0103]" in seen.stdout
        assert seen.stdout.startswith("line 3: formula2dgm.compile(")
        assert shell.user_ns["vae"].beta == 4
    finally:
        ipython.InteractiveShell.clear_instance()


# -- what is shown -----------------------------------------------------------------------------------


QUICK = ("vae", "gan", "deep_markov_model")


@pytest.mark.parametrize(
    "example",
    [pytest.param(each, marks=() if each.stem in QUICK else pytest.mark.slow) for each in EXAMPLES],
    ids=lambda path: path.stem,
)
def test_every_example_has_a_page_in_a_cell(example: Path) -> None:
    page = f2d.compile(example)._repr_html_()
    ElementTree.fromstring(re.sub(r"<\?xml.*?\?>", "", page).replace("&nbsp;", " "))
    assert page.count("<math") >= 1


def test_several_statements_are_lines() -> None:
    _, made = compiled("vae --dim x=8", f"{ELBO}\nbeta = 4", {})
    assert made._repr_latex_().count(r"\\") == 1 and r"\begin{gathered}" in made._repr_latex_()


def test_curves_grow_while_a_training_runs(
    notebook: tuple[Shell, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, shown = notebook
    _, made = compiled("vae --dim x=4", ELBO.replace("beta ", ""), {})
    f2d.fit(made, torch.randn(20, 4), epochs=3, validation=torch.randn(6, 4))
    assert len(shown) == 3 and capsys.readouterr().err == ""
    assert shown[2].count("<polyline") == 6 and "validation: loss" in shown[2]
    points = [re.findall(r'points="([^"]*)"', each)[0].split() for each in shown]
    assert [len(each) for each in points] == [1, 2, 3]
    f2d.fit(made, torch.randn(20, 4), epochs=1, progress=False)
    assert len(shown) == 3


def test_a_curve_is_where_its_numbers_are() -> None:
    drawn = ElementTree.fromstring(picture([("a", [1.0, 3.0, 2.0]), ("<b>", [2.0, float("nan"), 2.0])]))
    first, second = (each.attrib["points"].split() for each in drawn.iter("polyline"))
    (x1, y1), (x2, y2), (x3, y3) = (tuple(map(float, each.split(","))) for each in first)
    assert x1 < x2 < x3 and x2 - x1 == pytest.approx(x3 - x2, abs=0.2)
    assert y2 < y3 < y1 and y1 - y3 == pytest.approx(y3 - y2, abs=0.2)  # higher is nearer to the top
    assert len(second) == 2
    assert History()._repr_html_() == "<div></div>"
