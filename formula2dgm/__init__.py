"""Write the paper's equation, get the training code.

>>> import torch, formula2dgm as f2d
>>> encoder, decoder = torch.nn.Linear(4, 2), torch.nn.Linear(2, 4)
>>> objective = f2d.compile(
...     "E_q(z|x)[log p(x|z)] - beta * KL[q(z|x) || p(z)]",
...     {
...         "q(z|x)": f2d.Normal(loc=encoder, scale=1.0),
...         "p(x|z)": f2d.Bernoulli(decoder),
...         "p(z)": f2d.Normal(loc=0.0, scale=1.0),
...         "beta": 4.0,
...     },
... )
>>> list(objective(x=torch.ones(3, 4)).terms)
['log p(x|z)', 'KL[q(z|x) || p(z)]']

Names are imported when first used: reading and checking a formula needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:  # for editors; at run time __getattr__ imports them
    # ruff: noqa: F401
    from formula2dgm import flows
    from formula2dgm.api import check, compile, describe, distribution, parse
    from formula2dgm.diagnostics import Diagnostic, FormulaError
    from formula2dgm.library.kernels import IMQ, RBF
    from formula2dgm.registry.averages import EMA
    from formula2dgm.registry.estimators import Relaxed, Score
    from formula2dgm.report.trees import tree_text
    from formula2dgm.runtime.bindings import Sigmoid, SpectralNorm
    from formula2dgm.runtime.distribution import Distribution
    from formula2dgm.runtime.evaluation import evaluate
    from formula2dgm.runtime.functional import Functional
    from formula2dgm.runtime.masked import Masked
    from formula2dgm.runtime.objective import Objective
    from formula2dgm.runtime.reversed import Reversed
    from formula2dgm.runtime.training import fit
    from formula2dgm.trained import load
    from formula2dgm.verification.findings import Verification
    from formula2dgm.verification.verify import verify

_HOMES = {
    **dict.fromkeys(("check", "compile", "describe", "distribution", "parse"), "api"),
    **dict.fromkeys(("Diagnostic", "FormulaError"), "diagnostics"),
    **dict.fromkeys(("Sigmoid", "SpectralNorm"), "runtime.bindings"),
    **dict.fromkeys(("Relaxed", "Score"), "registry.estimators"),
    "EMA": "registry.averages",
    **dict.fromkeys(("IMQ", "RBF"), "library.kernels"),
    "Distribution": "runtime.distribution",
    "Functional": "runtime.functional",
    "Masked": "runtime.masked",
    "Objective": "runtime.objective",
    "Reversed": "runtime.reversed",
    "tree_text": "report.trees",
    "evaluate": "runtime.evaluation",
    "fit": "runtime.training",
    "load": "trained",
    "Verification": "verification.findings",
    "verify": "verification.verify",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"formula2dgm.{_HOMES[name]}"), name)
    if name == "flows":
        return import_module("formula2dgm.flows")
    if not name[:1].isupper():  # a module of the package that is not imported yet, and no family
        raise AttributeError(f"module 'formula2dgm' has no attribute {name!r}")
    # By its full name: `from formula2dgm import registry` would ask this very function for it.
    registry = import_module("formula2dgm.registry")

    if any(each.name == name for each in registry.families()):
        from formula2dgm.runtime.bindings import class_named

        return class_named(name)
    raise AttributeError(f"module 'formula2dgm' has no attribute {name!r}")


def load_ipython_extension(shell: object) -> None:
    """``%load_ext formula2dgm``: the cell magic ``%%formula``."""
    import_module("formula2dgm.notebook").register(shell)


def __dir__() -> list[str]:
    registry = import_module("formula2dgm.registry")

    return sorted([*_HOMES, "flows", *(each.name for each in registry.families()), "__version__"])
