"""Networks for other programs: weights as safetensors, networks as programs of ``torch.export``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from formula2dgm.ir.program import Program
from formula2dgm.runtime.arguments import refuse
from formula2dgm.runtime.examples import has_gradient

if TYPE_CHECKING:
    from formula2dgm.runtime.written import Facts

#: Of how many examples the batches are with which networks are exported and tried.
SIZES = (3, 5)
#: The arguments of a call, by position and by name.
Call = tuple[tuple[Any, ...], dict[str, Any]]


class HandedOver:
    """What an objective gives away of itself."""

    _facts: Facts

    def save_networks(self, path: str | Path) -> None:
        """Write all weights as one safetensors file, named ``NETWORK.WEIGHT``; needs the package safetensors."""
        assert isinstance(self, nn.Module)
        package, metadata = _safetensors(), {"format": "pt", "formula": self._facts.program.ascii}
        try:
            package.save_model(self, str(path), metadata)
        except Exception as error:  # the package has errors of its own
            raise refuse("F2D-0692", f"'{path}' cannot be written: {error}") from error

    def load_networks(self, path: str | Path) -> None:
        """Read weights that :meth:`save_networks` wrote; all of them, and none besides."""
        assert isinstance(self, nn.Module)
        package = _safetensors()
        try:
            package.load_model(self, str(path))
        except Exception as error:  # a broken file may raise anything
            lines = " ".join(each.strip() for each in str(error).splitlines()[:3])
            says = f"'{path}' does not hold the weights of this formula's networks: {lines}"
            raise refuse("F2D-0692", says) from error

    def export_networks(self, folder: str | Path, **data: Tensor) -> list[Path]:
        """Write each network as ``NETWORK.pt2``, a program of ``torch.export``; return the files.

        The number of examples is free in a program, all other sizes are those of the formula, or of ``data``, a batch
        of two examples or more.  Each program is compared with its network before it is written; in evaluation mode.
        """
        assert isinstance(self, nn.Module)
        calls = [_calls(self, self._facts.program, batch) for batch in _two_batches(self, data)]
        target = Path(folder)
        written = []
        for name in calls[0]:
            program = _exported(name, getattr(self, name), calls[0][name], calls[1][name])
            try:
                target.mkdir(parents=True, exist_ok=True)
                torch.export.save(program, target / f"{name}.pt2")
            except OSError as error:
                raise refuse("F2D-0693", f"'{target}' cannot be written: {error.strerror}") from error
            written.append(target / f"{name}.pt2")
        return written


def _safetensors() -> ModuleType:
    try:
        import safetensors.torch as package
    except ImportError as error:
        hint = "pip install safetensors; torch.save(objective.state_dict(), path) needs no package"
        raise refuse("F2D-0692", "safetensors files need the package safetensors", hint) from error
    return package


# -- programs ------------------------------------------------------------------------------------------


def _two_batches(objective: Any, data: Mapping[str, Tensor]) -> Iterator[Mapping[str, Any]]:
    """Two batches of different sizes."""
    if not data:
        yield from (objective.example_batch(size) for size in SIZES)
        return
    if min(map(len, data.values())) < 2:
        raise refuse("F2D-0693", "a batch of two examples or more is needed to see what depends on their number")
    yield data
    yield {name: value[1:] for name, value in data.items()}


def _calls(objective: Any, program: Program, batch: Mapping[str, Any]) -> dict[str, Call]:
    """The first call of each network that the objective makes of a batch."""
    found: dict[str, Call] = {}

    def seen(name: str, network: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        found.setdefault(name, (args, kwargs))

    names = [each.name for each in program.networks]
    hooks = [
        getattr(objective, name).register_forward_pre_hook(partial(seen, name), with_kwargs=True) for name in names
    ]
    try:
        with torch.random.fork_rng(), _evaluated(objective), torch.set_grad_enabled(has_gradient(program)):
            for player in objective.players if len(objective.players) > 1 else (None,):
                objective(batch, **({} if player is None else {"player": player}))
    finally:
        for each in hooks:
            each.remove()
    return {name: _detached(found[name]) for name in names if name in found}


@contextmanager
def _evaluated(module: nn.Module) -> Iterator[None]:
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)


def _detached(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {name: _detached(each) for name, each in value.items()}
    return type(value)(map(_detached, value)) if isinstance(value, tuple | list) else value


def _exported(name: str, network: nn.Module, call: Call, other: Call) -> torch.export.ExportedProgram:
    """A network as a program; what differs in size between two calls of it is free."""
    args, named = other
    with _evaluated(network), torch.no_grad():
        try:
            program = _traced(network, call, _free(network, call, other))
            answers = [_tensors(each(*args, **named)) for each in (program.module(), network)]
        except Exception as error:  # a network may do anything
            found = [*str(error).strip().splitlines(), repr(error)][0]
            raise refuse("F2D-0693", f"the network {name} is no program for torch.export: {found}", HINT) from error
    same = (torch.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True) for a, b in zip(*answers, strict=True))
    if not all(same):
        says = f"the network {name} as a program returns other numbers at {SIZES[1]} examples: does it draw?"
        raise refuse("F2D-0693", says, HINT)
    return program


def _traced(network: nn.Module, call: Call, free: dict[str, Any]) -> torch.export.ExportedProgram:
    """As torch does it by itself; ``len(x)`` is free only where it reads the bytecode, which takes longer."""
    try:
        return torch.export.export(network, *call, dynamic_shapes=free, strict=False)
    except Exception:  # a network may do anything
        return torch.export.export(network, *call, dynamic_shapes=free, strict=True)


HINT = "save_networks(path) writes its weights, objective.save(path) the formula as a module"


def _free(network: nn.Module, call: Call, other: Call) -> dict[str, Any]:
    """For each argument by its name, the dimensions that are of other sizes in another call."""
    signature = inspect.signature(network.forward)
    given, again = (signature.bind(*args, **named).arguments for args, named in (call, other))
    return {name: _free_in(value, again[name]) for name, value in given.items()}


def _free_in(value: Any, again: Any) -> Any:
    if isinstance(value, Tensor):
        sizes = enumerate(zip(value.shape, again.shape, strict=True))
        return {place: torch.export.Dim.DYNAMIC for place, (own, other) in sizes if own != other}
    if isinstance(value, dict):
        return {name: _free_in(each, again[name]) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_free_in(a, b) for a, b in zip(value, again, strict=True))
    return None


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, dict):
        return [each for part in value.values() for each in _tensors(part)]
    if isinstance(value, tuple | list):
        return [each for part in value for each in _tensors(part)]
    return [value] if isinstance(value, Tensor) else []
