"""Noise that the caller gives: each draw says what it takes, and what does not fit is refused with its place.

Generated code spreads given noise over its draw, ``noise["z"].expand(shape)``, and what it cannot spread torch refuses
without a word of z. Only then is the call repeated with noise that compares its shape with the one asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches

from torch import Tensor

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program, Site
from formula2dgm.ir.rewrite import walk
from formula2dgm.spans import Span

NOISE = "noise["


def unknown_site(key: str, known: set[str]) -> Diagnostic:
    """The refusal of a key that names no draw."""
    close = get_close_matches(key, known, n=1)
    draws = ", ".join(sorted(known)) or "none"
    hint = (f"did you mean {close[0]}? " if close else "") + f"the formula's draws: {draws}"
    return Diagnostic("F2D-0604", "error", f"no draw is named {key!r}", None, hint)


def drawn_by_model(program: Program) -> set[str]:
    """The names of what the model itself draws, in ``sample``."""
    new = program.rollout.values if program.rollout is not None else ()
    made = list(walk(*(node for _, node in (*program.generative, *new))))
    undone = {program.denoiser.variable, "steps", "corrections"} if program.denoiser is not None else set()
    if program.denoiser is not None and program.denoiser.decoder is not None:
        made = [*made, *walk(program.denoiser.decoder.value)]
    undone |= {program.reversal.variable, "steps"} if program.reversal is not None else set()
    return undone | {each.key for each in made if isinstance(each, ir.Draw)}


def misfit(
    error: Exception, line: str | None, program: Program, noise: object, again: Callable[[Mapping[str, Tensor]], object]
) -> FormulaError | None:
    """What is wrong with the given noise, where a call failed in a line that reads noise; None where nothing is."""
    if not isinstance(noise, Mapping) or not noise or not isinstance(error, RuntimeError) or NOISE not in (line or ""):
        return None
    try:
        again(_Compared(program, noise))
    except _Misfit as found:
        return FormulaError(found.diagnostic)
    except Exception:
        return None
    return None


class _Misfit(Exception):
    def __init__(self, diagnostic: Diagnostic):
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class _Compared(Mapping[str, Tensor]):
    """The given noise, each compared with the shape that is asked of it."""

    def __init__(self, program: Program, noise: Mapping[str, Tensor]):
        self.program = program
        self.noise = noise

    def __getitem__(self, name: str) -> Tensor:
        site = next((each for each in self.program.sites if each.name == name), None)
        return _Asked(self.program, name, site, self.noise[name])  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        return iter(self.noise)

    def __len__(self) -> int:
        return len(self.noise)


class _Asked:
    """Noise of one draw, before its shape is known."""

    def __init__(self, program: Program, name: str, site: Site | None, given: Tensor):
        self.program, self.name, self.site, self.given = program, name, site, given

    def expand(self, *sizes: int | tuple[int, ...]) -> Tensor:
        """The noise in this shape, or its refusal."""
        shape = sizes[0] if isinstance(sizes[0], tuple) else tuple(each for each in sizes if isinstance(each, int))
        found = tuple(self.given.shape)
        if not _fits(found, shape):
            raise _Misfit(self._refusal(found, shape))
        return self.given.expand(shape)

    def _refusal(self, found: tuple[int, ...], shape: tuple[int, ...]) -> Diagnostic:
        says = f"the noise of {self.name} has shape {found}, but the draw takes {shape}{self._layout(shape)}"
        return Diagnostic("F2D-0606", "error", says, self._place(), "leading axes that are left out are shared")

    def _layout(self, shape: tuple[int, ...]) -> str:
        """What the dimensions are, where the formula says it."""
        if self.site is None or self.site.law is None:
            return ""
        axes, event = self.site.axes, () if self.site.law.scalar else self.site.law.shape
        if event is not None and len(axes) + len(event) != len(shape):
            return ""  # the model's own draw of the variable, which has other axes
        names = ["draws" if axis.kind == "sample" else axis.name for axis in axes]
        leading = [f"{name}: {size}" for name, size in zip(names, shape, strict=False)]
        return f": [{', '.join([*leading, *map(str, shape[len(axes) :])])}]"

    def _place(self) -> Span | None:
        node = self.site.node if self.site is not None else None
        law = node.law if isinstance(node, ir.Draw) else None
        for each in (node, law):
            if each is not None and (origins := self.program.arena.origins(each)):
                return origins[0].span
        return None


def _fits(found: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Can the noise be spread over the shape?"""
    ends = shape[len(shape) - len(found) :]
    return len(found) <= len(shape) and all(size in (1, end) for size, end in zip(found, ends, strict=True))
