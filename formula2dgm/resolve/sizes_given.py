"""Sizes given as options, ``dims={"z": 16}``, beside what the formula says of the variables."""

from __future__ import annotations

from formula2dgm.resolve.context import Context


def check_sizes(context: Context) -> None:
    """A category is one of its values, counted: it has no size of its own, here or at other values (y_u beside y)."""
    for key, size in context.options.dims.items():
        stem, _, label = key.rpartition("_")
        near = context.model.spaces.get(key) or (context.model.spaces.get(stem) if label else None)
        if near is not None and near.kind == "category":
            context.found.error(
                "F2D-0708",
                f"dims[{key!r}]={size} gives a size to a category: its {near.classes} values are counted",
                None,
                f"leave {key} out of dims",
            )
