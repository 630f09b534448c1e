"""A family that another package adds is like the compiler's own; a record that is not whole is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm import registry
from formula2dgm.cli import main
from formula2dgm.registry.divergences import closed_form
from tests.support.reference import reference

FORMULA = [r"\max E_{q(z|x)}[log p(x|z)] - KL[q(z|x) || p(z)] + H[q(z|x)]", "p(z) = Weibull(z; 1.5, 2)"]


class Encoder(nn.Module):
    """The logarithms of scale and concentration, near those of the prior."""

    def __init__(self):
        super().__init__()
        self.scale, self.concentration = nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"log_scale": self.scale(x).tanh(), "log_concentration": 1 + self.concentration(x).tanh()}


def bindings() -> dict[str, object]:
    return {"q(z|x)": f2d.Weibull(Encoder()), "p(x|z)": f2d.Normal(loc=nn.Linear(2, 4), scale=1.0)}


def compiled(bound: dict[str, object] | None = None) -> f2d.Objective:
    return f2d.compile(FORMULA, bound or bindings(), dims={"z": 2})


def test_the_family_is_known_by_name_and_spelling(install) -> None:
    install()
    assert registry.family_by_spelling("Weibull").parameters == ("scale", "concentration")
    assert "Weibull" in dir(f2d) and f2d.Weibull(scale=1.0, concentration=2.0).family.name == "Weibull"
    assert closed_form("KL", "Weibull", "Weibull") == "kl_weibull_weibull"
    assert closed_form("KL", "Weibull", "Normal") is None


def test_without_the_package_the_family_is_unknown() -> None:
    assert registry.family_by_spelling("Weibull") is None and not hasattr(f2d, "Weibull")


def test_it_trains(install) -> None:
    install()
    torch.manual_seed(0)
    objective = compiled()
    x = torch.randn(16, 4)
    optimiser = torch.optim.SGD(objective.parameters(), lr=1e-3)
    noise = objective.example_noise(x=x)
    before = objective(x=x, noise=noise).loss
    before.backward()
    assert all(each.grad is not None and each.grad.isfinite().all() for each in objective.parameters())
    optimiser.step()
    assert objective(x=x, noise=noise).loss < before


def test_generated_code_is_the_reference(install) -> None:
    install()
    torch.manual_seed(0)
    bound = bindings()
    objective = compiled(bound).double()
    x = torch.randn(5, 4, dtype=torch.float64)
    noise = {"z": torch.rand(5, 2, dtype=torch.float64) + 0.1}
    found = objective(x=x, noise=noise)
    judged = reference(FORMULA, bound, {"x": x}, noise, dims={"z": 2}).run()
    torch.testing.assert_close(found.loss, judged.loss)
    wanted = torch.autograd.grad(judged.loss, list(objective.parameters()))
    torch.testing.assert_close(torch.autograd.grad(found.loss, list(objective.parameters())), wanted)


def test_without_a_reference_the_reference_interpreter_says_so(install) -> None:
    install(("__init__.py", '    reference="weibull_family.reference:Weibull",\n', ""))
    bound = bindings()
    with pytest.raises(f2d.FormulaError, match="F2D-0710.*names no reference"):
        reference(FORMULA, bound, {"x": torch.randn(5, 4)}, {"z": torch.ones(5, 2)}, dims={"z": 2}).run()


RUN = """
import importlib.abc, sys

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"formula2dgm", "weibull_family"}:
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Block())
import torch, written

