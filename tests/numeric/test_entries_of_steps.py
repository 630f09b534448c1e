r"""Steps whose entries follow one another: ``\sum_t \sum_i \log p(z_{t,i} | z_{<t}, z_{t,<i}, c_{\le t}, a_{<t})``."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Categorical, Normal

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

STEPS, ENTRIES, CLASSES = 3, 4, 5
TEXT = r"L = -\sum_{t=1}^T \sum_{i=1}^n \log p(z_{t,i} | \mathbf{z}_{<t}, z_{t,%s}, c_{\le t}, a_{<t}); n = 4"
SPACES = {
    "classes": (r"; z_{t,i} \in \{1, \dots, 5\}", lambda y: Categorical(logits=y)),
    "bits": (r"; z_{t,i} \in \{0, 1\}", lambda y: Bernoulli(logits=y)),
    "numbers": ("", lambda y: Normal(y, 1.0)),
}
RANGES = {"open": "<i", "named": "j<i", "from the first": "1:i-1", "named from the first": r"1 \le j < i"}
DIMS = {"c": 2, "a": 3}


def batch(space: str) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    z = torch.randint(CLASSES if space == "classes" else 2, (6, STEPS, ENTRIES), generator=generator)
    z = torch.randn(z.shape, generator=generator) if space == "numbers" else z
    given = {name: torch.randn(6, STEPS, size, generator=generator).double() for name, size in DIMS.items()}
    return {"z": z if space == "classes" else z.double(), **given}


def entry_by_entry(objective: nn.Module, law: object, data: dict[str, Tensor]) -> Tensor:
    """The sum as it is written: every term reads the steps and the entries that it is given, and nothing else."""
    networks = {name: each for name, each in objective.named_children() if name.startswith("p_z")}
    codes = {name[-1]: each for name, each in networks.items() if "code_of" in name}
    (entries,) = (each for name, each in networks.items() if "code_of" not in name)
    z, c, a = data["z"], data["c"], data["a"]
    total = torch.zeros((), dtype=torch.float64)
    for t in range(STEPS):
        earlier, actions = (torch.cat([torch.zeros_like(each[:, :1]), each[:, :t]], 1) for each in (z, a))
        steps = codes["z"](earlier)[:, -1], codes["c"](c[:, : t + 1])[:, -1], codes["a"](actions)[:, -1]
        for i in range(ENTRIES):
            before = torch.cat([torch.zeros_like(z[:, t, :1]), z[:, t, :i]], 1)
            found = entries(steps[0], before, steps[1], steps[2])[:, -1]
            total = total + law(found).log_prob(z[:, t, i]).mean()  # type: ignore[operator]
    return -total


@pytest.mark.parametrize("space", SPACES)
def test_each_entry_reads_what_it_is_given(space: str) -> None:
    torch.manual_seed(0)
    said, law = SPACES[space]
    objective = f2d.compile(TEXT % "<i" + said, scaffold=True, dims=DIMS).double()
    data = batch(space)
    found, expected = objective(**data).loss, entry_by_entry(objective, law, data)
    torch.testing.assert_close(found, expected)
    weights = list(objective.parameters())
    for one, other in zip(torch.autograd.grad(found, weights), torch.autograd.grad(expected, weights), strict=True):
        torch.testing.assert_close(one, other)
        assert other.abs().max() > 0


@pytest.mark.parametrize("space", SPACES)
def test_the_reference_agrees(space: str) -> None:
    assert_defaults_agree(TEXT % "<i" + SPACES[space][0], DIMS)


@pytest.mark.parametrize("written", RANGES.values(), ids=RANGES)
def test_spellings_of_what_comes_before(written: str) -> None:
    data = batch("numbers")
    losses = []
    for each in (written, "<i"):
        torch.manual_seed(0)
        losses.append(f2d.compile(TEXT % each, scaffold=True, dims=DIMS).double()(**data).loss)
    torch.testing.assert_close(*losses)


def test_the_joint_of_all_steps() -> None:
    data = {"z": batch("bits")["z"]}
    joint = r"p(z_{1:T}) = \prod_{t=1}^T \prod_{i=1}^4 p(z_{t,i} | z_{<t}, z_{t,<i}); z_{t,i} \in \{0, 1\}"
    losses = []
    for each in (
        rf"\max \log p(z_{{1:T}}); {joint}",
        r"\max \sum_{t=1}^T \sum_{i=1}^4 \log p(z_{t,i} | z_{<t}, z_{t,<i}); z_{t,i} \in \{0, 1\}",
    ):
        torch.manual_seed(0)
        losses.append(f2d.compile(each, scaffold=True).double()(**data).loss)
    torch.testing.assert_close(*losses)


def test_no_new_steps_are_drawn() -> None:
    """The density of a step reads the step itself."""
    joint = r"p(z_{1:T}) = \prod_{t=1}^T \prod_{i=1}^4 p(z_{t,i} | z_{<t}, z_{t,<i}); z_{t,i} \in \{0, 1\}"
    for text in (rf"\max \log p(z_{{1:T}}); {joint}", TEXT % "<i"):
        with pytest.raises(f2d.FormulaError, match="F2D-0611"):
            f2d.compile(text, scaffold=True, dims=DIMS).sample(2)


ENTRY = r"\max \sum_{t=1}^T \sum_{i=1}^4 \log p(z_{t,i} | z_{t,<i}, %s)"


@pytest.mark.parametrize(
    "text",
    [
        ENTRY % "h_i",
        ENTRY % "z_{<t}" + r"; z_t \in \{0, 1\}^3",
        ENTRY % "z_{<t}" + r"; p(z_{t,i}|z_{t,<i}, z_{<t}) = \mathcal{N}(f(z_{<t}), 1)",
        ENTRY.replace("i=1", "i=0") % "z_{<t}",
        ENTRY.replace("^4", "^n") % "z_{<t}" + r"; z_{t,i} \in \{0, 1\}",
        ENTRY.replace(r"\max", r"\max \frac1n").replace("^4", "^n") % "z_{<t}",
    ],
    ids=["another index", "two sizes", "declared", "from 0", "a space without a size", "a mean over unknown"],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0591"):
        f2d.compile(text, scaffold=True, dims={"h": 3})


def test_a_bound_density_is_refused() -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0591"):
        f2d.compile(ENTRY % "z_{<t}", {"p(z_t|z_{<t})": f2d.Normal(loc=nn.Linear(4, 4), scale=1.0)}, scaffold=True)


@pytest.mark.parametrize("given", [r"z_{\le t}", r"z_t", r"z_{t,\le i}"])
def test_what_holds_the_entry_itself_is_refused(given: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0(492|591)"):
        f2d.compile(ENTRY % given, scaffold=True)


# -- ranges that name what runs over them ----------------------------------------------------------------


@pytest.mark.parametrize("written", ["j<i", r"1 \le j < i", "k<i"])
def test_a_range_may_name_what_runs_over_it(written: str) -> None:
    x = torch.rand(6, 4).round()
    losses = []
    for each in (written, "<i"):
        torch.manual_seed(0)
        text = rf"\max \sum_{{i=1}}^D \log p(x_i | x_{{{each}}}); x \in \{{0,1\}}^4"
        losses.append(f2d.compile(text, scaffold=True)(x=x).loss)
    torch.testing.assert_close(*losses)


@pytest.mark.parametrize(
    "text",
    [
        r"\max \sum_{t=1}^T \log p(x_{z_t} | x_{z<t})",
        r"\max \sum_j \sum_{i=1}^D \log p(x_i | x_{j<i}); x \in \{0,1\}^4",
        r"\max \sum_{i=1}^D \log p(x_i | x_{i<j}); x \in \{0,1\}^4",
    ],
    ids=["an order", "an index of a sum", "the index itself"],
)
def test_a_name_with_another_use_names_no_range(text: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-04(06|15)"):
        f2d.compile(text, scaffold=True, dims={"x": 4})
