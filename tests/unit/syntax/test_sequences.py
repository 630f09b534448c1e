"""The notation of sequences: steps, histories, ranges of an index, recurrent networks and what they are given."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse, to_ascii, to_latex, tree

READ = {
    "a step before and a step behind": (r"z_{t-1} + z_{t+1} + z_{t-n}", "z_{t-1} + z_{t+1} + z_{t-n}"),
    "first and last steps": (r"z_0 + z_1 + z_T + z_{T-1}", "z_0 + z_1 + z_T + z_{T-1}"),
    "all steps": (r"x_{1:T} + x_{0:T} + x_{1..T} + x_{1{:}T} + x_{1\colon T}", "x_{1:T} + x_{0:T}" + " + x_{1:T}" * 3),
    "a history": (r"x_{1:t-1} + x_{<t} + x_{\lt t}", "x_{1:t-1} + x_{<t} + x_{<t}"),
    "a history with the present": (r"x_{1:t} + x_{\leq t} + x_{\le t} + x_{\leqslant t}", "x_{1:t}" + " + x_{<=t}" * 3),
    "a history that ends earlier": (r"o_{\leq t-1} + a_{<t-1}", "o_{<=t-1} + a_{<t-1}"),
    "the future": (r"x_{t:T} + x_{t+1:T} + x_{\geq t} + x_{>t}", "x_{t:T} + x_{t+1:T} + x_{>=t} + x_{>t}"),
    "a window": (r"z_{t-1:t} + x_{t-n:t-1} + x_{t:t+k}", "z_{t-1:t} + x_{t-n:t-1} + x_{t:t+k}"),
    "up to the last step": (r"q(z_{\le T}|x_{\leq T})", "q(z_{<=T}|x_{<=T})"),
    "all but one step": (r"x_{\neq t} + x_{\setminus t} + x_{\backslash t}", "x_{!=t} + x_{!=t} + x_{!=t}"),
    "times with numbers": (r"z_{t_1} + x_{t_1:t_2} + x_{1:t_2}", "z_{t_1} + x_{t_1 : t_2} + x_{1:t_2}"),
    "a second time": (r"r_{t'} + \gamma^{t'-t}", "r_{t'} + gamma^{t'-t}"),
    "a set of steps": (r"\{x_t\}_{t=1}^T + \{x_t\}_{t=0}^{T-1}", "x_{1:T} + x_{0:T-1}"),
    "a set of pairs": (r"\{(x_m, v_m)\}_{m=1}^M", "(x_{1:M}, v_{1:M})"),
    "two indices": (r"z_{t,i} + z_{t,<i} + z_{\le t, 1:L}", "z_{t, i} + z_{t, <i} + z_{<=t, 1:L}"),
    "a label behind the step": (
        r"h_t^{enc} + h^{\text{enc}}_t + h_{t-1}^{\mathrm{dec}}",
        "h_t^{(enc)} + h_t^{(enc)} + h_{t-1}^{(dec)}",
    ),
    "an arrow over a state": (r"\overrightarrow{h}_t + \overleftarrow{h_t}", "h_overrightarrow_t + h_overleftarrow_t"),
    "an arrow above": (r"h_t^{\rightarrow} + h_t^\leftarrow", "h_t^{(rightarrow)} + h_t^{(leftarrow)}"),
    "an accent": (r"\tilde a_t + \tilde{d}_{t:T}", "a_tilde_t + d_tilde_{t:T}"),
    "steps above": (r"h^{(t)} + x^{(t-1)} + p(x^{\le t}|z^{<t})", "h^{(t)} + x^{(t-1)} + p(x^{(<=t)}|z^{(<t)})"),
    "an example and its steps": (r"x_{<t}^{(i)} + x^{(i)}_{1:T_i}", "x_{<t}^{(i)} + x_{1:T_i}^{(i)}"),
    "script characters": ("hₜ₋₁ + x₁:ₜ₋₁ + x₀:T", "h_{t-1} + x_{1:t-1} + x_{0:T}"),
    "a sum in script characters": ("Σₜ₌₁ᵀ log p(xₜ|zₜ)", "sum_{t=1}^T log p(x_t|z_t)"),
    "accented characters": ("ĥₜ + ŷ + ẑ", "h_hat_t + y_hat + z_hat"),
    "plain text": ("x_<t + x_<=t + p(x_1:T | z_1:T) + h_t^enc", "x_{<t} + x_{<=t} + p(x_{1:T}|z_{1:T}) + h_t^{(enc)}"),
    "a sum with both bounds": (r"\sum_{t=2}^{T-1} a_t", "sum_{t=2}^{T-1} a_t"),
    "a sum without bounds": (r"\sum_t a_t + \prod_{t} b_t", "sum_t a_t + prod_t b_t"),
    "a sum with one bound": (r"\sum_{t \geq 1} a_t + \sum_{t>1} b_t", "sum_{t >= 1} a_t + sum_{t > 1} b_t"),
    "a sum between bounds": (
        r"\sum_{1 \le t \le T} a_t + \sum_{0 < s < t} b_s",
        "sum_{t=1}^T a_t + sum_{s=1}^{t-1} b_s",
    ),
    "a sum over a list": (r"\sum_{t=1,\dots,T} a_t + \sum_{t=1:T} b_t", "sum_{t=1}^T a_t + sum_{t=1}^T b_t"),
    "a product that runs down": (r"\prod_{t=T}^{1} p(x_{t-1}|x_t)", "prod_{t=1}^T p(x_{t-1}|x_t)"),
    "a sum from another index": (r"\sum_{\tau=t}^{T} r_\tau", "sum_{tau=t}^T r_tau"),
    "the length of a step": (r"x_{t+\Delta t} + a/\Delta t", "x_{t+Deltat} + a / Deltat"),
    "a vector of two": (r"f([r_t, h_{t-1}]) + g([x; y; z])", "f(concat(r_t, h_{t-1})) + g(concat(x, y, z))"),
    "a vector written as rows": (r"f([x_t^\top, h_t^\top]^\top)", "f(concat(x_t, h_t))"),
    "a vector times a matrix": (r"W_f [h, x] + W_c \cdot [h, x] + b", "W_f concat(h, x) + W_c dot concat(h, x) + b"),
    "a set of numbers": (r"U([0, 1]) + f([-1, 1])", "U([0, 1]) + f([-1, 1])"),
    "a distance": (r"W_p(a, b) + W_2[a, b] + W_1(a, b)", "W_p[a || b] + W_2[a || b] + W_1[a || b]"),
    "names of networks": (
        r"\alpha NN(x) + LSTM_\theta(x) + RNN^{enc}(x)",
        "alpha NN(x) + LSTM_theta(x) + RNN^{(enc)}(x)",
    ),
    "networks in text": (r"\text{GRU}(x) + \operatorname{LSTM}(x) + \mathrm{MLP}(x)", "GRU(x) + LSTM(x) + MLP(x)"),
}


@pytest.mark.parametrize(("text", "canonical"), READ.values(), ids=READ)
def test_a_notation_is_read_and_printed_back(text: str, canonical: str) -> None:
    (statement,), diagnostics = parse(text)
    assert diagnostics == []
    assert to_ascii(statement) == canonical
    for again in (to_ascii(statement), to_latex(statement)):
        assert parse(again) == ((statement,), [])


# Where the range of an index is written, and what is left.
RANGES = {
    "behind a comma": r"z_t = f(z_{t-1}), \; t = 1, 2, \ldots, T",
    "with two bounds": r"z_t = f(z_{t-1}), \quad t = 1, \dots, T-1",
    "without commas": r"z_t = f(z_{t-1}), \quad t = 1 \ldots T",
    "with a colon": r"z_t = f(z_{t-1}), \quad t=1:T",
    "in a bracket": r"z_t = f(z_{t-1}) \qquad (t = 1, \dots, T)",
    "of another time": r"z_t = f(z_{t-1}), \quad \tau = t+1, \dots, t+H",
    "for all": r"z_t = f(z_{t-1}) \quad \forall t",
    "for all of a list": r"z_t = f(z_{t-1}), \quad \forall t = 1, \dots, T",
    "for all of a set": r"z_t = f(z_{t-1}) \quad \forall t \in \{1, \dots, T\}",
    "for all between": r"z_t = f(z_{t-1}), \quad \forall\, 1 \le t \le T",
    "in words": r"z_t = f(z_{t-1}) \text{ for all } t = 1, \dots, T",
    "in words with a bound": r"z_t = f(z_{t-1}) \quad \text{for all } t \geq 2",
    "in front": r"\forall t: z_t = f(z_{t-1})",
    "in front, a list": r"\text{for } t = 1, \dots, T: \quad z_t = f(z_{t-1})",
    "in front, a line": "\\text{For } t=1,\\ldots,T \\\\ z_t = f(z_{t-1})",
    "in characters": "zₜ = f(zₜ₋₁) ∀ t ∈ {1,…,T}",
    "in a bracket behind spaces": r"z_t = f(z_{t-1}) \ \ (t=1,\ldots,T)",
    "in words with a colon": r"z_t = f(z_{t-1}) \; \text{for} \; t=1:T",
    "in plain text": "z_t = f(z_{t-1}) for t = 1..T",
    "in plain text, for all": "z_t = f(z_{t-1}) for all t",
}


@pytest.mark.parametrize("text", RANGES.values(), ids=RANGES)
def test_over_what_an_index_runs_is_a_remark(text: str) -> None:
    statements, diagnostics = parse(text)
    assert diagnostics == []
    assert [to_ascii(each) for each in statements] == ["z_t = f(z_{t-1})"]


def test_a_range_of_an_index_is_no_part_of_the_draw_before_it() -> None:
    statements, diagnostics = parse(
        r"x_t = f(z_t) + \epsilon_t, \quad \epsilon_t \sim N(0, I), \quad \forall t = 1, \dots, T"
    )
    assert diagnostics == []
    assert [to_ascii(each) for each in statements] == ["x_t = f(z_t) + epsilon_t", "epsilon_t ~ N(0, I)"]


PAIRS = {
    r"(h_t, c_t) = \mathrm{LSTM}(x_t, (h_{t-1}, c_{t-1}))": "(h_t, c_t) = LSTM(x_t, (h_{t-1}, c_{t-1}))",
    r"h_t, c_t = LSTM(x_t; h_{t-1}, c_{t-1})": "(h_t, c_t) = LSTM(x_t; h_{t-1}, c_{t-1})",
    r"h_t, c_t = \operatorname{LSTM}(x_t, h_{t-1}, c_{t-1})": "(h_t, c_t) = LSTM(x_t, h_{t-1}, c_{t-1})",
    r"[\mu_t, \log \sigma_t^2] = \mathrm{MLP}(h_t)": "(mu_t, log sigma_t^2) = MLP(h_t)",
    r"[\mu, \sigma, \pi] := f(h)": "(mu, sigma, pi) := f(h)",
}


@pytest.mark.parametrize(("text", "canonical"), PAIRS.items())
def test_names_of_several_results_are_a_tuple(text: str, canonical: str) -> None:
    (statement,), diagnostics = parse(text)
    assert diagnostics == []
    assert to_ascii(statement) == canonical
    assert isinstance(statement.body, tree.Chain)
    assert isinstance(statement.body.members[0], tree.Tuple)


def test_a_list_that_wide_space_sets_apart_begins_a_statement() -> None:
    statements, diagnostics = parse(r"h_t = f(x_t), \quad \mu_t, \sigma_t = g(h_t), \quad \beta = 4")
    assert diagnostics == []
    assert [to_ascii(each) for each in statements] == ["h_t = f(x_t)", "(mu_t, sigma_t) = g(h_t)", "beta = 4"]


def test_the_bounds_of_a_sum_stay_expressions() -> None:
    (statement,), _ = parse(r"\sum_{t=2}^{T-1} a_t")
    big = statement.body
    assert isinstance(big, tree.Big)
    (binder,) = big.binders
    assert isinstance(binder, tree.Binds)
    assert (str(binder.name), str(binder.value), str(big.upper)) == ("t", "2", "T - 1")


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("x_{t-1}", tree.Add, "t-1"),
        ("x_{<t}", tree.OpenRange, "<t"),
        ("x_{<=t-1}", tree.OpenRange, "<=t-1"),
        ("x_{1:t-1}", tree.Range, "1:t-1"),
        ("x_{t:T}", tree.Range, "t:T"),
        ("x_0", tree.Number, "0"),
        ("x_T", tree.Symbol, "T"),
    ],
)
def test_what_an_index_is(text: str, kind: type[tree.Node], shown: str) -> None:
    (statement,), _ = parse(text)
    assert isinstance(statement.body, tree.Symbol)
    (index,) = statement.body.sub
    assert type(index) is kind
    assert str(index).replace(" ", "") == shown
