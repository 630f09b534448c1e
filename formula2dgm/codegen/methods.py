"""The objective's methods: ``forward`` (one for each player), ``sample``, ``reconstruct``."""

from __future__ import annotations

from formula2dgm.codegen.ancestral import joined, leaves, write_leaf, write_no_sample
from formula2dgm.codegen.constructor import write_signature
from formula2dgm.codegen.denoising import write_denoiser
from formula2dgm.codegen.draws import site_name
from formula2dgm.codegen.evidence import write_evidence
from formula2dgm.codegen.expressions import aligned, expression, parameters
from formula2dgm.codegen.forward import write_forward
from formula2dgm.codegen.laws import facts, settings
from formula2dgm.codegen.names import Names, identifier
from formula2dgm.codegen.projection import write_projection
from formula2dgm.codegen.python import Body, Code, call, method, product, quoted
from formula2dgm.codegen.recurrence import with_carried
from formula2dgm.codegen.refusals import unknown_shape, unknown_start
from formula2dgm.codegen.reversal import write_reversal
from formula2dgm.codegen.rollouts import continues, names_in, sizes_of_data, write_rollout
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.shapes import UnknownShape
from formula2dgm.codegen.statements import Preparation, prepared_for
from formula2dgm.codegen.targets import write_update
from formula2dgm.codegen.uses import roots, unsized_batches
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Objective, Program
from formula2dgm.ir.rewrite import walk

#: How many draws stand for a batch where the formula has no data.
BATCH_SIZE = 64


def write_methods(program: Program, arguments: dict[str, str], used: dict[str, None]) -> list[Body]:
    """All methods but the constructor; library functions they call are added to ``used``."""
    methods = _Methods(program, arguments, used)
    written = methods.forwards()
    written += [each for each in (methods.reconstruct(), methods.sample(), methods.filter()) if each is not None]
    for write in (write_evidence, write_denoiser):
        written += write(program, arguments, methods.owned, used)
    return written + write_reversal(program, methods.owned, used)


