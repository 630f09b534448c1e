"""``sample`` of a model that undoes noise: from noise to data along the path that it was trained on.

x_t = a(t) x_0 + b(t) noise, and what the network says of x_0 and of the noise    becomes

def path(self, t): ...
def denoise(self, x, t): ...
def sample(self, n, *, steps=None, eta=1.0, noise=None): ...
"""

from __future__ import annotations

from formula2dgm.codegen.constructor import write_signature
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.python import Body, Code, quoted
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.statements import prepared_for
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.denoising import Denoiser
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk

#: How many steps a path between two times is gone in.
STEPS = 100


def write_denoiser(program: Program, arguments: dict[str, str], used: dict[str, None]) -> list[Body]:
    """The methods; ``arguments`` are the expressions for hyperparameters."""
    denoiser = program.denoiser
    if denoiser is None:
        return []
    path = _Method(program, denoiser, arguments, used, (denoiser.by_data, denoiser.by_noise), "number")
    denoise = _Method(program, denoiser, arguments, used, (denoiser.data, denoiser.noise), "value")
    name = denoiser.variable
    of_path = f"What {name} and the noise are multiplied by at t: x_t = a {name} + b noise."
    of_network = f"What the network says of {name} and of the noise in x_t."
    return [
        path.written("path", ["t: Tensor"], of_path),
        denoise.written("denoise", ["x: Tensor", "t: Tensor"], of_network),
        _sample(program, denoiser, arguments, used),
    ]


class _Method:
    def __init__(
        self,
        program: Program,
        denoiser: Denoiser,
        arguments: dict[str, str],
        used: dict[str, None],
        values: tuple[ir.Node, ir.Node],
        demand: str,
    ):
        given = {each.name: name for each, name in ((denoiser.x, "x"), (denoiser.t, "t")) if isinstance(each, ir.Data)}
        self.scope = Scope(program, Names({"x", "t"}), {**arguments, **given}, library=used)
        self.values, self.demand = values, demand

    def written(self, name: str, arguments: list[str], said: str) -> Body:
        """The method: two values, in a tuple."""
        head, scope = Body(4), self.scope
        write_signature(head, name, arguments, [], "tuple[Tensor, Tensor]")
        head.write(f'    """{said}"""')
        preparation = prepared_for(scope, list(self.values), self.demand)
        names = dict(zip(self.values, ("a", "b") if self.demand == "number" else ("data", "eps"), strict=True))
        first, second = self.values
        for node in (second, first) if second in walk(first) else self.values:
            preparation.prepare(node)
            target = scope.names.fresh(names[node])
            if isinstance(node, ir.Div) and self.demand == "value":
                preparation.assign(None, target, expression(scope, node.top, "value"), node)
                scope.bound[node.top] = Code(target)
            preparation.assign(None, target, expression(scope, node, self.demand), node)
            scope.bound[node] = Code(target)
        targets = [scope.bound[node].text for node in self.values]
        scope.body.write(f"return {', '.join(targets)}")
        return Body(4, [*head.lines, *scope.body.lines])


def _sample(program: Program, denoiser: Denoiser, arguments: dict[str, str], used: dict[str, None]) -> Body:
    """From noise to data, step by step."""
    scope = Scope(program, Names(), arguments, library=used)
    name, counted = denoiser.variable, denoiser.counted
    first, last = (expression(scope, each).text for each in (denoiser.first, denoiser.last))
    head = Body(4)
    eta = "1.0" if counted else "0.0"
    keywords = [
        "steps: int | None = None" if counted else f"steps: int = {STEPS}",
        f"eta: float = {eta}",
        "noise: Mapping[str, Tensor] | None = None",
    ]
    head.write("@torch.no_grad()")
    write_signature(head, "sample", ["n: int"], keywords, "dict[str, Tensor]")
    many = "as many steps as there are, or fewer" if counted else "so many steps"
    head.write(f'    """n new {name}, made of noise in {many}. ``eta``: 1 draws each of them as')
    head.write('    q(x_s|x_t, data) does (ancestral), 0 follows the differential equation."""')
    event = [str(each) for each in denoiser.shape]
    shape = ", ".join(["n", *event])
    like = f"{scope.use('tensor_of')}(self)"
    size = f"({shape}{',' * (shape == 'n')})"
    over, fresh = scope.use("over_event"), f"{scope.use('normal_noise')}({size}, {like})"
    most = first if last == "1" else f"{first} - {last} + 1"
    points = f"torch.linspace({first}, {last}, {most} if steps is None else steps).round()"
    points = points if counted else f"torch.linspace({first}, {last}, steps + 1)"
    lines = [
        "noise = {} if noise is None else noise",
        f"x = noise[{quoted(name)}].expand({size}) if {quoted(name)} in noise else {fresh}",
        f"times = {points}.to(x)",
        f"x = {over}(self.path(times[:1])[1], x, 1) * x",
        f'given = noise["steps"].expand({", ".join(["n", "len(times) - 1", *event])}) if "steps" in noise else None',
        "for i, (now, then) in enumerate(zip(times[:-1], times[1:], strict=True)):",
        "    t, s = now.expand(n), then.expand(n)",
        f"    a_t, b_t, a_s, b_s = ({over}(each, x, 1) for each in (*self.path(t), *self.path(s)))",
        "    data, eps = self.denoise(x, t)",
        "    # eta times the deviation of q(x_s|x_t, data)",
        "    spread = eta * b_s / b_t * (b_t**2 - (a_t / a_s * b_s) ** 2).clamp(min=0).sqrt()",
        "    added = torch.randn_like(x) if given is None else given[:, i]",
        "    x = a_s * data + (b_s**2 - spread**2).clamp(min=0).sqrt() * eps + spread * added",
    ]
    lines += ["x = self.denoise(x, times[-1].expand(n))[0]"] if counted else []
    lines.append(f"return {{{quoted(name)}: x}}")
    body = Body(8)
    for line in lines:
        body.write(line)
    return Body(4, [*head.lines, *body.lines])
