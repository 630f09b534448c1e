"""The user's networks: a Python file with a dict ``bindings``. Importing it imports torch."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir.program import Network, Parameter, Program

if TYPE_CHECKING:
    from formula2dgm.runtime.bindings import Described


@dataclass(frozen=True, slots=True)
class UserNetworks:
    """A loaded networks file."""

    path: Path
    module: ModuleType
    described: Described

    def expressions(self, program: Program) -> dict[str, str]:
        """For each bound network and tensor of the program, the expression that a script importing the file uses."""
        out: dict[str, str] = {}
        everything: list[Network | Parameter] = [*program.networks, *program.parameters]
        for each in everything:
            if each.binding is not None:
                out[each.name] = f"{self.path.stem}.{self._name_of(self.described.objects[each.binding], each.label)}"
        return out

    def _name_of(self, value: object, label: str) -> str:
        for name, each in vars(self.module).items():
            if each is value:
                return name
        raise FormulaError(
            Diagnostic(
                "F2D-0805",
                "error",
                f"what {self.path.name} binds to {label} has no name there",
                None,
                "give it a name: encoder = Encoder(), then bind encoder",
            )
        )


def load_networks(path: str | None) -> UserNetworks | None:
    """Run a networks file and describe its bindings."""
    if path is None:
        return None
    file = Path(path)
    if not file.is_file():
        raise FormulaError(Diagnostic("F2D-0801", "error", f"there is no file {path}"))
    spec = util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[file.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise FormulaError(
            Diagnostic("F2D-0804", "error", f"{path} does not run: {type(error).__name__}: {error}")
        ) from error
    bindings = getattr(module, "bindings", None)
    if not isinstance(bindings, dict):
        raise FormulaError(
            Diagnostic(
                "F2D-0804",
                "error",
                f"{path} has no dict named bindings",
                None,
                'bindings = {"q(z|x)": f2d.Normal(encoder), ...}',
            )
        )
    from formula2dgm.runtime.bindings import describe

    return UserNetworks(file, module, describe(bindings))
