"""``python -m benchmarks [MODEL ...]``: check that the contenders agree, time them, write the results."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path

import torch

from benchmarks import gate, tables
from benchmarks.clock import race
from benchmarks.machine import machine
from benchmarks.memory import peak_bytes
from benchmarks.models import NAMES, model


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(NAMES)} (all)")
    parser.add_argument("--rounds", type=int, default=100, help="how often each contender is timed (100)")
    parser.add_argument("--seconds", type=float, default=inf, help="begin no round later than this")
    parser.add_argument("--adam", type=float, default=1e-3, metavar="RATE", help="the rate of the step's Adam (1e-3)")
    parser.add_argument("--bare", action="store_true", help="leave out the step of Adam")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="time these contenders alone")
    parser.add_argument("--eager", action="store_true", help="leave out what goes through torch.compile")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="these settings alone, by number from 0")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=device, help=f"cpu, cuda ({device}: a GPU where there is one)")
    parser.add_argument("--check", action="store_true", help="compare losses and gradients, time nothing")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", help="the folder for results")
    options = parser.parse_args(arguments)
    if unknown := [each for each in options.models if each not in NAMES]:
        parser.error(f"no model {', '.join(unknown)}; there is {', '.join(NAMES)}")
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error(f"torch finds no GPU for --device {options.device}")
    torch.set_num_threads(1)
    for name in options.models or NAMES:
        _run(name, options)


def _run(name: str, options: argparse.Namespace) -> None:
    measured, where = model(name), machine()
    if options.sizes:
        measured = replace(measured, settings=tuple(measured.settings[each] for each in options.sizes))
    if options.eager:
        measured = replace(measured, contenders=tuple(each for each in measured.contenders if not each.compiled))
    for each in measured.contenders:
        if not each.available:
            print(f"left out: {each.name} ({each.needs} is not installed)")
    agreements = []
    for setting in measured.settings:
        for dtype in (torch.float64, torch.float32):
            agreements += gate.check(measured, setting, dtype)
    print(f"{measured.name}: all contenders agree in loss and gradients at the same noise")
    if options.check:
        return
    rate = None if options.bare else options.adam
    entered = race(measured, options.rounds, rate, options.only, options.seconds, options.device)
    for each in entered:
        each.peak = peak_bytes(each.step, options.device)
    step = "gradients to None, loss, backward" + (", Adam" if rate is not None else "")
    said = {"rounds": len(entered[0].seconds["wall"]), "step": step, "adam": rate, "device": options.device}
    found = tables.results(measured, entered, agreements, said, where)
    written = tables.write(found, options.out)
    print(tables.markdown(found))
    print("written:", *written)


if __name__ == "__main__":
    main()
