"""From a program to the text of a torch-only Python module."""

from __future__ import annotations

from formula2dgm.codegen.module import Generated, generate
from formula2dgm.codegen.uses import Share

__all__ = ["Generated", "Share", "generate"]
