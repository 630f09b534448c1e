"""Along which indices a text moves, and which names are one variable at its steps."""

from __future__ import annotations

import pytest

from formula2dgm.reading.kinds import find_indices
from formula2dgm.reading.names import Indices, Name, read_name
from formula2dgm.syntax import tree
from tests.readings.golden import read


def indices_of(text: str) -> tuple[Indices, list[tree.Node]]:
    bodies = [each.body for each in read(text).statements]
    return find_indices(bodies)[0], bodies


MOVES = {
    "a recurrence": (r"h_t = f(h_{t-1}, x_t)", {"t"}),
    "a recurrence that runs backwards": (r"a_t = g(a_{t+1}, x_t)", {"t"}),
    "a next step": (r"z_{t+1} = A z_t + w_t", {"t"}),
    "a draw": (r"z_t \sim q(z_t|z_{t-1}, x_{\le t})", {"t"}),
    "a history": (r"\log p(x_t|x_{<t})", {"t"}),
    "a window": (r"\log p(x_t|x_{t-n:t-1})", {"t"}),
    "the future": (r"q(z_t|x_{t:T})", {"t"}),
    "steps above": (r"h^{(t)} = f(h^{(t-1)}, x^{(t)})", {"t"}),
    "steps above without brackets": (r"h^t = f(h^{t-1}, x^t)", {"t"}),
    "layers": (r"(h_{l+1}, c_{l+1}) = f(z_l, h_l, c_l)", {"l"}),
    "another letter": (r"z_k = f(z_{k-1}) + w_k", {"k"}),
    "a Greek time": (r"z_\tau \sim p(z_\tau|z_{\tau-1})", {"tau"}),
    "a second time": (r"\sum_{t=1}^T \sum_{t'=t}^T \gamma^{t'-t} r_{t'}", {"t", "t_prime"}),
    "steps ahead": (r"f(x_{t+k}, c_t) = \exp(z_{t+k}^\top W_k c_t)", {"t"}),
    "a sum alone": (r"\sum_t \log p(x_t|z_t)", {"t"}),
    "two sums": (r"\sum_{t=1}^T \sum_{m=1}^M f(x_{t,m})", {"t", "m"}),
    "parameters named tau": (r"h_t = f_\theta(\varphi_\tau^x(x_t), \varphi_\tau^z(z_t), h_{t-1})", {"t"}),
    "a time that is a value": (r"\|\epsilon - \epsilon_\theta(x_t, t)\|^2 + \|x_{t-1}\|^2", set()),
    "a time that is drawn": (r"\mathbb{E}_{t \sim \mathcal{U}\{1, T\}}[\log p(x_t|x_{<t})]", set()),
    "a label": (r"\log p(x_t|z_t)", set()),
    "two times": (r"\log p(z_{t_2}|z_{t_1})", set()),
}


@pytest.mark.parametrize(("text", "names"), MOVES.values(), ids=MOVES)
def test_indices_are_found_without_a_sum_over_them(text: str, names: set[str]) -> None:
    assert indices_of(text)[0] == names


def named(text: str, shown: str) -> Name:
    """How the first symbol of the text that is spelled so is read."""
    indices, bodies = indices_of(text)
    symbols = (each for body in bodies for each in body.walk() if isinstance(each, tree.Symbol))
    return read_name(next(each for each in symbols if str(each) == shown), indices)


CHAIN = r"p(z_1) \prod_{t=2}^T p(z_t|z_{t-1})"
STEPS = {
    "the first step": (CHAIN, "z_1", "z", ["1"]),
    "before the first step": (r"z_t = f(z_{t-1}); z_0 = 0", "z_0", "z", ["0"]),
    "the last step": (r"h_t = f(h_{t-1}, x_t); y = g(h_T)", "h_T", "h", ["T"]),
    "before the last step": (r"h_t = f(h_{t-1}, x_t); y = g(h_{T-1})", "h_{T-1}", "h", ["T - 1"]),
    "a last step of another name": (r"z_k = f(z_{k-1}); \sum_{k=1}^K a_k; y = g(z_K)", "z_K", "z", ["K"]),
    "a sum alone": (r"\sum_{t=1}^T \log p(x_t|z_t) + \log p(z_1)", "z_1", "z", ["1"]),
    "a label beside the step": (r"h_t^{enc} = f(h_{t-1}^{enc}); h_0^{enc} = 0", "h_0^{(enc)}", "h_enc", ["0"]),
    "a label before the step": (r"\mu_{0,t} = f(h_{t-1})", "mu_{0, t}", "mu_0", ["t"]),
    "steps above": (r"h^{(t)} = f(h^{(t-1)}); h^{(0)} = 0", "h^{(0)}", "h", ["0"]),
    "a number without steps": (r"z_t = A z_{t-1}; p(z_0) = N(\mu_0, I)", "mu_0", "mu_0", []),
    "a weight": (r"h_t = W_1 h_{t-1} + b_T", "b_T", "b_T", []),
    "a data point of a diffusion": (r"\sum_{t=2}^T KL[q(x_{t-1}|x_t,x_0) \| p(x_{t-1}|x_t)]", "x_0", "x_0", []),
    "latents without a chain": (r"\log p(x|z_1) + \log p(z_1|z_2)", "z_1", "z_1", []),
}


@pytest.mark.parametrize(("text", "shown", "name", "index"), STEPS.values(), ids=STEPS)
def test_numbers_and_last_steps_are_steps_of_one_variable(text: str, shown: str, name: str, index: list[str]) -> None:
    found = named(text, shown)
    assert (found.id, [str(each) for each in found.index]) == (name, index)


@pytest.mark.parametrize("network", ["phi_tau^{(x)}", "f_theta"])
def test_parameters_are_no_times(network: str) -> None:
    found = named(r"h_t = f_\theta(\varphi_\tau^x(x_t), h_{t-1})", network)
    assert found.index == ()
