"""Training: in memory with :func:`fit`; as a script of its own with :func:`train`; what it left, with :func:`load`."""

from __future__ import annotations

import importlib.util
import math
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from formula2dgm.diagnostics import Diagnostic, FormulaError

SCRIPT = "model.py"


class Trainable(Protocol):
    """What :func:`fit` needs of an objective."""

    @property
    def players(self) -> tuple[str, ...]: ...

    def player_parameters(self, player: str) -> Sequence[nn.Parameter]: ...

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def __call__(self, data: Mapping[str, Tensor], **options: Any) -> Any: ...


def fit(
    objective: Trainable,
    data: Tensor | Mapping[str, Tensor],
    *,
    epochs: int = 10,
    batch_size: int = 64,
    lr: float = 1e-3,
    seed: int = 0,
    progress: bool = True,
) -> list[dict[str, float]]:
    """Minimise an objective's loss over data, with one Adam for each player; return a history.

    ``data`` maps each variable to ``[examples, event...]``; one tensor is the data of an objective of one variable.
    Variables with equally many examples are paired; a smaller data set is repeated beside a larger one. An epoch's
    entry holds the means of ``loss``, ``value`` and every term by its name (``"D: loss"`` where players have names).

    Raises FormulaError where there is nothing to train on (F2D-0681), and as soon as a number is not finite
    (F2D-0682), before it reaches the weights.

    >>> import torch
    >>> import formula2dgm as f2d
    >>> objective = f2d.compile("log p(x)", {"p(x)": f2d.Normal(loc=torch.nn.Parameter(torch.zeros(2)), scale=1.0)})
    >>> history = f2d.fit(objective, 3 + torch.randn(256, 2), epochs=5, lr=0.1, progress=False)
    >>> history[-1]["loss"] < history[0]["loss"]
    True
    """
    tensors = _checked(objective, data, batch_size)
    optimizers = {
        player: torch.optim.Adam(objective.player_parameters(player) if player else objective.parameters(), lr=lr)
        for player in objective.players or ("",)
    }
    order = torch.Generator().manual_seed(seed)
    history: list[dict[str, float]] = []
    for epoch in range(1, epochs + 1):
        sums: dict[str, float] = {}
        steps = 0
        for steps, batch in enumerate(_batches(tensors, batch_size, order), start=1):
            for player, optimizer in optimizers.items():
                _step(objective, optimizer, player, batch, sums, f"epoch {epoch}, step {steps}")
        history.append({name: total / steps for name, total in sums.items()})
        if progress:
            _report(epoch, epochs, history[-1])
    return history


def _step(
    objective: Trainable,
    optimizer: torch.optim.Optimizer,
    player: str,
    batch: dict[str, Tensor],
    sums: dict[str, float],
    when: str,
) -> None:
    """One step of one player; its numbers are added to the sums."""
    output = objective(batch, player=player) if player else objective(batch)
    for name, value in {"loss": output.loss, "value": output.value, **output.terms}.items():
        name, number = f"{player}: {name}" if player else name, value.mean().item()
        if not math.isfinite(number):
            raise _refusal("F2D-0682", f"{when}: {name} is {number}", "lower lr, or look at the term's inputs")
        sums[name] = sums.get(name, 0.0) + number
    optimizer.zero_grad(set_to_none=True)
    output.loss.mean().backward()
    optimizer.step()


def _checked(objective: Trainable, data: Tensor | Mapping[str, Tensor], batch_size: int) -> dict[str, Tensor]:
    """The data by name; refused where they make no batch."""
    if isinstance(data, Tensor):
        names = [each.name for each in getattr(objective, "inputs", ())]
        if len(names) != 1:
            raise _refusal("F2D-0681", f"one tensor for {len(names)} variables", f"pass a mapping of {names}")
        data = {names[0]: data}
    tensors = {name: torch.as_tensor(value) for name, value in data.items()}
    if not tensors or any(value.ndim == 0 or len(value) == 0 for value in tensors.values()) or batch_size < 1:
        sizes = {name: list(value.shape) for name, value in tensors.items()}
        raise _refusal("F2D-0681", f"there is no batch in data of shapes {sizes}, batch_size={batch_size}", None)
    return tensors


def _refusal(code: str, message: str, hint: str | None) -> FormulaError:
    return FormulaError(Diagnostic(code, "error", message, None, hint))


def _batches(data: dict[str, Tensor], size: int, order: torch.Generator) -> Iterator[dict[str, Tensor]]:
    """One epoch of the largest data set in a random order; the rest that fills no batch is left out."""
    totals = {len(value) for value in data.values()}
    longest, size = max(totals), min(size, *totals)
    places = {
        total: torch.cat([torch.randperm(total, generator=order) for _ in range(-(-longest // total))])
        for total in sorted(totals)
    }
    for start in range(0, longest - size + 1, size):
        yield {name: value[places[len(value)][start : start + size].to(value.device)] for name, value in data.items()}


def _report(epoch: int, epochs: int, means: dict[str, float]) -> None:
    """One line an epoch on stderr; on a terminal, each takes the place of the last."""
    terminal = sys.stderr.isatty()
    text = "  ".join(f"{name} {value:.4g}" for name, value in means.items())
    start, end = ("\r\033[K", "\n" if epoch == epochs else "") if terminal else ("", "\n")
    print(f"{start}epoch {epoch}/{epochs}  {text}", end=end, file=sys.stderr, flush=True)


def train(script: str, arguments: Sequence[str], out_dir: Path | str, modules: Sequence[Path] = ()) -> int:
    """Write a training script to the folder of a run and run it with this interpreter; return its exit status.

    ``modules`` are the user's files that the script imports; they are copied beside it. Ctrl-C reaches the script,
    which saves and stops; this process waits for it.
    """
    folder = Path(out_dir)
    path = folder / SCRIPT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")
        for each in modules:
            (folder / each.name).write_bytes(each.read_bytes())
    except OSError as error:
        raise _refusal("F2D-0684", f"the run cannot be written to '{folder}': {error.strerror}", None) from error
    process = subprocess.Popen([sys.executable, str(path), *arguments, "--out-dir", str(folder)])
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def load(folder: Path | str) -> nn.Module:
    """The objective of a run's folder with its trained weights: the module that the script there defines."""
    path, weights = Path(folder) / SCRIPT, Path(folder) / "ckpt.pt"
    known = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        module = _module(path)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        objective: nn.Module = module.make(module.Config(**state["config"]), state["shapes"])
        objective.load_state_dict(state["objective"])
    except Exception as error:  # a folder may hold anything
        found = [*str(error).splitlines(), repr(error)][0]
        raise _refusal("F2D-0683", f"'{folder}' is not the folder of a run: {found}", None) from error
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - known:  # another run's file may have the same name
            if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == Path(folder).resolve():
                del sys.modules[name]
    return objective.eval()


def _module(path: Path) -> ModuleType:
    """A script as a module, without running it."""
    name = f"formula2dgm_run_{abs(hash(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
