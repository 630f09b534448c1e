"""The user's networks: a Python file with a dict ``bindings``. Importing it imports torch."""

from __future__ import annotations

import sys
import traceback
from importlib import util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir.program import Network, Parameter, Program
from formula2dgm.records import dataclass

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
        raise _refusal(
            "F2D-0805",
            f"what {self.path.name} binds to {label} has no name there",
            "give it a name: encoder = Encoder(), then bind encoder",
        )


def load_networks(path: str | None) -> UserNetworks | None:
    """Run a networks file and describe its bindings."""
    if path is None:
        return None
    file = Path(path)
    if not file.is_file():
        raise _refusal("F2D-0801", f"{path} is a folder" if file.is_dir() else f"there is no file {path}")
    if not file.stem.isidentifier():
        raise _refusal(
            "F2D-0804", f"{file.name} cannot be imported: {file.stem!r} is no Python name", "name it nets.py"
        )
    module = _module(file)
    bindings = getattr(module, "bindings", None)
    if not isinstance(bindings, dict):
        raise _refusal(
            "F2D-0804", f"{path} has no dict named bindings", 'bindings = {"q(z|x)": f2d.Normal(encoder), ...}'
        )
    from formula2dgm.runtime.bindings import describe

    return UserNetworks(file, module, describe(bindings))


def _module(file: Path) -> ModuleType:
    """Run the file as a module of its own; what stands beside it can be imported, as for a script."""
    loader = SourceFileLoader(file.stem, str(file))
    spec = util.spec_from_loader(file.stem, loader)
    assert spec is not None
    module = util.module_from_spec(spec)
    sys.path.insert(0, str(file.resolve().parent))
    sys.modules[file.stem] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _refusal("F2D-0804", f"{_place(file, error)} does not run: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(file.resolve().parent))
    return module


def _place(file: Path, error: BaseException) -> str:
    """The file with the line of its own that raised the error."""
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == str(file)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    return f"{file}:{line}" if line else str(file)


def _refusal(code: str, message: str, hint: str | None = None) -> FormulaError:
    return FormulaError(Diagnostic(code, "error", message, None, hint))
