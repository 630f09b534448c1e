"""Networks that follow the weights of others, step by step as a moving average."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from formula2dgm.library.targets import follow, follow_tensor, target_of


def test_a_target_has_the_weights_as_buffers_and_nothing_to_train() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    target = target_of(network)
    assert not list(target.parameters()) and set(target.state_dict()) == set(network.state_dict())
    x = torch.randn(5, 2)
    assert_close(target.eval()(x), network.eval()(x))
    assert not target(x).requires_grad
    with torch.no_grad():
        network[0].weight += 1
    assert_close(target[0].weight, network[0].weight - 1)


def test_a_weight_that_is_shared_is_one_tensor() -> None:
    network = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    network[1].weight = network[0].weight
    target, before = target_of(network), network[0].weight.detach().clone()
    assert target[0].weight is target[1].weight
    with torch.no_grad():
        network[0].weight += 1
    follow(target, network, 0.75)  # moved once, not twice
    assert_close(target[0].weight, before + 0.25)


def test_it_follows_at_its_decay() -> None:
    network = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    target = target_of(network)
    own = target[0].weight.clone()
    with torch.no_grad():
        network[0].weight.fill_(3.0)
    network[1].running_mean.fill_(7.0)
    follow(target, network, 0.9)
    assert_close(target[0].weight, 0.9 * own + 0.3)
    assert target[1].running_mean.tolist() == [7.0]  # statistics are those of the network
    follow(target, network, 0.0)
    assert_close(target[0].weight, network[0].weight.detach())


def test_a_tensor_that_follows() -> None:
    target = torch.tensor([1.0, 2.0])
    follow_tensor(target, torch.tensor([5.0, 0.0]), 0.75)
    assert_close(target, torch.tensor([2.0, 1.5]))
    for wrong in (1.0, -0.1):
        with pytest.raises(ValueError, match=f"not {wrong}"):
            follow_tensor(target, target, wrong)
