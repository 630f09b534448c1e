"""Dataclasses that are quick to make: a process makes some three hundred of them before it reads its first formula.

``dataclasses.dataclass`` writes and compiles six functions for each frozen class. Only ``__init__`` has to be its
own: the others are the same for all. What is made is a dataclass, with ``fields``, ``replace`` and patterns;
frozen classes made of it are made here, too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(kind: type | None = None, /, **options: bool) -> Any:
        """``dataclasses.dataclass``; frozen classes with slots are made quickly."""
        quick = options.get("frozen") and options.get("slots") and not options.get("order")

        def make(kind: type) -> type:
            return _record(kind, **options) if quick else dataclasses.dataclass(**options)(kind)

        return make if kind is None else make(kind)


def _record(kind: Any, eq: bool = True, kw_only: bool = False, **_: bool) -> type:
    """A frozen dataclass with slots."""
    own = vars(kind)
    if kind.__doc__ is None:
        kind.__doc__ = kind.__name__
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(kind)
    made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
    if "__getstate__" not in own:
        made.__getstate__, made.__setstate__ = _state, _set_state
    if "__repr__" not in own:
        made.__repr__ = _repr
    if eq:
        compared = [each.name for each in fields(made) if each.compare]
        for name, function in _comparisons(compared, hasattr(made, "_hash")).items():
            if name not in own:
                setattr(made, name, function)
    made.__init__ = _init(made)
    return made


def _init(kind: Any) -> Any:
    """The function that sets the fields, written out."""
    known: dict[str, Any] = {"MISSING": MISSING}
    positional, named, lines = ["self"], list[str](), list[str]()
    for each in fields(kind):
        default, value = _default(each, known)
        if each.init:
            (named if each.kw_only else positional).append(f"{each.name}{default}")
        elif not default:
            continue
        known[f"set_{each.name}"] = getattr(kind, each.name).__set__  # of the slot: twice as quick as by its name
        lines.append(f"    set_{each.name}(self, {value})")
    if hasattr(kind, "__post_init__"):
        lines.append("    self.__post_init__()")
    arguments = ", ".join([*positional, *(("*", *named) if named else ())])
    exec("\n".join([f"def __init__({arguments}):", *(lines or ["    pass"])]), known)  # noqa: S102
    made = known["__init__"]
    made.__qualname__, made.__module__ = f"{kind.__qualname__}.__init__", kind.__module__
    return made


def _default(each: Field[Any], known: dict[str, Any]) -> tuple[str, str]:
    """What a field's argument has behind its name, and what the field is set to."""
    if each.default_factory is not MISSING:
        known[f"make_{each.name}"] = each.default_factory
        call = f"make_{each.name}()"
        return "=MISSING", f"{call} if {each.name} is MISSING else {each.name}" if each.init else call
    if each.default is not MISSING:
        known[f"default_{each.name}"] = each.default
        return f"=default_{each.name}", each.name if each.init else f"default_{each.name}"
    return "", each.name


def _comparisons(names: list[str], keeps: bool) -> dict[str, Callable[..., Any]]:
    """Equality and hash by some of the fields; a record with a slot ``_hash`` keeps its own."""
    compared: Callable[[Any], tuple[Any, ...]]
    if len(names) == 1:
        only = attrgetter(names[0])
        compared = lambda record: (only(record),)  # noqa: E731
    else:
        compared = attrgetter(*names) if names else lambda record: ()

    def __eq__(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def __hash__(self: Any) -> int:
        return hash(compared(self))

    def kept(self: Any) -> int:
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", __hash__(self))
            return self._hash

    return {"__eq__": __eq__, "__hash__": kept if keeps else __hash__}


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
