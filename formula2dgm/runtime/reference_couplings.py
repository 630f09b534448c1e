"""Couplings of a batch in the reference interpreter: all assignments tried where there are few, else row by row."""

from __future__ import annotations

import math
from itertools import permutations

from formula2dgm.runtime.reference_values import Value

#: Up to so many rows all assignments are tried.
FEW = 6


def nearest_order(value: Value, to: Value) -> Value:
    """The rows of a value in the order in which the sum of squared distances to the rows of another is least."""
    rows, others = (each.tensor.detach().flatten(1).tolist() for each in (value, to))
    cost = [[sum((a - b) ** 2 for a, b in zip(row, other, strict=True)) for row in rows] for other in others]
    every = range(len(cost))
    if len(cost) <= FEW:
        order = min(permutations(every), key=lambda each: sum(cost[i][each[i]] for i in every))
    else:
        order = tuple(_assigned(cost))
    return Value(value.tensor[list(order)], True)


def _assigned(cost: list[list[float]]) -> list[int]:
    """The column of each row, by the Hungarian algorithm: one row enters at a time, and the others make room."""
    size = len(cost)
    of_row, of_column = [0.0] * size, [0.0] * (size + 1)
    row_at = [-1] * (size + 1)  # of each column; the last stands for the row that enters
    for entering in range(size):
        row_at[size], column = entering, size
        slack, before, seen = [math.inf] * size, [size] * size, [False] * (size + 1)
        while row_at[column] >= 0:
            seen[column] = True
            row = row_at[column]
            for each in (each for each in range(size) if not seen[each]):
                if (left := cost[row][each] - of_row[row] - of_column[each]) < slack[each]:
                    slack[each], before[each] = left, column
            following = min((each for each in range(size) if not seen[each]), key=lambda each: slack[each])
            least = slack[following]
            for each in range(size + 1):
                if seen[each]:
                    of_row[row_at[each]] += least
                    of_column[each] -= least
                elif each < size:
                    slack[each] -= least
            column = following
        while column != size:
            row_at[column], column = row_at[before[column]], before[column]
    columns = [0] * size
    for column, row in enumerate(row_at[:size]):
        columns[row] = column
    return columns