class _Methods:
    def __init__(self, program: Program, arguments: dict[str, str], used: dict[str, None]):
        self.program = program
        self.arguments = arguments
        self.owned = {each.name: f"self.{arguments[each.name]}" for each in program.hyperparameters}
        self.known = {
            **arguments,
            **{each.name: self.owned[each.name] for each in program.hyperparameters if each.fixed},
        }
        self.settable = [each for each in program.hyperparameters if not each.fixed]
        self.used = used
        self.noisy = bool(program.sites)
        self.unsized = unsized_batches(program)

    # -- forward ---------------------------------------------------------------------------------------

    def forwards(self) -> list[Body]:
        """``forward``, and behind it one method for each player where there are several."""
        players = [each for each in self.program.objectives if each.player is not None]
        if len(self.program.objectives) == 1:
            return [
                self._forward(self.program.objectives[0], "forward"),
                *write_projection(self.program, self.arguments),
                *write_update(self.program, self.arguments, self.used),
            ]
        methods = [self._forward(each, f"{identifier(each.player or '')}_objective") for each in players]
        return [
            self._dispatch(players),
            *methods,
            self._player_parameters(players),
            *write_projection(self.program, self.arguments),
            *write_update(self.program, self.arguments, self.used),
        ]

    def _player_parameters(self, players: list[Objective]) -> Body:
        """Which parameters each player's optimiser is given."""
        body = Body(4)
        body.write("def player_parameters(self, player: str) -> list[nn.Parameter]:")
        body.write('    """The parameters that one player trains."""')
        tensors = [each.name for each in self.program.parameters]
        everything = [*(each.name for each in self.program.networks), *tensors]
        for each in players:
            owned = everything if each.trains is None else each.trains
            items = ", ".join(f"self.{n}" if n in tensors else f"*self.{n}.parameters()" for n in owned)
            body.write(f'    if player == "{each.player}":', each.span)
            body.write(f"        return [{items}]", each.span)
        body.write(f"    {self._no_player(players)}")
        return body

    def _no_player(self, players: list[Objective]) -> str:
        names = ", ".join(str(each.player) for each in players).replace("{", "{{").replace("}", "}}")
        return f'raise ValueError(f"player is one of {names}, not {{player!r}}")'

    def _forward(self, objective: Objective, name: str) -> Body:
        scope = self._scope()
        head = Body(4)
        self._signature(head, name, "Output")
        sense = "maximise" if objective.maximize else "minimise"
        player = f"What {objective.player} is to {sense}" if objective.player else f"The formula, to {sense}"
        head.write(f'    """{player}, on one batch."""')
        self._defaults(scope)
        if self.noisy:
            scope.body.write("noise = {} if noise is None else noise")
        try:
            write_forward(scope, objective)
        except UnknownShape as error:
            refusal = unknown_start if isinstance(error.node, ir.State) else unknown_shape
            raise refusal(site_name(error.node), scope.span(error.node)) from error
        return joined(head, scope.body)

    def _dispatch(self, players: list[Objective]) -> Body:
        body = Body(4)
        self._signature(body, "forward", "Output", ["player: str"])
        names = ", ".join(str(each.player) for each in players)
        body.write(f'    """The formula of one player ({names}), on one batch."""')
        given = [f"{self.arguments[each.name]}={self.arguments[each.name]}" for each in self.settable]
        passed = ", ".join(
            [*given, *(["batch_size=batch_size"] if self.unsized else []), *(["noise=noise"] if self.noisy else [])]
        )
        for each in players:
            body.write(f'    if player == "{each.player}":')
            body.write(f"        return self.{identifier(each.player or '')}_objective({self._positional(passed)})")
        body.write(f"    {self._no_player(players)}")
        return body

    def _positional(self, keywords: str) -> str:
        data = [self.arguments[each.name] for each in self.program.inputs]
        return ", ".join([*data, *([keywords] if keywords else [])])

    def _signature(
        self,
        body: Body,
        name: str,
        returns: str,
        first: list[str] | None = None,
        only: set[str] | None = None,
        noisy: bool | None = None,
    ) -> None:
        positional = [
            f"{self.arguments[each.name]}: Tensor" for each in self.program.inputs if only is None or each.name in only
        ]
        keywords = list(first or [])
        for hyper in self.settable:
            if only is not None and hyper.name not in only:
                continue
            kind = "int | None" if hyper.whole else "float | Tensor | None"
            keywords.append(f"{self.arguments[hyper.name]}: {kind} = None")
        if self.unsized and only is None:
            keywords.append(f"batch_size: int = {BATCH_SIZE}")
        if self.noisy if noisy is None else noisy:
            keywords.append("noise: Mapping[str, Tensor] | None = None")
        write_signature(body, name, positional, [*keywords, "**unused: object"], returns)

    def _scope(self) -> Scope:
        taken = set(self.arguments.values())
        sizes = dict.fromkeys(self.unsized, "batch_size")
        return Scope(self.program, Names(taken | set(sizes.values())), dict(self.known), library=self.used, sizes=sizes)

    def _defaults(self, scope: Scope, only: set[str] | None = None) -> None:
        for each in self.settable:
            name = self.arguments[each.name]
            if only is None or each.name in only:
                scope.body.write(f"{name} = self.{name} if {name} is None else {name}", each.span)

    # -- reconstruct -----------------------------------------------------------------------------------

    def reconstruct(self) -> Body | None:
        """The means of the laws that score data given drawn latents."""
        laws: dict[str, ir.Law] = {}
        for node in walk(*[node for each in self.program.objectives for node in roots(each.terms)]):
            match node:
                case ir.LogProb(law, ir.Data(name)) if _is_decoded(law, name) and facts(law).mean is not None:
                    laws.setdefault(name, law)
        values = {name: node for name, node in self.program.decoded if name not in laws}
        if not laws and not values:
            return None
        scope = self._scope()
        head = Body(4)
        nodes: list[ir.Node] = [*laws.values(), *values.values()]
        used = names_in(with_carried(self.program, nodes))
        inputs = [each.name for each in self.program.inputs]
        used |= set() if used & set(inputs) else set(inputs)  # what no data lead to is drawn for as many examples
        self._signature(head, "reconstruct", "dict[str, Tensor]", only=used)
        head.write('    """The mean of each variable that the formula scores, given the latents drawn for it."""')
        self._defaults(scope, used)
        if self.noisy:
            scope.body.write("noise = {} if noise is None else noise")
        preparation = self._prepare(scope, nodes)
        targets = {name: self._averaged(scope, preparation, name, law) for name, law in laws.items()}
        targets |= {name: self._decoded(scope, preparation, name, node) for name, node in values.items()}
        scope.body.gap()
        scope.body.write(f"return {{{', '.join(f'{quoted(name)}: {code}' for name, code in targets.items())}}}")
        return joined(head, scope.body)

    def _averaged(self, scope: Scope, preparation: Preparation, name: str, law: ir.Law) -> str:
        """The mean of a law, for each example: averaged over draws, weighted over enumerated values."""
        target = scope.names.fresh(f"{name} mean")
        scope.body.comment(f"the mean of {law.label}", scope.span(law))
        preparation.assign(None, target, self._mean(scope, law), span_of=law)
        axes = law.axes
        values = {node.axis: node for node in walk(law) if isinstance(node, ir.Enumerated)}
        for axis in law.axes:
            place = str(axes.index(axis))
            if axis.kind in ("sample", "replicate"):
                preparation.assign(None, target, method(Code(target), "mean", place), span_of=law)
            elif axis in values:
                weight = scope.names.fresh(f"{values[axis].law.label} at {axis.name}", "weight")
                preparation.assign(None, weight, self._weight(scope, values[axis], axes), span_of=law)
                weighted = product([call(scope.use("over_event"), weight, target, str(len(axes))), Code(target)])
                preparation.assign(None, target, method(weighted, "sum", place), span_of=law)
            else:
                continue
            axes = tuple(each for each in axes if each != axis)
        return target

    def _decoded(self, scope: Scope, preparation: Preparation, name: str, node: ir.Node) -> str:
        """What a variable is compared with, for each example: averaged over draws."""
        target = scope.names.fresh(f"{name} decoded")
        preparation.assign(None, target, expression(scope, node, "value"), span_of=node)
        for place in reversed([i for i, axis in enumerate(node.axes) if axis.kind in ("sample", "replicate")]):
            preparation.assign(None, target, method(Code(target), "mean", str(place)), span_of=node)
        return target

    def _weight(self, scope: Scope, values: ir.Enumerated, axes: tuple[Axis, ...]) -> Code:
        """The probability of each enumerated value, aligned to ``axes``."""
        density = self.program.arena.make(ir.LogProb, values.law, values)
        return call("torch.exp", aligned(scope, density, axes, full=True))

    def _mean(self, scope: Scope, law: ir.Law) -> Code:
        return call(scope.use(str(facts(law).mean)), *parameters(scope, law, law.axes), *settings(law))

    def _prepare(self, scope: Scope, nodes: list[ir.Node], first: list[ir.Node] | None = None) -> Preparation:
        """Write the statements of ``first`` (else of all nodes), knowing that all will be wanted."""
        preparation = prepared_for(scope, nodes, "value")
        for node in nodes if first is None else first:
            preparation.prepare(node)
        return preparation

    # -- sample ----------------------------------------------------------------------------------------

    def sample(self) -> Body | None:
        """Ancestral draws of the model, parents first."""
        if self.program.rollout is not None:
            return write_rollout(self.program, self.program.rollout, self.arguments, self.used)
        values = dict(self.program.generative)
        draws = list(values.values())
        if not draws:
            return None
        scope = self._scope()
        scope.names = Names({"n", "mean"})
        scope.sizes = {axis: "n" for draw in draws for axis in draw.axes if axis.kind == "batch"}
        scope.arguments = dict(self.owned)
        head = Body(4)
        keywords = ["noise: Mapping[str, Tensor] | None = None", "mean: bool = False"]
        write_signature(head, "sample", ["n: int"], keywords, "dict[str, Tensor]")
        head.write('    """Draw n examples from the model; ``mean``: what nothing else depends on is its mean."""')
        scope.body.write("noise = {} if noise is None else noise")
        ends = leaves(draws)
        try:
            preparation = self._prepare(scope, draws, [each for each in draws if each not in ends])
            for leaf in ends:
                write_leaf(scope, preparation, leaf)
        except UnknownShape as error:
            return write_no_sample(head, error)
        scope.body.gap()
        items = ", ".join(f"{quoted(name)}: {expression(scope, each, 'value').text}" for name, each in values.items())
        scope.body.write(f"return {{{items}}}")
        return joined(head, scope.body)

    def filter(self) -> Body | None:
        """What given steps carry to new ones; None where nothing says the shape of what it takes to find that."""
        rollout = self.program.rollout
        if rollout is None or not continues(rollout):
            return None
        last, scope, head = dict(rollout.last), self._scope(), Body(4)
        scope.library = dict[str, None]()
        used = names_in(with_carried(self.program, last.values()))
        scope.arguments = {name: argument for name, argument in self.known.items() if name in used}
        scope.sizes |= sizes_of_data(self.program, self.arguments, used)
        noisy = any(isinstance(each, ir.Draw) for each in walk(*with_carried(self.program, last.values())))
        self._signature(head, "filter", "dict[str, Tensor]", only=used, noisy=noisy)
        head.write('    """What given steps carry to new ones, to ``sample(..., start=...)``."""')
        self._defaults(scope, used)
        if noisy:
            scope.body.write("noise = {} if noise is None else noise")
        self._prepare(scope, list(last.values()))
        items = [f"{quoted(name)}: {expression(scope, each, 'value').text}" for name, each in last.items()]
        scope.body.gap()
        scope.body.write(f"return {{{', '.join(items)}}}")
        self.used |= scope.library
        return joined(head, scope.body)


def _is_decoded(law: ir.Law, name: str) -> bool:
    """Does the law depend on a draw, or by a chosen code on the data that it scores, as ``p(x|z_q(x))`` does?"""
    nodes = list(walk(law))
    coded = any(isinstance(node, ir.Nearest | ir.ArgMin | ir.Choice) for node in nodes)
    itself = any(isinstance(node, ir.Data) and node.name == name for node in nodes)
    return any(isinstance(node, ir.Draw) for node in nodes) or (coded and itself)
