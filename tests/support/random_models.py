"""Random well-typed objectives: formulas with networks, families and sizes that fit."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

import formula2dgm as f2d


class Net(nn.Module):
    """A small smooth network with named heads; a positive head is made so by softplus."""

    def __init__(self, inputs: int, heads: dict[str, int], generator: torch.Generator):
        super().__init__()
        self.body = nn.Linear(inputs, 5, dtype=torch.float64)
        self.heads = nn.ModuleDict({name: nn.Linear(5, size, dtype=torch.float64) for name, size in heads.items()})
        for parameter in self.parameters():
            parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        hidden = torch.tanh(self.body(torch.cat([each.double() for each in inputs], -1)))
        out = {name: head(hidden) for name, head in self.heads.items()}
        return {name: nn.functional.softplus(each) + 0.1 if name == "scale" else each for name, each in out.items()}


@dataclass
class Model:
    """A formula, its bindings, and the options it needs."""

    formula: str
    bindings: dict[str, object]
    options: dict[str, object] = field(default_factory=dict)
    data: dict[str, Tensor] = field(default_factory=dict)


LATENTS = ("Normal", "Laplace")
LIKELIHOODS = ("Normal", "Laplace", "Bernoulli", "Categorical")


class Generator:
    """Draws one model from a seed: a chain of latents, a likelihood, and an objective over them."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.torch = torch.Generator().manual_seed(seed)
        self.sizes = {"x": self.random.randint(1, 4), "z": self.random.randint(1, 3), "u": self.random.randint(1, 3)}
        self.levels = ["z", "u"][: self.random.randint(1, 2)]
        self.conditional = self.random.random() < 0.3
        self.bindings: dict[str, object] = {}

    def model(self) -> Model:
        batch = self.random.randint(1, 4)
        given = ", y" if self.conditional else ""
        likelihood = self.random.choice(LIKELIHOODS)
        self._bind(f"p(x|z{given})", likelihood, "x", ["z", *(["y"] if self.conditional else [])])
        self._bind(f"q(z|x{given})", self.random.choice(LATENTS), "z", ["x", *(["y"] if self.conditional else [])])
        if "u" in self.levels:
            self._bind("q(u|z)", self.random.choice(LATENTS), "u", ["z"])
            self._bind("p(z|u)", self.random.choice(LATENTS), "z", ["u"])
            self.bindings["p(u)"] = getattr(f2d, self.random.choice(LATENTS))(loc=0.1, scale=1.3)
        else:
            self.bindings["p(z)"] = getattr(f2d, self.random.choice(LATENTS))(loc=0.0, scale=1.2)
        self.bindings["beta"] = round(self.random.uniform(0.1, 3), 2)
        data = {"x": self._values(likelihood, batch)}
        if self.conditional:
            data["y"] = torch.randn(batch, 2, generator=self.torch, dtype=torch.float64)
        options: dict[str, object] = {"maximize": self.random.random() < 0.5}
        if self.random.random() < 0.4:
            options["samples"] = self.random.randint(2, 3)
        if self.random.random() < 0.2:
            options["divergences"] = "sampled"
        if self.random.random() < 0.2:
            options["share_samples"] = False
        formula = self._objective(given)
        if "E_" in formula and (estimators := self._estimators("beta" not in formula)):
            options["estimators"] = estimators
        return Model(formula, self.bindings, options, data)

    def _estimators(self, numbers: bool) -> dict[str, object]:
        """Of some models, the latents whose gradient is the score function's, with baselines of some; ``numbers``: a
        baseline may be a number, which needs a term without a hyperparameter."""
        if self.random.random() < 0.6:
            return {}
        baselines = (None, None, "batch", *([round(self.random.uniform(-3, 3), 2)] if numbers else []))
        return {each: f2d.Score(self.random.choice(baselines)) for each in self.levels if self.random.random() < 0.7}

    # -- bindings --------------------------------------------------------------------------------------

    def _bind(self, key: str, family: str, variable: str, given: list[str]) -> None:
        inputs = sum({**self.sizes, "y": 2}[each] for each in given)
        size = self.sizes[variable]
        if family == "Categorical":
            self.bindings[key] = f2d.Categorical(Net(inputs, {"logits": size + 1}, self.torch), one_hot=True)
            self.sizes[variable] = size + 1
        elif family == "Bernoulli":
            self.bindings[key] = f2d.Bernoulli(Net(inputs, {"logits": size}, self.torch))
        else:
            net = Net(inputs, {"loc": size, "scale": size}, self.torch)
            self.bindings[key] = getattr(f2d, family)(net)

    def _values(self, likelihood: str, batch: int) -> Tensor:
        size = self.sizes["x"]
        if likelihood == "Bernoulli":
            return torch.randint(2, (batch, size), generator=self.torch).double()
        if likelihood == "Categorical":
            return torch.eye(size, dtype=torch.float64)[torch.randint(size, (batch,), generator=self.torch)]
        return torch.randn(batch, size, generator=self.torch, dtype=torch.float64)

    # -- formulas --------------------------------------------------------------------------------------

    def _objective(self, given: str) -> str:
        q = f"q(z|x{given})"
        draws = f"{{{q}, q(u|z)}}" if "u" in self.levels else f"{{{q}}}"
        posterior = f"q(u|z) {q}" if "u" in self.levels else q
        prior = "p(z|u) p(u)" if "u" in self.levels else "p(z)"
        atoms = [f"log p(x|z{given})", f"log {prior}", f"log {posterior}", "||z||^2", f"log p(x|z{given}) {prior}/{q}"]

        def body() -> str:
            return self._sum([self._scaled(self.random.choice(atoms)) for _ in range(self.random.randint(1, 3))])

        def bound() -> str:
            return f"E_{draws}[{body()}]"

        terms = [bound]
        terms += [lambda: f"KL[{posterior} || {prior}]" if "u" not in self.levels else bound()]
        terms += [lambda: f"H[{q}]", lambda: f"{bound()} * {bound()}", lambda: f"({bound()})^2"]
        terms += [lambda: f"exp(0.01 * {bound()})", lambda: f"sg[{bound()}] * {bound()}"]
        if "u" not in self.levels:
            terms += [lambda: f"E_{{z_{{1:K}} ~ {q}}}[log 1/K sum_{{k=1}}^K p(x|z_k{given}) p(z_k)/q(z_k|x{given})]"]
        chosen = [self._scaled(self.random.choice(terms)()) for _ in range(self.random.randint(1, 3))]
        text = self._sum(chosen)
        if "_{1:K}" in text:
            self.bindings["K"] = self.random.randint(2, 3)
        return text

    def _scaled(self, text: str) -> str:
        scale = self.random.choice(("", "", "", "beta * ", "2 * ", "0.5 * "))
        return f"{scale}{text}" if not scale or text[0] not in "(" else f"{scale}({text})"

    def _sum(self, terms: list[str]) -> str:
        text = terms[0]
        for each in terms[1:]:
            text += self.random.choice((" + ", " - ")) + each
        return text
