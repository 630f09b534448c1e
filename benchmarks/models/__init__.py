"""The models that are measured, by name: one module each, with its table of contenders as ``MODEL``."""

from __future__ import annotations

from importlib import import_module

from benchmarks.contest import Model

NAMES = ("vae", "iwae", "classes", "factor_vae", "wgan_gp", "diffusion", "dmm")


def model(name: str) -> Model:
    """The model of that name."""
    found = import_module(f"benchmarks.models.{name}").MODEL
    assert isinstance(found, Model)
    return found
