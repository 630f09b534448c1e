"""Couplings of a minibatch: which noise goes with which data, so that the paths between them are short."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def coupled_order(x: Tensor, y: Tensor) -> Tensor:
    """For each row of ``y`` the row of ``x`` that goes with it: of all assignments one to one, the one with the least
    sum of squared distances."""
    return least_assignment(squared_distances(x, y)).to(x.device)


def entropic_order(x: Tensor, y: Tensor, weight: Tensor | float) -> Tensor:
    """For each row of ``y`` a row of ``x``, drawn from the plan between both that costs least: the mean squared
    distance and ``weight`` times the negative entropy."""
    plan = entropic_plan(squared_distances(x, y).T, float(weight)).to(x.device)
    return torch.multinomial(plan, 1).squeeze(1)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """||x_i - y_j||^2 over all entries of the rows of x and of y: [rows of x, rows of y], in float64."""
    if len(x) != len(y):
        raise ValueError(f"a coupling pairs equally many rows, not {len(x)} with {len(y)}")
    x, y = (each.detach().reshape(len(each), -1).double() for each in (x, y))
    if x.shape != y.shape:
        raise ValueError(f"a coupling pairs rows of one size, not of {x.shape[1]} entries with {y.shape[1]}")
    cost = (x**2).sum(1, keepdim=True) + (y**2).sum(1) - 2 * x @ y.T
    if not bool(torch.isfinite(cost).all()):
        raise ValueError("a coupling pairs rows by their distances, but some of them are not finite")
    return cost.clamp(min=0)


def least_assignment(cost: Tensor) -> Tensor:
    """For each column of a square matrix the row that is assigned to it, so that the sum of the costs is least.
    Prices of the columns are found by bids, then shortest augmenting paths from all free rows at once."""
    cost = cost.cpu()
    # what a pair costs beyond the prices of its row and its column, [columns, rows]: never below 0, and 0 for what is
    # assigned, so that no assignment is cheaper
    left = (cost + _prices(cost)).T.contiguous()
    left -= left.min(0).values
    row_of = torch.full((len(left),), -1, dtype=torch.long)
    while bool((row_of < 0).any()):
        far, before, through = _shortest_ways(left, row_of)
        left.add_(before).sub_(far.unsqueeze(1)).clamp_(min=0)
        _augment(row_of, through.tolist())
    return row_of


def _prices(cost: Tensor, rounds: int = 6, smaller: float = 5.0) -> Tensor:
    """Prices of the columns at which most rows want columns of their own: all rows without one bid at once for what is
    cheapest to them, as much more as the second cheapest costs, and a step, ever smaller (Bertsekas 1988)."""
    size, price = len(cost), cost.new_zeros(len(cost))
    step = float(cost.max() - cost.min()) / 2 if size > 1 else 0.0
    for _ in range(rounds if step > 0 else 0):
        row_of, free = torch.full((size,), -1), torch.arange(size)
        while len(free) > size // 20:
            (least, second), (column, _) = (each.unbind(1) for each in torch.topk(cost[free] + price, 2, largest=False))
            bid = second - least + step
            most = price.new_zeros(size).scatter_reduce(0, column, bid, "amax")
            wins = bid == most[column]
            row_of[column[wins]] = free[wins]
            price = price + most
            free = (torch.bincount(row_of[row_of >= 0], minlength=size) == 0).nonzero().squeeze(1)
        step /= smaller
    return price


def _shortest_ways(left: Tensor, row_of: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How far each column is, and each row, from the free rows, where an assigned row goes on from its column; and the
    row before each column on the way."""
    assigned = row_of >= 0
    rows = row_of[assigned]
    before = left.new_full((len(left),), math.inf)
    before[row_of.new_tensor(sorted(set(range(len(left))) - set(rows.tolist())))] = 0
    far, through = (left + before).min(1)
    while True:
        before[rows] = far[assigned]
        nearer, last = (left + before).min(1)
        shorter = nearer < far
        if not bool(shorter.any()):
            return far, before, through
        far, through = torch.where(shorter, nearer, far), torch.where(shorter, last, through)


def _augment(row_of: Tensor, through: list[int]) -> None:
    """From each free row one way to a free column, along which every row moves on by one column."""
    rows = row_of.tolist()
    column_of = {row: column for column, row in enumerate(rows) if row >= 0}
    entered: set[int] = set()
    for end in (column for column, row in enumerate(rows) if row < 0):
        way = [end]
        while (row := through[way[-1]]) in column_of:
            way.append(column_of[row])
        if row not in entered:
            entered.add(row)
            for column in way:
                row_of[column] = through[column]


def entropic_plan(cost: Tensor, weight: float, tolerance: float = 1e-6, most: int = 10_000) -> Tensor:
    """exp((f_i + g_j - cost_ij) / weight), with f and g such that rows and columns sum to one over their number:
    Sinkhorn's iterations on logarithms, until no row is off by more than ``tolerance`` of its sum."""
    if not weight > 0:
        raise ValueError(f"the weight of the entropy of a plan is positive, not {weight:g}")
    scaled, f, g = cost / weight, cost.new_zeros(len(cost), 1), cost.new_zeros(1, len(cost))
    for _ in range(most):
        f = -torch.logsumexp(g - scaled, 1, keepdim=True)
        g = -torch.logsumexp(f - scaled, 0, keepdim=True)
        plan = (f + g - scaled).exp()
        if bool(((plan.sum(1) - 1).abs() <= tolerance).all()):
            break
    return plan / len(cost)