written.Objective(*(torch.nn.Identity() for _ in range(2)))
z = written.weibull_sample(torch.ones(3), 2.0, torch.ones(3))
assert z.tolist() == [2.0, 2.0, 2.0]
"""


def test_a_written_module_needs_neither_package(install, tmp_path: Path) -> None:
    install()
    compiled().save(tmp_path / "written.py")
    ran = subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


# -- records that are not whole ------------------------------------------------------------------------

FUNCTION = "def weibull_mean(scale: Tensor | float, concentration: Tensor | float)"
BROKEN = {
    "missing function": (
        ("__init__.py", '"weibull_entropy"', '"weibull_entropie"'),
        "has no function weibull_entropie, its entropy",
    ),
    "other order": (
        ("functions.py", FUNCTION, "def weibull_mean(concentration: Tensor | float, scale: Tensor | float)"),
        r"weibull_mean, its mean, takes \(scale, concentration\), not \(concentration, scale\)",
    ),
    "reading": (
        ("functions.py", "def weibull_parameters(output: object)", "def weibull_parameters(output: object, x: int)"),
        r"weibull_parameters, its read, takes 1 arguments, not \(output, x\)",
    ),
    "noise": (
        ("functions.py", "weibull_noise(shape: tuple[int, ...], like: Tensor)",
         "weibull_noise(like: Tensor, shape: tuple[int, ...])"),
        r"weibull_noise, its draw_noise, takes \(shape, like\), not \(like, shape\)",
    ),
    "conversion": (
        ("__init__.py", '"log_scale": "scale_from_log_scale"', '"log_scale": "weibull_mean"'),
        r"weibull_mean, its conversion from log_scale, takes \(log_scale\), not \(scale, concentration\)",
    ),
    "own functions": (("functions.py", "weibull_mean", "normal_mean"), "defines normal_mean, which .* has already"),
    "spelling": (("__init__.py", 'spellings=("Weibull",)', 'spellings=("Gam",)'), "Gam is a spelling of Gamma already"),
    "name": (("__init__.py", 'name="Weibull"', 'name="Normal"'), "there is a family Normal already"),
    "imports": (("functions.py", "import torch\n", "import numpy\nimport torch\n"), "functions.py imports numpy"),
    "does not load": (("__init__.py", "from formula2dgm.registry", "import nothing_here\nfrom formula2dgm.registry"),
                      "does not load: ModuleNotFoundError"),
    "no such object": (("entry_points.txt", ":PLUGIN", ":PLUG"), "does not load: AttributeError"),
    "a record alone": (("entry_points.txt", ":PLUGIN", ":WEIBULL"), "it is a Family, not a .*FamilyPlugin"),
    "no library": (("__init__.py", "weibull_family.functions", "weibull_family.function"), "is no module"),
    "no such reference": (("__init__.py", "weibull_family.reference:Weibull", "Weibull"), "not of the form 'module:"),
    "no divergence": (("__init__.py", '"kl_weibull_weibull"', '"kl"'), "has no function kl, the KL of Weibull and"),
    "support": (("__init__.py", 'support="positive"', 'support="above 0"'), "its support 'above 0' is none of real, "),
    "pathwise": (("__init__.py", "pathwise=True", "pathwise=False"), "a sample function if it is pathwise, and only"),
    "arguments": (("__init__.py", 'arguments=("scale", "concentration")', 'arguments=("scale",)'), "arguments name"),
    "noise of no kind": (("__init__.py", 'noise="standard"', 'noise="uniform"'), "its noise 'uniform' is neither '"),
    "finite": (("__init__.py", "finite=False", "finite=True"), "an enumerate function if it is finite, and only then"),
    "bare": (("__init__.py", "bare=None", 'bare="scale"'), "bare is None: what one bare tensor means where there is"),
    "alternatives": (("__init__.py", '"scale": {"log_', '"rate": {"log_'), "alternatives are given for rate, which"),
    "a record's entry": (("__init__.py", "    bare=None,\n", ""), "does not load: TypeError"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_named_with_the_entry_point(install, case: str) -> None:
    change, message = BROKEN[case]
    install(change)
    with pytest.raises(f2d.FormulaError, match=message) as refused:
        registry.family_by_spelling("Weibull")
    (found,) = refused.value.diagnostics
    assert found.code == "F2D-0710" and "'weibull'" in found.message and "weibull-family" in found.message


def test_the_compiler_s_own_families_need_no_plugin(install) -> None:
    install(BROKEN["missing function"][0])
    assert registry.family("Normal").name == "Normal" and registry.family_by_spelling("N").name == "Normal"


def test_the_command_line_says_so_too(install, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(BROKEN["missing function"][0])
    (tmp_path / "model.txt").write_text("log p(x); p(x) = Weibull(x; 1, 2)", encoding="utf-8")
    assert main(["check", str(tmp_path / "model.txt")]) == 2
    assert "error[F2D-0710]: the family 'weibull'" in capsys.readouterr().err
