"""``sample`` of a model that undoes noise: from noise to data along the path that it was trained on.

x_t = a(t) x_0 + b(t) noise, and what the network says of x_0 and of the noise    becomes

def path(self, t): ...
def denoise(self, x, t): ...
def decode(self, z_0, *, noise=None): ...    where samples are codes that the text makes data of
def sample(self, n, *, steps=None, eta=1.0, order=1, corrections=0, snr=0.16, noise=None): ...
"""

from __future__ import annotations

from formula2dgm.codegen.constructor import write_signature
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.python import ATOM, Body, Code, assignment, call, quoted
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.statements import prepared_for
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.denoising import Decoder, Denoiser
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk

#: How many steps a path between two times is gone in.
STEPS = 100
#: What the methods call their own.
OWN = frozenset("n x t shape times steps eta order corrections snr guidance noise".split())


def write_denoiser(
    program: Program, arguments: dict[str, str], owned: dict[str, str], used: dict[str, None]
) -> list[Body]:
    """The methods; ``arguments`` are the names of data, ``owned`` the expressions for hyperparameters."""
    if program.denoiser is None:
        return []
    return _Methods(program, program.denoiser, arguments, owned, used).written()


class _Methods:
    def __init__(
        self,
        program: Program,
        denoiser: Denoiser,
        arguments: dict[str, str],
        owned: dict[str, str],
        used: dict[str, None],
    ):
        self.program, self.denoiser, self.owned, self.used = program, denoiser, owned, used
        names = Names(OWN)
        self.conditions = {each: names.fresh(arguments[each]) for each in denoiser.conditions}
        self.kept = {each.name: names.fresh(each.name) for each, _ in denoiser.kept}

    def written(self) -> list[Body]:
        """All three."""
        denoiser, name = self.denoiser, self.denoiser.variable
        of_path = f"What {name} and the noise are multiplied by at t: x_t = a {name} + b noise."
        of_network = f"What the network says of {name} and of the noise in x_t."
        given = ["x", "t", *self.conditions.values(), *self.kept.values()]
        return [
            self._pair("path", ["t"], of_path, (denoiser.by_data, denoiser.by_noise), "number"),
            self._pair("denoise", given, of_network, (denoiser.data, denoiser.noise), "value"),
            *([self._decode(denoiser.decoder)] if denoiser.decoder is not None else []),
            self._sample(),
        ]

    def _decode(self, decoder: Decoder) -> Body:
        """A method that makes data of a code."""
        code = Names(OWN).fresh(self.denoiser.variable)
        known = {**self.owned, decoder.code.name: code} if isinstance(decoder.code, ir.Data) else self.owned
        head, scope = Body(4), Scope(self.program, Names({code, "noise"}), known, library=self.used)
        noise = ["noise: Mapping[str, Tensor] | None = None"] if isinstance(decoder.value, ir.Draw) else []
        write_signature(head, "decode", [f"{code}: Tensor"], noise, "Tensor")
        head.write(f'    """{decoder.variable} of {self.denoiser.variable}."""')
        if noise:
            scope.body.write("noise = {} if noise is None else noise")
        preparation = prepared_for(scope, [decoder.value], "value")
        preparation.prepare(decoder.value)
        scope.body.write(f"return {expression(scope, decoder.value, 'value').text}")
        return Body(4, [*head.lines, *scope.body.lines])

    def _pair(self, name: str, given: list[str], said: str, values: tuple[ir.Node, ir.Node], demand: Demand) -> Body:
        """A method of two values, in a tuple."""
        denoiser = self.denoiser
        places = {each.name: name for each, name in ((denoiser.x, "x"), (denoiser.t, "t")) if isinstance(each, ir.Data)}
        known = {**self.owned, **self.conditions, **self.kept, **places}
        head, scope = Body(4), Scope(self.program, Names(set(given)), known, library=self.used)
        write_signature(head, name, [f"{each}: Tensor" for each in given], [], "tuple[Tensor, Tensor]")
        head.write(f'    """{said}"""')
        preparation = prepared_for(scope, list(values), demand)
        names = dict(zip(values, ("a", "b") if demand == "number" else ("data", "eps"), strict=True))
        first, second = values
        for node in (second, first) if second in walk(first) else values:
            preparation.prepare(node)
            target = scope.names.fresh(names[node])
            if isinstance(node, ir.Div) and demand == "value":
                preparation.compute(node.top, target, "value")
            if demand == "number" and not node.axes and is_python_number(node):
                code, ones = expression(scope, node, "number"), "torch.ones_like(t)"
                filled = Code(ones) if code.text in ("1", "1.0") else Code(f"{code.within(ATOM)} * {ones}")
                preparation.assign(node, target, filled)
            else:
                preparation.compute(node, target, demand)
        scope.body.write(f"return {', '.join(scope.bound[node].text for node in values)}")
        return Body(4, [*head.lines, *scope.body.lines])

    # -- sample --------------------------------------------------------------------------------------------

    def _sample(self) -> Body:
        """From noise to data, step by step."""
        name, counted = self.denoiser.variable, self.denoiser.spacing == "counted"
        head, body, scope = Body(4), Body(8), Scope(self.program, Names(), self.owned, library=self.used)
        head.write("@torch.no_grad()")
        given = [f"{each}: Tensor" for each in self.conditions.values()]
        write_signature(head, "sample", ["n: int", *given], self._keywords(), "dict[str, Tensor]")
        head.add([f"        {each}".rstrip() for each in self._said()])
        event = "".join(f", {each}" for each in self.denoiser.shape)
        like, key = f"{scope.use('tensor_of')}(self)", quoted(name)
        body.write("noise = {} if noise is None else noise")
        body.write(f"shape = (n{event or ','})")
        body.write(f"x = noise[{key}].expand(shape) if {key} in noise else {scope.use('normal_noise')}(shape, {like})")
        body.write(f"times = {self._times(scope)}.to(x)")
        body.write(f"x = {scope.use('over_event')}(self.path(times[:1])[1], x, 1) * x")
        denoise = self._denoise(scope, body)
        settings = ("order",) if self.denoiser.coupled else ("eta", "order", "corrections", "snr")
        chosen = [f"{each}={each}" for each in settings]
        undone = call(scope.use("undo_noise"), "self.path", denoise, "x", "times", "noise", *chosen)
        body.add(assignment("x", undone, body.indent) or [])
        if counted:
            body.write(f"x = {denoise}(x, times[-1].expand(n))[0]")
        elif self.denoiser.scale != 1:
            body.write(f"x = x / {scope.use('over_event')}(self.path(times[-1:])[0], x, 1)")
        decoder = self.denoiser.decoder
        if decoder is None:
            body.write(f"return {{{key}: x}}")
        else:
            drawn = ", noise=noise" if isinstance(decoder.value, ir.Draw) else ""
            body.write(f"return {{{key}: x, {quoted(decoder.variable)}: self.decode(x{drawn})}}")
        return Body(4, [*head.lines, *body.lines])

    def _keywords(self) -> list[str]:
        counted = self.denoiser.spacing == "counted"
        return [
            "steps: int | None = None" if counted else f"steps: int = {STEPS}",
            *([] if self.denoiser.coupled else [f"eta: float = {1.0 if counted else 0.0}"]),
            "order: int = 1",
            *([] if self.denoiser.coupled else ["corrections: int = 0", "snr: float = 0.16"]),
            *(["guidance: float = 0.0"] if self.kept else []),
            "noise: Mapping[str, Tensor] | None = None",
        ]

    def _said(self) -> list[str]:
        counted = self.denoiser.spacing == "counted"
        many = "as many steps as there are, or fewer" if counted else "so many steps"
        decoder = self.denoiser.decoder
        decoded = f", and {decoder.variable} made of each" if decoder is not None else ""
        drawn = [
            "``eta``: 1 draws each of them as q(x_s|x_t, data) does (ancestral), 0 follows the differential equation;",
            "``order``: 2 by Heun's method. Behind each step stand ``corrections`` of Langevin dynamics, as long as",
            "``snr`` says; ``order`` 0 leaves all to them.",
        ]
        if self.denoiser.coupled:
            drawn = ["Along the differential equation; ``order``: 2 by Heun's method."]
        return [
            f'"""n new {self.denoiser.variable}, made of noise in {many}{decoded}.',
            "",
            *drawn[:-1],
            drawn[-1] + (" ``guidance``: how far to go on from what is said without" if self.kept else ""),
            *([f"{', '.join(self.conditions)} to what is said with it."] if self.kept else []),
            '"""',
        ]

    def _times(self, scope: Scope) -> str:
        denoiser = self.denoiser
        first, last = (expression(scope, each) for each in (denoiser.first, denoiser.last))
        if denoiser.spacing == "counted":
            far = next((one.text for one, other in ((first, last), (last, first)) if other.text == "1"), None)
            most = far or f"abs({first.text} - {last.text}) + 1"
            most = most if most.isdecimal() else f"int({most})"
            return f"torch.linspace({first.text}, {last.text}, {most} if steps is None else steps).round()"
        if denoiser.spacing == "even":
            return f"torch.linspace({first.text}, {last.text}, steps + 1)"
        ends = (each.args[0] for each in (denoiser.first, denoiser.last) if isinstance(each, ir.Apply))
        start, end = (expression(scope, each).text for each in ends)
        return f"torch.linspace({start}, {end}, steps + 1).exp()"

    def _denoise(self, scope: Scope, body: Body) -> str:
        """What says data and noise at a point and a time; where conditions are given, a function of these two."""
        if not self.conditions:
            return "self.denoise"
        given = ", ".join(["x, t", *self.conditions.values()])
        ones = {0: "torch.zeros_like(t)", 1: "torch.ones_like(t)"}
        body.gap()
        body.write("def denoise(x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:")
        if not self.kept:
            body.write(f"    return self.denoise({given})")
        else:
            values = [value for _, value in self.denoiser.kept]
            body.write(f"    given = self.denoise({', '.join([given, *(ones[each] for each in values)])})")
            body.write("    if guidance == 0:")
            body.write("        return given")
            body.write(f"    alone = self.denoise({', '.join([given, *(ones[1 - each] for each in values)])})")
            body.write(f"    return {scope.use('guided')}(given, alone, guidance)")
        body.gap()
        return "denoise"
