"""Samples of an objective that undoes noise: its settings and conditions, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from formula2dgm.ir.denoising import Denoiser
from formula2dgm.runtime.arguments import Arguments, canonical, given_noise, refuse
from formula2dgm.runtime.errors import refusal_of

SETTINGS = ("steps", "eta", "order", "corrections", "snr", "guidance")


def undone(
    objective: Any, n: int | None, given: Mapping[str, Any], noise: Mapping[str, Tensor] | None
) -> dict[str, Tensor]:
    """n samples, or as many as the conditions have rows; ``given`` are settings and conditions by name."""
    facts = objective._facts
    found: Denoiser = facts.program.denoiser
    chosen = {key: given[key] for key in SETTINGS if key in given}
    check_settings(n, chosen, bool(found.kept))
    conditions = _conditions(objective, found, {key: value for key, value in given.items() if key not in chosen})
    if found.coupled:
        chosen = _along_the_flow(chosen)
    rows = {len(each) for each in conditions.values()}
    count = n if n is not None else max(rows, default=1)
    if rows - {1, count}:
        read = ", ".join(found.conditions)
        raise refuse(
            "F2D-0605", f"{count} samples are wanted, but {read} has {max(rows)} rows", "one row for each sample"
        )
    rowed = [each.expand(count, *each.shape[1:]) for each in conditions.values()]
    noised = given_noise(facts.program, noise)
    draw = objective._sample_model

    def again(other: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
        made: dict[str, Tensor] = draw(count, *rowed, noise=other, **chosen)
        return made

    try:
        return again(noised)
    except Exception as error:
        refusal = refusal_of(error, facts, noised, again)
        if refusal is not None:
            raise refusal from error
        raise


def check_settings(n: int | None, chosen: Mapping[str, Any], guides: bool) -> None:
    """Refuse numbers of samples and settings that are impossible."""
    for name, value, least in (
        ("n", n, 1),
        ("steps", chosen.get("steps"), 1),
        ("corrections", chosen.get("corrections"), 0),
    ):
        if value is not None and (not _is_whole(value) or value < least):
            raise refuse("F2D-0708", f"{name}={value!r} is not a whole number" + " above 0" * least)
    eta, order = chosen.get("eta", 0), chosen.get("order", 1)
    if not _is_number(eta) or not 0 <= eta <= 1:
        hint = "1 draws each step anew, 0 draws none of them"
        raise refuse("F2D-0708", f"eta={eta!r} is not a number from 0 to 1", hint)
    if not _is_whole(order) or order not in (0, 1, 2):
        hint = "1 goes from the beginning of each step, 2 by both ends, 0 leaves all to corrections"
        raise refuse("F2D-0708", f"order={order!r} is none of 0, 1 and 2", hint)
    if order == 2 and eta != 0:
        raise refuse("F2D-0708", f"order=2 draws nothing on the way, but eta is {eta}", "pass eta=0")
    if order == 0 and not chosen.get("corrections", 0):
        raise refuse("F2D-0708", "order=0 leaves all to corrections, but there are none", "pass corrections=10")
    snr = chosen.get("snr", 0.16)
    if not _is_number(snr) or not 0 < snr < 1:
        raise refuse("F2D-0708", f"snr={snr!r} is not a number between 0 and 1")
    guidance = chosen.get("guidance", 0)
    if not _is_number(guidance):
        raise refuse("F2D-0708", f"guidance={guidance!r} is not a number")
    if "guidance" in chosen and not guides:
        hint = r"leave conditions out at times: \epsilon_\theta(x_t, t, b y), b \sim Bernoulli(0.9)"
        raise refuse("F2D-0495", "nothing is known of this model without its conditions: no guidance", hint)


def _along_the_flow(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a path whose noise goes with the data: nothing is drawn on the way."""
    for name in ("eta", "corrections"):
        if chosen.get(name, 0) != 0:
            raise refuse(
                "F2D-0542",
                f"{name}={chosen[name]!r} draws on the way, as if x_t were normal given the data; it is not, where "
                "noise goes with data by a plan",
                "leave it out: the samples follow the differential equation",
            )
    return {key: value for key, value in chosen.items() if key not in ("eta", "corrections", "snr")}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _conditions(objective: Any, found: Denoiser, given: Mapping[str, Any]) -> dict[str, Tensor]:
    """The conditions by name, in order; every refusal at once."""
    program, keywords = objective._facts.program, objective._facts.generated.arguments
    known = {keywords[name]: name for name in found.conditions}
    data = {}
    for key, value in given.items():
        keyword = key if key in known else keywords.get(canonical(str(key)), str(key))
        if keyword not in known:
            read = ", ".join(found.conditions) or "none"
            raise refuse(
                "F2D-0495", f"the sampler takes no {key}", f"conditions: {read}; settings: {', '.join(SETTINGS)}"
            )
        data[keyword] = value
    inputs = tuple(each for each in program.inputs if each.name in found.conditions)
    needed = replace(program, objectives=(), inputs=inputs, hyperparameters=())
    prepared = Arguments(needed, keywords, "objective.sample").prepare((), data, objective)
    return {name: prepared[keyword] for keyword, name in known.items()}
