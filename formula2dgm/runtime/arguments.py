"""What a call of an objective is given: formula keys made keywords, and what is missing refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from torch import Tensor

from formula2dgm.diagnostics import Diagnostic, Diagnostics, FormulaError
from formula2dgm.ir.program import Input, Program
from formula2dgm.runtime.noise import drawn_by_model, unknown_site

_OWN = ("player", "noise")


class Arguments:
    """The keywords of one program's ``forward``."""

    def __init__(self, program: Program, keywords: dict[str, str], called: str = "objective"):
        self.program = program
        self.keywords = keywords
        self.called = called
        self.found = Diagnostics()

    def prepare(self, batch: tuple[Any, ...], data: dict[str, Any], objective: Any) -> dict[str, Any]:
        """The keyword arguments of ``forward``; every refusal at once."""
        given = self._merged(batch, data)
        if given.get("noise") is not None:
            given["noise"] = named_noise(self.program, given["noise"], self.found)
        self._check_player(given)
        self._check_data(given)
        self._check_hyperparameters(given, objective)
        self._check_plates(given, objective)
        self.found.raise_errors()
        return given

    def _merged(self, batch: tuple[Any, ...], data: dict[str, Any]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if batch and isinstance(batch[0], Mapping):
            given = {self._keyword(str(key)): value for key, value in batch[0].items()}
        elif batch:
            names = [self.keywords[each.name] for each in self.program.inputs]
            given = dict(zip(names, batch, strict=False))
        given.update({self._keyword(key): value for key, value in data.items()})
        return given

    def _keyword(self, key: str) -> str:
        """The keyword for a formula's name, however it is spelled: ``\\hat x`` is ``x_hat``."""
        if key in _OWN or key in self.keywords.values():
            return key
        name = key if key in self.keywords else canonical(key)
        return self.keywords.get(name, name)

    def _check_player(self, given: dict[str, Any]) -> None:
        players = [each.player for each in self.program.objectives if each.player is not None]
        chosen = given.get("player")
        if len(self.program.objectives) < 2:
            if chosen is not None and chosen not in players:
                self._error("F2D-0602", f"no player is named {chosen!r}", None, _one_of(players))
            given.pop("player", None)
        elif chosen not in players:
            said = "the formula has several players" if chosen is None else f"no player is named {chosen!r}"
            self._error("F2D-0602", said, None, _one_of(players))

    def _check_data(self, given: dict[str, Any]) -> None:
        sizes: dict[object, tuple[str, int]] = {}
        for each in self.program.inputs:
            keyword = self.keywords[each.name]
            value = given.get(keyword)
            if value is None:
                given_all = ", ".join(f"{self.keywords[i.name]}=..." for i in self.program.inputs)
                hint = f"call it as {self.called}({given_all})"
                self._error("F2D-0601", f"{each.name} is missing: the formula needs it as data", each, hint)
            elif not isinstance(value, Tensor):
                self._error("F2D-0603", f"{each.name} is a {type(value).__name__}, not a tensor", each)
            else:
                self._check_shape(each, value, sizes)

    def _check_shape(self, each: Input, value: Tensor, sizes: dict[object, tuple[str, int]]) -> None:
        lead, shape = len(each.axes), tuple(value.shape)
        layout = ", ".join(axis.name for axis in each.axes)
        if value.dim() < lead:
            self._error("F2D-0606", f"{each.name} has shape {shape}, but is [{layout}, event...]", each)
            return
        if 0 in shape[:lead]:
            self._error("F2D-0606", f"{each.name} has shape {shape}: there is no example in it", each)
        if each.shape is not None and shape[lead:] != each.shape:
            expected = ", ".join([*(axis.name for axis in each.axes), *map(str, each.shape)])
            self._error("F2D-0606", f"{each.name} has shape {shape}, but is [{expected}]", each)
        for axis, size in zip(each.axes, shape, strict=False):
            other, known = sizes.setdefault(axis, (each.name, size))
            if size != known:
                hint = f"data of one {axis.kind} have one size"
                self._error(
                    "F2D-0605", f"{each.name} has {size} along {axis.name}, but {other} has {known}", each, hint
                )

    def _check_hyperparameters(self, given: dict[str, Any], objective: Any) -> None:
        for each in self.program.hyperparameters:
            keyword = self.keywords[each.name]
            value = given.get(keyword, getattr(objective, keyword, None))
            if each.fixed and keyword in given:
                hint = f"give it when the objective is made: {{{each.name!r}: {given[keyword]}}}"
                said = f"{each.name} is part of a schedule, which is computed once"
                self.found.error("F2D-0613", said, each.span, hint)
            elif value is None:
                hint = f"bind {each.name!r}, or pass {keyword}= at each call"
                self.found.error("F2D-0608", f"{each.name} has no value", each.span, hint)
            elif isinstance(value, bool) or not isinstance(value, Tensor | int | float):
                self.found.error("F2D-0603", f"{each.name} is a {type(value).__name__}, not a number", each.span)
            elif isinstance(value, Tensor) and value.numel() != 1:
                said = (
                    f"{each.name} is one number in the formula, but a tensor of shape {tuple(value.shape)} was passed"
                )
                self.found.error("F2D-0603", said, each.span)
            elif each.whole and (float(value) < 1 or float(value) != int(value)):
                self.found.error("F2D-0667", f"{each.name} is {value}, not a whole number above 0", each.span)

    def _check_plates(self, given: dict[str, Any], objective: Any) -> None:
        """The parts of an example, or the steps of a sequence, are as many as the formula says."""
        for each in self.program.inputs:
            value = given.get(self.keywords[each.name])
            if not isinstance(value, Tensor) or value.dim() < len(each.axes):
                continue
            for axis, size in zip(each.axes, value.shape, strict=False):
                named = isinstance(axis.size, str) and axis.kind in ("plate", "time")
                keyword = self.keywords[str(axis.size)] if named else ""
                said = given.get(keyword, getattr(objective, keyword, None)) if named else axis.size
                if axis.kind in ("plate", "time") and said is not None and size != said:
                    said_as = f"{axis.size} is {said}" if named else f"the formula says {said}"
                    hint = f"bind {axis.size} to {size}, or pass it at the call" if named else None
                    self._error("F2D-0605", f"{each.name} has {size} along {axis.name}, but {said_as}", each, hint)

    def _error(self, code: str, message: str, each: Input | None, hint: str | None = None) -> None:
        self.found.error(code, message, each.span if each else None, hint)


def named_noise(program: Program, noise: object, found: Diagnostics) -> dict[str, Tensor]:
    """Noise by the names of the draws; what is none goes to ``found``."""
    if not isinstance(noise, Mapping):
        says = f"noise is a {type(noise).__name__}, not a mapping from draws to tensors"
        found.error("F2D-0603", says, None, "write noise={'z': tensor}")
        return {}
    sites = {each.name for each in program.sites}
    known = sites | drawn_by_model(program)
    named: dict[str, Tensor] = {}
    for key, value in noise.items():
        name = key if key in sites else canonical(str(key))
        if name not in known:
            found.extend([unknown_site(str(key), known)])
        elif not isinstance(value, Tensor):
            found.error("F2D-0603", f"the noise of {name} is a {type(value).__name__}, not a tensor")
        named[name] = value
    return named


def given_noise(program: Program, noise: object) -> dict[str, Tensor] | None:
    """The same, refused at once."""
    if noise is None:
        return None
    found = Diagnostics()
    named = named_noise(program, noise, found)
    found.raise_errors()
    return named


@cache
def canonical(key: str) -> str:
    """The name that a formula key spells, or the key itself where it is no formula.

    >>> canonical(r"\\hat x"), canonical("z1"), canonical("q(z | x)#2"), canonical("not a formula(")
    ('x_hat', 'z_1', 'q(z|x)#2', 'not a formula(')
    """
    from formula2dgm.reading.names import read_name
    from formula2dgm.syntax import parse_one, tree

    stem, mark, repeat = key.partition("#")
    try:
        node = parse_one(stem)
    except FormulaError:
        return key
    name = read_name(node, frozenset()).id if isinstance(node, tree.Symbol) else str(node)
    return name + mark + repeat


def _one_of(players: list[str]) -> str:
    shown = " or ".join(f"player={each!r}" for each in players)
    return f"pass {shown}" if shown else "the formula names no player"


def refuse(code: str, message: str, hint: str | None = None) -> FormulaError:
    """An error about the use of an objective, without a place in the formula."""
    return FormulaError(Diagnostic(code, "error", message, None, hint))
