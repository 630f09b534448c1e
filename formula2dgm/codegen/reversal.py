"""``sample`` of a chain that is drawn backwards.

p(x_T), p(x_{t-1}|x_t)    becomes

def sample(self, n, *, noise=None):
    x = ...
    for number in range(self.T, 0, -1):
        ...
"""

from __future__ import annotations

from formula2dgm.codegen.constructor import write_signature
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import parameters
from formula2dgm.codegen.laws import facts, settings
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.python import Body, Code, assignment, call, quoted
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.statements import prepared_for
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.reversal import Reversal


def write_reversal(program: Program, owned: dict[str, str], used: dict[str, None]) -> list[Body]:
    """The method; ``owned`` are the expressions for hyperparameters."""
    return [] if program.reversal is None else [_Chain(program, program.reversal, owned, used).written()]


class _Chain:
    def __init__(self, program: Program, chain: Reversal, owned: dict[str, str], used: dict[str, None]):
        self.program, self.chain, self.owned, self.used = program, chain, owned, used

    def written(self) -> Body:
        """x_T, then step by step."""
        chain, name, body = self.chain, self.chain.variable, Body(8)
        scope = self._scope(8)
        steps = scope.size(chain.time)
        head = Body(4)
        head.write("@torch.no_grad()")
        keywords = ["noise: Mapping[str, Tensor] | None = None"]
        write_signature(head, "sample", ["n: int"], keywords, "dict[str, Tensor]")
        said = f"from {chain.said[0]}, then step by step from {chain.said[1]}"
        head.write(f'    """n new {name}: {said}."""')
        event = "".join(f", {each}" for each in chain.shape)
        key, like = quoted(name), f"{scope.use('tensor_of')}(self)"
        body.write("noise = {} if noise is None else noise")
        body.write(f"shape = (n{event or ','})")
        body.write(f"x = noise[{key}].expand(shape) if {key} in noise else {scope.use('normal_noise')}(shape, {like})")
        body.write(f'steps = noise["steps"].expand(n, {steps}{event}) if "steps" in noise else None')
        scope.body = body
        self._draw(scope, chain.first, "x")
        own = chain.last is not None
        body.write(f"for i, number in enumerate(range({steps}, {int(own)}, -1)):")
        inner = self._scope(12)
        inner.body.write("t = torch.full((n,), number, device=x.device)")
        self._draw(inner, chain.step, "torch.randn_like(x) if steps is None else steps[:, i]")
        body.lines += inner.body.lines
        if chain.last is not None:
            last = self._scope(8)
            self._draw(last, chain.last, "torch.randn_like(x) if steps is None else steps[:, -1]")
            body.gap()
            body.lines += last.body.lines
        body.write(f"return {{{key}: x}}")
        return Body(4, [*head.lines, *body.lines])

    def _scope(self, indent: int) -> Scope:
        known = {
            each.name: name for each, name in ((self.chain.x, "x"), (self.chain.t, "t")) if isinstance(each, ir.Data)
        }
        names = Names({"n", "x", "t", "i", "number", "steps", "shape", "drawn"})
        return Scope(self.program, names, {**self.owned, **known}, Body(indent), library=self.used)

    def _draw(self, scope: Scope, law: ir.Law, noise: str) -> None:
        """``x = law_sample(noise, parameters)``."""
        preparation = prepared_for(scope, [law], "value")
        preparation.prepare(law)
        if noise != "x":
            scope.body.write(f"drawn = {noise}")
        given = parameters(scope, law, law.axes)
        lead, nodes = len(law.axes), dict(law.params)
        vector = any(each.event != "number" for each in nodes.values())
        beside = [
            call(scope.use("over_event"), code, "x", "1")
            if not vector and lead and not is_python_number(nodes[each]) and nodes[each].axes
            else code
            for each, code in zip(facts(law).parameters, given, strict=True)
        ]
        sample = facts(law).sample
        assert sample is not None
        made = call(scope.use(sample), Code("x" if noise == "x" else "drawn"), *beside, *settings(law))
        scope.body.add(assignment("x", made, scope.body.indent) or [], scope.span(law))
