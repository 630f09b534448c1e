r"""The law of a value that noise makes, where a text has that density and says nothing of it.

    z = \mu(x) + \sigma(x) \epsilon beside KL(q(z|x) || p(z))       q(z|x) = N(z; \mu(x), \sigma(x)^2)
    p(x|f(x, \epsilon)) beside KL(q(z|x) || p(z))                   f(x, \epsilon) is a draw of z from q(z|x)

The divergence is of what is decoded, then, and not of another network with defaults of its own. Which density it is, is
decided by what the value reads: the one of that variable that is given no more and no less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.draws.noise_values import (
    Value,
    drawn_noise,
    is_parameter,
    is_standard,
    mean_and_scale,
    noise_draws,
    noise_values,
    reads,
    squared,
)
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_laws_of_values(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such laws, and what was decided; ``keys`` are what is bound."""
    text = _Text(list(statements), keys)
    for value in noise_values(statements):
        text.tell(value)
    return text.statements, text.notes


class _Text:
    def __init__(self, statements: list[tree.Statement], keys: Sequence[tree.Node]):
        self.statements, self.keys = statements, keys
        self.notes: list[Note] = []
        self.laws = dict(noise_draws(statements))
        self.said = {
            name: each.body.members[1]
            for each in statements
            if isinstance(each.body, tree.Chain) and each.body.relations == ("=",)
            for name in _defined(each.body.members[0])
        }
        self.drawn: set[tree.Call] = set()

    def tell(self, value: Value) -> None:
        found = [each for each in self._compared() if self._is_of(each, value)]
        fitting = [each for each in found if self._fits(each, value)]
        if not fitting:
            return self._refuse_others(found, value)
        said = [each for each in fitting if any(chain.members[0] == each for chain in self._definitions())]
        (law, *others) = [each for each in fitting if each not in said] or said
        if others or (said and law not in said and law in self._lefts()):
            raise self._refused(law, value, f"and so may {[*others, *said][0]} be")
        if said:
            return  # what the text says of it
        if law in self.drawn:
            raise self._refused(law, value, "and has another value, too")
        made = mean_and_scale(value.body, value.noise)
        known = any(_is_same(key, law) for key in self.keys)
        if isinstance(value.body, tree.Call) and self._is_transformed(law, value):
            self._name_standard(law, value.noise)
            return
        if isinstance(value.body, tree.Call) and self._is_open(value.body.head):
            self._draw(law, value)
        elif self._is_bare(value):
            self._draw(law, value)
        elif known:
            return
        elif made is None:
            raise self._refused(law, value, "and nothing says its density")
        elif not is_standard(self.laws[value.noise]):
            raise self._refused(law, value, f"and {value.noise} is no standard normal")
        else:
            self._write(law, value, *made)
            self._name_standard(law, value.noise)

    def _refuse_others(self, found: Sequence[tree.Call], value: Value) -> None:
        """A divergence of the value's density is no divergence of what else it reads."""
        lefts = self._lefts()
        said = [each.members[0] for each in self._definitions()]
        for law in found:
            if (
                value.name is not None
                and law in lefts
                and law not in said
                and not any(_is_same(key, law) for key in self.keys)
            ):
                raise self._refused(law, value, "and is given something else")

    def _write(self, law: tree.Call, value: Value, mean: tree.Node, scale: tree.Node) -> None:
        span = value.body.span
        normal = tree.Call(tree.Symbol("N", span=span), law.args, None, (mean, squared(scale)), span=span)
        self.statements.append(tree.Statement(tree.Chain((law, normal), ("=",), span=span), span=span))
        self.notes.append(Note(f"{law} = {normal}: the law of {value.name or law.args[0]} = {value.body}", span))

    def _draw(self, law: tree.Call, value: Value) -> None:
        """The value is drawn from its law, in place of the noise."""
        name = value.name or law.args[0]
        drawn = any(name in each.args for each in self._brackets() if isinstance(each, tree.Call))
        drawn = drawn or any(name in each.names for each in self._brackets() if isinstance(each, tree.Draws))
        source = tree.Draws((name,), law, span=value.body.span)

        def rebuild(node: tree.Node) -> tree.Node:
            if isinstance(node, tree.Binds) and node.value == value.body:
                return name
            if node == value.body:
                return name
            if isinstance(node, tree.Expect):
                binders = tuple(source if drawn_noise(each)[0] == value.noise else each for each in node.binders)
                node = replace(node, binders=binders)
            return map_children(node, rebuild)

        bodies: list[tree.Statement] = []
        for each in self.statements:
            match each.body:
                case tree.Chain((left, right), ("=" | ":=",)) if left == name and right == value.body:
                    continue
                case tree.Chain((left, _), ("~",)) if left == value.noise:
                    if drawn or self._is_in_brackets(value.noise):
                        continue
                    bodies.append(each.with_body(tree.Chain((name, law), ("~",), span=each.body.span)))
                case _:
                    bodies.append(each.with_body(rebuild(each.body)))
        gone = (mean_and_scale(value.body, value.noise) or ()) if self._is_bare(value) else ()
        rest = {node for each in bodies for node in each.body.walk()}
        for symbol in (value.noise, *gone):
            if symbol in rest:
                raise self._refused(law, value, f"and {symbol} is read elsewhere, too")
        self.statements = bodies
        self.drawn.add(law)
        self.notes.append(Note(f"{value.body} is a draw of {name} from {law}, by its noise", value.body.span))

    def _name_standard(self, law: tree.Call, noise: tree.Symbol) -> None:
        r"""``\epsilon \sim p(\epsilon)`` as ``N(0, I)``, where p is not the letter of the law."""
        source = self.laws[noise]
        if not isinstance(source, tree.Call) or not is_density_call(source) or source.head == law.head:
            return
        if any(each.members[0] == source for each in self._definitions()) or source in self.keys:
            return
        standard = (tree.Number("0", span=source.span), tree.Symbol("I", span=source.span))
        normal = tree.Call(tree.Symbol("N", span=source.span), standard, span=source.span)

        def rebuild(node: tree.Node) -> tree.Node:
            match node:
                case tree.Draws((name,), density) if name == noise and density == source:
                    return replace(node, density=normal)
                case tree.Chain((name, density), ("~",)) if name == noise and density == source:
                    return replace(node, members=(name, normal))
            return map_children(node, rebuild)

        self.statements = [each.with_body(rebuild(each.body)) for each in self.statements]
        self.laws[noise] = normal
        self.notes.append(Note(f"{source} is the standard Normal", source.span))

    # -- what the text holds ---------------------------------------------------------------------------

    def _compared(self) -> list[tree.Call]:
        """The densities of one variable that is given others, which the text compares or scores."""
        scored = self._scored()
        found: list[tree.Node] = []
        for node in (node for each in self.statements for node in each.body.walk()):
            if isinstance(node, tree.Divergence):
                found += [node.left, node.right]
            elif isinstance(node, tree.Func) and node.name == "H":
                found += node.args
            elif node in scored:
                found.append(node)
        return [each for each in dict.fromkeys(found) if isinstance(each, tree.Call) and _is_conditional(each)]

    def _is_of(self, law: tree.Call, value: Value) -> bool:
        """Is this a density of the value: of its name, or of a variable that the text reads nowhere else?"""
        (name,) = law.args
        if value.name is not None:
            return name == value.name or (value.noise.sup != () and name == replace(value.name, sup=()))
        if law in self.drawn:
            return True
        nodes = [node for each in self.statements for node in each.body.walk()]
        over = [
            each for each in nodes if isinstance(each, tree.Call) and is_density_call(each) and each.args == (name,)
        ]
        return sum(each == name for each in nodes) == len(over)

    def _fits(self, law: tree.Call, value: Value) -> bool:
        """Is it given what the value reads?"""
        given = [each for each in law.given or () if not is_parameter(each)]
        applied, bare = reads(value.body, value.noise, given, self.said)
        if any(each in self.laws for each in (*applied, *bare)):
            return False
        if not applied and self._is_bare(value):
            return value.name is not None
        return applied == set(given)

    def _is_transformed(self, law: tree.Call, value: Value) -> bool:
        """Is the density one by a change of variables: the noise's own letter, or scored at the value?"""
        source = self.laws[value.noise]
        own = isinstance(source, tree.Call) and is_density_call(source) and source.head == law.head
        return value.name is not None and (own or law in self._scored())

    def _scored(self) -> set[tree.Node]:
        """What stands under logarithms."""
        nodes = [node for each in self.statements for node in each.body.walk()]
        logs = [each for each in nodes if isinstance(each, tree.Prefix | tree.Func) and each.name == "log"]
        return {each for log in logs for each in log.walk()}

    def _is_bare(self, value: Value) -> bool:
        r"""``z = \mu + \sigma \epsilon``, where nothing says what mu and sigma are: those of the law."""
        made = mean_and_scale(value.body, value.noise)
        if made is None or not all(isinstance(each, tree.Symbol) for each in made):
            return False
        return not any(each in self.said or each in self.keys for each in made)

    def _lefts(self) -> list[tree.Node]:
        """The left sides of divergences."""
        nodes = (node for each in self.statements for node in each.body.walk())
        return [each.left for each in nodes if isinstance(each, tree.Divergence)]

    def _definitions(self) -> Iterator[tree.Chain]:
        for each in self.statements:
            if isinstance(each.body, tree.Chain):
                yield each.body

    def _brackets(self) -> list[tree.Node]:
        nodes = (node for each in self.statements for node in each.body.walk())
        return [item for node in nodes if isinstance(node, tree.Expect) for item in node.binders]

    def _is_in_brackets(self, noise: tree.Symbol) -> bool:
        return any(drawn_noise(each)[0] == noise for each in self._brackets())

    def _is_open(self, head: tree.Node) -> bool:
        """Does nothing say what the function is? A player is one that the text trains by its name."""
        heads = [key.head if isinstance(key, tree.Call) else key for key in self.keys]
        nodes = (node for each in self.statements for node in each.body.walk())
        heads += [name for each in nodes if isinstance(each, tree.Optimise) for name in each.names]
        lefts = [each.members[0] for each in self._definitions()]
        return head not in heads and not any(isinstance(each, tree.Call) and each.head == head for each in lefts)

    def _refused(self, law: tree.Call, value: Value, why: str) -> FormulaError:
        name = value.name or law.args[0]
        message = f"{law} is the law of {name}, which is {value.body}, {why}"
        hint = f"say the density, {law} = N({name}; \\mu(...), \\sigma(...)^2), or draw it: {name} \\sim {law}"
        return FormulaError(Diagnostic("F2D-0579", "error", message, law.span, hint))


def _is_conditional(call: tree.Call) -> bool:
    named = len(call.args) == 1 and isinstance(call.args[0], tree.Symbol)
    given = [each for each in call.given or () if not is_parameter(each)]
    return is_density_call(call) and named and bool(given) and all(isinstance(each, tree.Symbol) for each in given)


def _defined(left: tree.Node) -> tuple[tree.Node, ...]:
    return left.items if isinstance(left, tree.Tuple) else (left,)


def _is_same(key: tree.Node, law: tree.Call) -> bool:
    return isinstance(key, tree.Call) and key.head == law.head and key.args == law.args
