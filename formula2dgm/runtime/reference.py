"""The literal reference interpreter: the judge of generated code.

It runs a resolved program as it is written, in float64, without any optimisation: every sum over an index, a sample, a
value or a step of time is a Python loop, every density is a torch.distributions object, every Monte Carlo draw is taken
from the noise it is given.  Only the batch is a tensor dimension, because networks expect one.  Only the logarithm of a
density is never taken of the density itself, which may be 0 in float64 (``reference_logs``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Objective, Program
from formula2dgm.runtime import reference_families as families
from formula2dgm.runtime.reference_arithmetic import arithmetic, pairwise
from formula2dgm.runtime.reference_batches import axis_size, batch_size, dimension, example, stratum_weights
from formula2dgm.runtime.reference_chains import of_chain
from formula2dgm.runtime.reference_couplings import nearest_order
from formula2dgm.runtime.reference_divergences import divergence
from formula2dgm.runtime.reference_gradients import derivative
from formula2dgm.runtime.reference_laws import LawAt, law_at
from formula2dgm.runtime.reference_lengths import data_alone, lengths_of, noise_alone
from formula2dgm.runtime.reference_linear_chains import log_prob_of_step
from formula2dgm.runtime.reference_noise import Position, noise_at
from formula2dgm.runtime.reference_paths import followed
from formula2dgm.runtime.reference_results import Result, whole_batch
from formula2dgm.runtime.reference_time import OF_TIME, called, carried_by, kept_steps, of_time
from formula2dgm.runtime.reference_values import REDUCTIONS, Value, at_category, started, together, vector_of
from formula2dgm.runtime.reference_vectors import of_event

#: What chooses a row of a table by its number from 0.
_CHOICES = (ir.Draw, ir.ArgMin, ir.Nearest)


class Reference:
    """Evaluates a program at given data and noise.

    networks, parameters and hyperparameters are by the program's names; data by input name, ``[batch, (time,) event]``;
    noise by site name, axes outermost first, missing leading axes shared.
    """

    def __init__(
        self,
        program: Program,
        networks: Mapping[str, Callable[..., object]],
        data: Mapping[str, Tensor],
        noise: Mapping[str, Tensor],
        hyperparameters: Mapping[str, float | int | None] | None = None,
        parameters: Mapping[str, Tensor] | None = None,
    ):
        self.program = program
        at_start = {each.owner.name: each.of for each in program.targets}  # targets start as copies
        self.networks = {**{name: networks[of] for name, of in at_start.items() if of in networks}, **networks}
        self.data = data
        self.noise = noise
        defaults = {each.name: each.default for each in program.hyperparameters}
        self.hyperparameters = {**defaults, **(hyperparameters or {})}
        filled = {
            each.name: started(each)
            for each in program.parameters
            if each.made and each.fill is not None and each.shape is not None
        }
        known = {**filled, **(parameters or {})}
        self.parameters = {**{name: known[of] for name, of in at_start.items() if of in known}, **known}
        self.carried = carried_by(program.roots)
        self.memo: dict[tuple[ir.Node, frozenset[tuple[Axis, int]]], object] = {}
        self.places: dict[ir.PathPoint, Value] = {}
        self.sizing: set[str] = set()  # the states whose start is being sized by their first value

    def run(self, player: str | None = None) -> Result:
        """The objective of a player (None: the first)."""
        lengths = lengths_of(self.program, self.data)
        if lengths is not None:
            return self._one_by_one(lengths, player)
        objective = next(each for each in self.program.objectives if player is None or each.player == player)
        return self.objective(objective)

    def _one_by_one(self, lengths: Sequence[int], player: str | None) -> Result:
        """Sequences of different lengths: each is evaluated alone, without its padding."""
        parts = []
        for row, length in enumerate(lengths):
            data, noise = (
                data_alone(self.program, self.data, row, length),
                noise_alone(self.program, self.noise, row, length),
            )
            own = Reference(self.program, self.networks, data, noise, self.hyperparameters, self.parameters)
            parts.append(own.run(player))
        return whole_batch(parts, self.program.reduction)

    def objective(self, objective: Objective) -> Result:
        self.carried = carried_by(term.node for term in objective.terms)  # each player holds other networks constant
        self.memo = {}
        terms: dict[str, Tensor] = {}
        contributions: dict[str, Tensor] = {}
        total: Tensor | None = None
        for term in objective.terms:
            number = self.number(self(term.node, {}))
            part = self(term.coefficient, {}).tensor * number
            terms[term.name] = number.detach()
            contributions[term.name] = part.detach()
            total = part if total is None else total + part
        assert total is not None
        return Result(-total if objective.maximize else total, total, terms, contributions)

    def number(self, value: Value) -> Tensor:
        """A network used as a number may return ``[batch, 1]``."""
        tensor = value.tensor
        return tensor.squeeze(-1) if value.event_rank == 1 and tensor.shape[-1] == 1 else tensor

    # -- evaluation ------------------------------------------------------------------------------------

    def __call__(self, node: ir.Node, at: Position) -> Value:
        key = self.key(node, at)
        if key not in self.memo:
            self.memo[key] = self._evaluate(node, at)
        value = self.memo[key]
        assert isinstance(value, Value)
        return value

    def key(self, node: ir.Node, at: Position) -> tuple[ir.Node, frozenset[tuple[Axis, int]]]:
        return node, frozenset((axis, at[axis]) for axis in node.axes if axis in at)

    def _evaluate(self, node: ir.Node, at: Position) -> Value:
        match node:
            case ir.Const(value):
                return Value(torch.tensor(float(value), dtype=torch.float64), False)
            case ir.Hyper(name):
                return Value(torch.as_tensor(self.hyperparameters[name], dtype=torch.float64), False)
            case ir.Size(axis):
                size = self.size(axis, node, at) if axis.kind == "time" else self.batch_size(axis)
                return Value(torch.tensor(float(size), dtype=torch.float64), False)
            case ir.LogStratumWeight(axis, examples):
                size = self.batch_size(axis.of or axis)
                return Value(stratum_weights(at[axis], size, float(self(examples, at).tensor)).log(), True)
            case ir.Index(axis, lower) if axis.kind == "batch":
                return Value(lower + torch.arange(self.batch_size(axis)), True)
            case ir.Index(axis, lower):
                return Value(torch.tensor(at[axis] + lower), False)
            case ir.Param(name, _, frozen, own):
                tensor = self.parameters[name][tuple(at[axis] for axis in own)]
                return Value(tensor.detach() if frozen else tensor, False)
            case ir.Data():
                return self._data(node, at)
            case ir.Enumerated(law, axis):
                return Value(self.law(law, at).values()[at[axis]], False)
            case ir.Head():
                return self._head(node, at)
            case ir.Draw():
                return self._draw(node, at)
            case ir.Permuted(value, site, _, True):
                tensor = self(value, at).tensor
                columns = [tensor.flatten(1)[order, j] for j, order in enumerate(self.noise[site])]
                return Value(torch.stack(columns, 1).reshape(tensor.shape), True)
            case ir.Permuted(value, site, _):
                return Value(self(value, at).tensor[self.noise[site]], True)
            case ir.Coupled(value, to):
                return nearest_order(self(value, at), self(to, at))
            case ir.LogProb():
                return self._log_prob(node, at)
            case ir.LinearChain():
                return log_prob_of_step(self, node, at)
            case ir.LogProbAt(_, category, parts):
                return at_category(self(category, at), [self(each, at) for each in parts])
            case ir.Divergence(name, left, right, elementwise, arguments):
                p, q = self.law(left, at), self.law(right, at)
                values = [self(each, at).tensor for each in arguments]
                number = divergence(name, p.distribution(), q.distribution(), values)
                return self._over_event(number, p.batched or q.batched, elementwise)
            case ir.Entropy(law, elementwise):
                here = self.law(law, at)
                return self._over_event(here.distribution().entropy(), here.batched, elementwise)
            case ir.Moment(law, kind):
                here = self.law(law, at)
                return Value(getattr(here.distribution(), kind), here.batched)
            case ir.Reduce():
                return self._reduce(node, at)
            case ir.At(value, axis, index) if isinstance(index, _CHOICES) or index.event == "value":
                rows = [self(value, {**at, axis: each}).tensor for each in range(self.size(axis, value, at))]
                chosen = self(index, at)
                return Value(torch.stack(rows)[chosen.tensor.long()], chosen.batched)
            case ir.At(value, axis, ir.Index(other)) if axis.kind == "batch":
                return example(self(value, at), at[other])
            case ir.At(value, axis, index):
                position = int(self(index, at).tensor) - 1
                return self(value, {**at, axis: position})
            case ir.Grad() | ir.Jvp() | ir.JacobianTrace() | ir.LogDetJacobian():
                return derivative(self, node, at)
            case ir.PathPoint():
                return self.places[node]
            case ir.Solution() | ir.PathIntegral():
                return followed(self, node, at)
            case ir.StopGrad(body):
                inner = self(body, at)
                return Value(inner.tensor.detach(), inner.batched)
            case ir.Norm(body, order):
                inner = self(body, at)
                flat = inner.tensor.flatten(int(inner.batched))
                return Value(torch.linalg.vector_norm(flat, order, dim=-1), inner.batched)
            case ir.MatMul(matrix, vector, turned):
                stored, entries = self(matrix, at).tensor, self(vector, at)
                given = stored.mT if turned else stored
                return Value(torch.einsum("...ij,...j->...i", given, entries.tensor), entries.batched)
            case ir.Stack(body, axis):
                entered = [self(body, {**at, axis: each}) for each in range(self.size(axis, body, at))]
                return Value(torch.stack([each.tensor for each in entered], -1), entered[0].batched)
            case ir.Entries(parts):
                return vector_of([self(each, at) for each in parts])
            case ir.Choice(category, parts):
                return at_category(self(category, at), [self(each, at) for each in parts])
            case ir.LogAbsDet(matrix):
                inner = self(matrix, at)
                return Value(torch.linalg.det(inner.tensor).abs().log(), inner.batched)
            case ir.EventSum(body):
                inner = self(body, at)
                return self._over_event(inner.tensor, inner.batched)
            case ir.EventFunction() | ir.Entry() | ir.Component() | ir.ArgMin() | ir.Nearest():
                return of_event(node, self, at)
            case ir.ChainSum():
                return of_chain(self, node, at)
            case _ if isinstance(node, OF_TIME):
                return of_time(self, node, at)
            case ir.Along(value, axis):
                inner = self(value, at)
                return Value(inner.tensor.flatten(int(inner.batched))[..., at[axis]], inner.batched)
            case ir.Dimension(value):
                return Value(torch.tensor(float(dimension(self, value, at)), dtype=torch.float64), False)
            case ir.Dot(left, right):
                inner = pairwise(self, torch.mul, left, right, at)
                return self._over_event(inner.tensor, inner.batched)
        return arithmetic(self, node, at)

    # -- leaves ----------------------------------------------------------------------------------------

    def _data(self, node: ir.Data, at: Position) -> Value:
        tensor = self.data[node.name]
        for axis in node.axes:
            if axis.kind in ("plate", "time"):
                tensor = tensor[:, at[axis]]
        return Value(tensor, True)

    # -- networks and laws -----------------------------------------------------------------------------

    def _head(self, node: ir.Head, at: Position) -> Value:
        output, batched = self._outputs(node.call, at)
        if node.family is not None:
            assert node.name is not None
            return Value(families.read_parameters(node.family, output)[node.name], batched)
        if node.output is not None:
            assert isinstance(output, tuple | list)
            output = output[node.output]
        elif isinstance(output, Mapping):
            output = output[node.name]
        elif isinstance(output, tuple | list):
            output = output[0]
        assert isinstance(output, Tensor)
        return Value(output, batched)

    def _outputs(self, call: ir.NetCall, at: Position) -> tuple[object, bool]:
        key = self.key(call, at)
        if key not in self.memo:
            self.memo[key] = called(self, call, at)
        return self.memo[key]  # type: ignore[return-value]

    def law(self, law: ir.Law, at: Position) -> LawAt:
        return law_at(law, {name: self(node, at) for name, node in law.params})

    def _log_prob(self, node: ir.LogProb, at: Position) -> Value:
        here, value = self.law(node.law, at), self(node.value, at)
        return self._over_event(here.log_prob(value.tensor), here.batched or value.batched, node.elementwise)

    def _over_event(self, tensor: Tensor, batched: bool, elementwise: bool = False) -> Value:
        if elementwise:
            return Value(tensor, batched)
        return Value(tensor.flatten(int(batched)).sum(-1) if tensor.dim() > batched else tensor, batched)

    # -- draws -----------------------------------------------------------------------------------------

    def _draw(self, node: ir.Draw, at: Position) -> Value:
        law = self.law(node.law, at)
        return law.draw(noise_at(node, self.noise[node.site], at, law.event_rank))

    # -- reductions ------------------------------------------------------------------------------------

    def _reduce(self, node: ir.Reduce, at: Position) -> Value:
        if node.axis.kind == "batch":
            return Value(REDUCTIONS[node.op](self.number(self(node.body, at))), False)
        size = self.size(node.axis, node.body, at)
        parts, batched = together([self(node.body, {**at, node.axis: position}) for position in range(size)])
        return Value(REDUCTIONS[node.op](torch.stack(parts)[list(kept_steps(node, size))]), batched)

    def batch_size(self, batch: Axis) -> int:
        return batch_size(self.program, self.data, self.noise, batch)

    def size(self, axis: Axis, body: ir.Node, at: Position) -> int:
        return axis_size(self, axis, body, at)
