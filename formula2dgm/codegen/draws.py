"""Statements that draw: a site's noise, the value made of it, all values of a finite variable, a permutation."""

from __future__ import annotations

from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import expression, parameters, with_event
from formula2dgm.codegen.laws import facts, is_standard, settings
from formula2dgm.codegen.python import WIDTH, Code, assignment, call, method
from formula2dgm.codegen.scope import Scope, StepNoise
from formula2dgm.codegen.shapes import draw_shape, like_tensor, tensors
from formula2dgm.codegen.uses import roots, users_of_draws
from formula2dgm.codegen.vectors import beside_noise
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.text import to_text

#: What a comment says of estimators.
ESTIMATED = {
    "score": "its gradient is the score function's",
    "relaxed": "relaxed, its gradient pathwise",
    "straight-through": "its gradient is that of its mean",
}


_BY_VALUES = ir.Grad | ir.LogDetJacobian | ir.JacobianTrace | ir.Jvp


class Draws:
    """Writes statements into a scope; this half of them draws."""

    def __init__(self, scope: Scope, terms: tuple[Term, ...]):
        self.scope = scope
        self.draws = users_of_draws(terms)
        # A derivative by what was drawn needs the densities of the draw as functions of it, not of its noise.
        self.derived = any(isinstance(each, _BY_VALUES) for each in walk(*roots(terms)))

    def assign(self, node: ir.Node | None, target: str, value: Code, span_of: ir.Node | None = None) -> None:
        """Write ``target = value`` and remember that the variable holds ``node``."""
        computed = span_of or node
        span = self.scope.span(computed) if computed is not None else None
        lines = assignment(target, value, self.scope.body.indent)
        self.scope.body.add(lines or [f"{' ' * self.scope.body.indent}{target} = {value.text}"], span)
        if node is not None:
            self.scope.bound[node] = Code(target)

    def draw(self, node: ir.Draw) -> None:
        """The noise of a draw and the value made of it; inside a loop over time the noise is already there."""
        scope, fact = self.scope, facts(node.law)
        users = self.draws.get(node, [])
        shared = f", shared by {listing(users)}" if len(users) > 1 else ""
        variable = self.variable(node)
        given = parameters(scope, node.law, node.axes)
        if (noise_here := scope.step_noise.get(node.site)) is not None:
            if isinstance(noise_here, StepNoise):
                noise_here = self.noise_of_step(node, noise_here, given)
            target = scope.names.fresh(variable + scope.suffix) if fact.noise == "standard" else noise_here.text
            if fact.sample is not None:
                self.assign(node, target, call(scope.use(fact.sample), noise_here, *given, *settings(node.law)))
            scope.bound[node] = Code(target)
            return
        estimated = self.estimated(node) if users else ""
        scope.body.comment(f"{variable} ~ {node.law.label}: {_how_many(node)}{shared}{estimated}", scope.span(node))
        target = scope.names.fresh(variable)
        shape = self.shape(node, variable)
        if is_standard(node.law):
            fresh = call(scope.use(fact.draw_noise), shape, like_tensor(scope, node))
            self.noise(target, site_name(node), shape, fresh, node)
            scope.bound[node] = Code(target)
            return
        if fact.noise == "standard" and fact.sample is not None:
            fresh = call(scope.use(fact.draw_noise), shape, like_tensor(scope, node), *settings(node.law))
            noise = scope.names.fresh(f"{variable}_noise")
            self.noise(noise, site_name(node), shape, fresh, node)
            given = beside_noise(scope, node, given, Code(noise), expression)
            self.assign(node, target, call(scope.use(fact.sample), noise, *given, *settings(node.law)))
            if not self.derived:
                scope.noises[node] = (scope.bound[node], Code(noise))
            return
        if fact.draw_by_numbers is not None and all(is_python_number(each) for _, each in node.law.params):
            fresh = call(scope.use(fact.draw_by_numbers), shape, *given, like_tensor(scope, node), *settings(node.law))
        else:
            fresh = call(scope.use(fact.draw_noise), shape, *tensors(scope, node, given), *settings(node.law))
        self.noise(target, site_name(node), shape, fresh, node)
        if fact.sample is not None:
            scope.body.comment("the same value, with its derivatives in the parameters", scope.span(node))
            self.assign(node, target, call(scope.use(fact.sample), target, *given, *settings(node.law)))
        scope.bound[node] = Code(target)

    def estimated(self, node: ir.Draw) -> str:
        """How the gradient of what is learned before the draw is estimated, where that is not by the draw itself."""
        site = next((each for each in self.scope.program.sites if each.name == node.site), None)
        return f"; {ESTIMATED[site.estimator]}" if site is not None and site.estimator in ESTIMATED else ""

    def is_scored(self, node: ir.Draw) -> bool:
        """Is the draw's gradient the score function's?"""
        return any(each.name == node.site and each.estimator == "score" for each in self.scope.program.sites)

    def detached(self, node: ir.StopGrad, draw: ir.Draw) -> None:
        """The value of a draw that could carry a gradient and does not."""
        value = self.scope.bound[draw]
        self.assign(node, value.text, method(value, "detach"))

    def passed_through(self, node: ir.Node, draw: ir.Node) -> None:
        """The value of a draw with the gradient of its mean."""
        self.assign(node, self.scope.bound[draw].text, expression(self.scope, node, "value"))

    def variable(self, node: ir.Draw | ir.State) -> str:
        """What the formula calls the value drawn, or carried."""
        sites = {each.name: each.variable for each in self.scope.program.sites}
        return sites.get(node.site, site_name(node))

    def shape(self, node: ir.Draw, variable: str) -> Code:
        """The shape of a draw, in a variable where it is more than another tensor's."""
        shape = draw_shape(self.scope, node)
        if shape.text.isidentifier() or shape.text.endswith(".shape"):
            return shape
        name = self.scope.names.fresh(f"{variable}_shape")
        self.assign(None, name, shape, span_of=node)
        return Code(name)

    def noise(self, target: str, site: str, shape: Code, fresh: Code, node: ir.Node) -> None:
        """Noise the caller gives (missing outer axes are shared), or fresh noise."""
        key = f'"{site}"'
        self.either(f"{key} in noise", target, Code(f"noise[{key}].expand({shape.text})"), fresh, node)

    def either(self, condition: str, target: str, given: Code, fresh: Code, node: ir.Node) -> None:
        """``target = given if condition else fresh``, on as many lines as it takes."""
        scope = self.scope
        margin = " " * scope.body.indent
        line = f"{margin}{target} = {given.text} if {condition} else {fresh.text}"
        if len(line) <= WIDTH:
            scope.body.add(line, scope.span(node))
            return
        scope.body.write(f"if {condition}:", scope.span(node))
        scope.body.write(f"    {target} = {given.text}", scope.span(node))
        scope.body.write("else:", scope.span(node))
        own = scope.body.indent + 4
        scope.body.add(assignment(target, fresh, own) or [f"{' ' * own}{target} = {fresh.text}"], scope.span(node))

    def noise_of_step(self, node: ir.Draw, where: StepNoise, given: list[Code]) -> Code:
        """Noise that only the step itself knows the shape or the law of: read off what the caller gives, or fresh."""
        scope, fact = self.scope, facts(node.law)
        variable = self.variable(node) + scope.suffix
        shape = self.shape(node, variable)
        if not shape.text.isidentifier():
            name = scope.names.fresh(f"{variable}_shape")
            self.assign(None, name, shape, span_of=node)
            shape = Code(name)
        if fact.noise == "standard" and fact.sample is not None:
            target, like = scope.names.fresh(f"{variable}_noise"), [like_tensor(scope, node)]
        else:
            target, like = scope.names.fresh(variable), tensors(scope, node, given)
        fresh = call(scope.use(fact.draw_noise), shape, *like, *settings(node.law))
        all_steps = f"(*{shape.text}[:{where.place}], {where.steps}, *{shape.text}[{where.place}:])"
        here = f'noise["{site_name(node)}"].expand({all_steps})[{":, " * where.place}{where.index}]'
        self.either(f'"{site_name(node)}" in noise', target, Code(here), fresh, node)
        return Code(target)

    def enumerated(self, node: ir.Enumerated) -> None:
        """All values of a finite law's variable, in the layout of a value with one axis."""
        scope, fact = self.scope, facts(node.law)
        scope.body.comment(f"all values of {node.axis.name}, for {node.law.label}", scope.span(node))
        given = with_event(scope, node.law, node.law.axes)
        values = call(scope.use(str(fact.enumerate)), *given, str(len(node.law.axes)), *settings(node.law))
        self.assign(node, scope.names.fresh(node.axis.name), values)

    def reordered(self, node: ir.Permuted | ir.Coupled) -> None:
        """The examples of a batch in another order."""
        scope = self.scope
        value = expression(scope, node.value, "value")
        if isinstance(node, ir.Permuted) and node.entries:
            self._permuted_entries(node, value)
            return
        if node.to is not None:
            self._coupled(node, node.to, value)
            return
        name = to_text(node.value) if "," in node.site else node.site  # x of the pair x, y
        if (order := self._order_beside(node)) is not None:
            scope.body.comment(f"{to_text(node.value)} in the same order", scope.span(node))
        else:
            scope.body.comment(f"{to_text(node.value)} with its examples in a random order", scope.span(node))
            order, size = scope.names.fresh(f"{node.site}_order"), scope.size(node.axis)
            self.noise(order, node.site, Code(size), Code(f"torch.randperm({size}, device={value.text}.device)"), node)
        scope.orders[node] = order
        self._in_order(node, f"{name}_permuted", value, order)

    def _order_beside(self, node: ir.Permuted) -> str | None:
        """The order that another value of the same site is in already."""
        scope = self.scope
        known = (each for each in scope.orders if (each.site, each.axis) == (node.site, node.axis))
        return next((scope.orders[each] for each in known if each in scope.bound), None)

    def _coupled(self, node: ir.Permuted | ir.Coupled, to: ir.Node, value: Code) -> None:
        """The examples of a batch in the order in which a plan pairs them with those of another value."""
        scope, name, other = self.scope, to_text(node.value), expression(self.scope, to, "value")
        how = "drawn from an entropic plan" if isinstance(node, ir.Permuted) else "of all assignments the nearest"
        said = f"{name} with its examples as they go with those of {to_text(to)}: {how}"
        scope.body.comment(said, scope.span(node))
        order = scope.names.fresh(f"{name}_order")
        if isinstance(node, ir.Coupled):
            self.assign(None, order, call(scope.use("coupled_order"), value, other), span_of=node)
        else:
            assert node.weight is not None, "a plan that is drawn from has an entropy"
            weight = expression(scope, node.weight, "number")
            fresh = call(scope.use("entropic_order"), value, other, weight)
            self.noise(order, node.site, Code(scope.size(node.axis)), fresh, node)
        self._in_order(node, f"{name}_coupled", value, order)

    def _in_order(self, node: ir.Permuted | ir.Coupled, name: str, value: Code, order: str) -> None:
        place = str(node.value.axes.index(node.axis))
        self.assign(node, self.scope.names.fresh(name), method(value, "index_select", place, order))

    def _permuted_entries(self, node: ir.Permuted, value: Code) -> None:
        """Each entry of a value in an order of examples of its own."""
        scope = self.scope
        said = f"{to_text(node.value)}, the examples of each entry in a random order of their own"
        scope.body.comment(said, scope.span(node))
        lead, order = len(node.value.axes), scope.names.fresh(f"{node.site}_orders")
        shape = scope.names.fresh(f"{order}_shape")
        sizes = Code(f"({value.text}.shape[{lead}:].numel(), {scope.size(node.axis)})")
        self.assign(None, shape, sizes, span_of=node)
        fresh = Code(f"torch.rand({shape}, device={value.text}.device).argsort(-1)")
        self.noise(order, node.site, Code(shape), fresh, node)
        place = str(node.value.axes.index(node.axis))
        mixed = call(scope.use("permuted_entries"), value, order, str(lead), place)
        self.assign(node, scope.names.fresh(f"{node.site}_permuted"), mixed)


def site_name(node: ir.Draw | ir.State) -> str:
    """The key of a draw's noise, or of what is carried."""
    return node.key if isinstance(node, ir.Draw) else node.site


def _how_many(node: ir.Draw) -> str:
    """How often a draw is made: ``K draws for each example``."""
    sizes = [f"{axis.size if axis.size is not None else ''}".strip() for axis in node.axes if axis.kind == "sample"]
    count = " x ".join(size for size in sizes if size)
    each = ["example" for axis in node.axes if axis.kind == "batch"][:1]
    each += [f"value of {axis.name}" for axis in node.axes if axis.kind == "enumeration"]
    each += [axis.name if axis.kind == "plate" else "step" for axis in node.axes if axis.kind in ("plate", "time")]
    number = "one draw" if not sizes else f"{count or 'several'} draws"
    return f"{number} for each {' and '.join(each)}" if each else f"{number} for all examples"


def listing(users: list[str]) -> str:
    """``a, b and c``."""
    return users[0] if len(users) == 1 else f"{', '.join(users[:-1])} and {users[-1]}"
