"""Sizes given as options, ``dims={"z": 16}``, beside what the formula says of the variables."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.resolve.context import Context


def leave_categories(context: Context) -> None:
    """A category is one of its values, counted: a size of its own, here or at other values (y_u beside y), is left
    out, with a warning."""
    kept = dict(context.options.dims)
    for key, size in context.options.dims.items():
        stem, _, label = key.rpartition("_")
        near = context.model.spaces.get(key) or (context.model.spaces.get(stem) if label else None)
        if near is not None and near.kind == "category":
            del kept[key]
            if size != near.classes:
                counted = f"{key} is a category, its {near.classes} values are counted"
                message = f"dims[{key!r}]={size} is not used: {counted}"
                context.found.warning("F2D-0706", message, None, f"leave {key} out of dims")
    context.options = replace(context.options, dims=kept)
