r"""Steps whose entries follow one another: ``\sum_t \sum_i \log p(z_{t,i} | z_{<t}, z_{t,<i}, c_{\le t})``.

The product over i is the density of the whole step, ``\log p(z_t | z_{<t}, c_{\le t})``, whose entries are each given
those before them: its parameters are made, for all entries by one call, of ``entries_before(z_t)``, the entries one
place later with a zero in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.time_names import TIME_BOUNDS, TIME_LETTERS
from formula2dgm.syntax import tree

#: The function that gives each entry the one before it.
BEFORE = "entries_before"


def write_steps_of_entries(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], defaults: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with densities of whole steps, and what was decided; ``keys`` are what is bound, ``defaults``
    whether what nothing says is a default network's."""
    writer = _Writer(statements)
    out = [each.with_body(writer.written(each.body)) for each in statements]
    if not writer.steps:
        return out, []
    for call, step in writer.steps:
        said = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
        own = next((each for each in (*said, *keys) if _scores(each, call)), None)
        if own is not None or not defaults:
            raise _refuse("only a default network reads them, of a density that nothing declares", call, step)
    writer.refuse_other_counts(statements)
    made = [each.with_body(writer.spaces(each.body)) for each in out]
    return [*made, *writer.unsaid(made)], writer.notes


class _Writer:
    """Writes products over the entries of a step as one density."""

    def __init__(self, statements: Sequence[tree.Statement]):
        self.bodies = [each.body for each in statements]
        self.notes: list[Note] = []
        self.steps: list[tuple[tree.Call, tree.Symbol]] = []
        self.counts: dict[tree.Symbol, int | None] = {}
        self.times = set(TIME_LETTERS) | {
            name
            for body in self.bodies
            for each in body.all(tree.Big)
            for name, upper in binder_names(each)
            if str(upper) in TIME_BOUNDS
        }

    def written(self, node: tree.Node) -> tree.Node:
        node = map_children(node, self.written)
        match node:
            case tree.Big("sum", (binder,), upper, tree.Prefix("log", tree.Call() as call) as body):
                made = self._step(binder, upper, call)
                return node if made is None else replace(body, operand=made)
            case tree.Big("prod", (binder,), upper, tree.Call() as call):
                made = self._step(binder, upper, call)
                return node if made is None else made
        return node

    def _step(self, binder: tree.Node, upper: tree.Node | None, call: tree.Call) -> tree.Call | None:
        """The density of the whole step, where the sum runs over its entries, each given those before it."""
        index = binder.name if isinstance(binder, tree.Binds) else binder
        if not is_density_call(call) or len(call.args) != 1 or plain(index) is None:
            return None
        (entry,) = call.args
        if not isinstance(entry, tree.Symbol) or len(entry.sub) != 2 or entry.sub[1] != index:
            return None
        if plain(entry.sub[0]) not in self.times or not any(_is_before(each, entry) for each in call.given or ()):
            return None
        step = replace(entry, sub=entry.sub[:1])
        before = tree.Func(BEFORE, (step,), span=entry.span)
        given = tuple(before if _is_before(each, entry) else each for each in call.given or ())
        made = replace(call, args=(step,), given=given)
        if any(each == index for part in made.children for each in part.walk()):
            raise _refuse(f"it reads {index} elsewhere, too", call, step)
        if isinstance(binder, tree.Binds) and binder.value != tree.Number("1", span=binder.value.span):
            raise _refuse(f"{index} does not count them from 1", call, step)
        self.counts[step] = self.counts.get(step) or self._count(upper, call, step)
        self.steps.append((call, step))
        self.notes.append(
            Note(f"{call} over all {index} is one density of {step}, each entry given those before", call.span)
        )
        return made

    def _count(self, upper: tree.Node | None, call: tree.Call, step: tree.Symbol) -> int | None:
        """How many entries there are, where the text says it."""
        if isinstance(upper, tree.Number) and upper.text.isdigit():
            return int(upper.text)
        for body in self.bodies:
            match body:
                case tree.Chain(members=(name, tree.Number(text)), relations=("=" | ":=",)) if name == upper:
                    return int(text) if text.isdigit() else None
        if upper is not None and sum(each == upper for body in self.bodies for each in body.walk()) > 1:
            raise _refuse(f"nothing says what {upper} is", call, step, f"say it, {upper} = 16")
        return None

    def spaces(self, body: tree.Node) -> tree.Node:
        """``z_t \\in S^n`` of ``z_{t,i} \\in S``."""
        match body:
            case tree.Chain(members=(tree.Symbol(sub=(_, _)) as left, space), relations=("in",)):
                step = replace(left, sub=left.sub[:1])
                if step not in self.counts:
                    return body
                count = self.counts[step]
                if count is None:
                    raise FormulaError(
                        Diagnostic(
                            "F2D-0591",
                            "error",
                            f"nothing says how many entries {step} has",
                            left.span,
                            "write a number above the sum over them, or what it is: n = 16",
                        )
                    )
                number = tree.Number(str(count), span=space.span)
                power = tree.Power(space, number, span=space.span)
                return replace(body, members=(step, power))
        return body

    def refuse_other_counts(self, statements: Sequence[tree.Statement]) -> None:
        """``z_t \\in S^4`` beside a sum over three entries."""
        for each in statements:
            match each.body:
                case tree.Chain((tree.Symbol() as left, tree.Power(exponent=tree.Number(text))), ("in",)):
                    for call, step in self.steps:
                        if left in (step, replace(step, sub=())) and self.counts[step] not in (None, int(text)):
                            raise _refuse(f"{left} has {text} entries, and {self.counts[step]} are added", call, step)

    def unsaid(self, statements: Sequence[tree.Statement]) -> list[tree.Statement]:
        """``z_t \\in \\mathbb{R}^n``, where the text says how many entries there are and nothing of what they are."""
        chains = [
            each.body for each in statements if isinstance(each.body, tree.Chain) and each.body.relations == ("in",)
        ]
        said = {each.members[0].letter for each in chains if isinstance(each.members[0], tree.Symbol)}
        found = []
        for step, count in self.counts.items():
            if count is None or step.letter in said:
                continue
            real = tree.Symbol("R", style="bb", span=step.span)
            power = tree.Power(real, tree.Number(str(count), span=step.span), span=step.span)
            found.append(tree.Statement(tree.Chain((step, power), ("in",), span=step.span), span=step.span))
            self.notes.append(Note(f"the entries of {step} are real numbers", step.span))
        return found


def _is_before(node: tree.Node, entry: tree.Symbol) -> bool:
    """``z_{t,<i}`` and ``z_{t,1:i-1}`` beside ``z_{t,i}``."""
    if not isinstance(node, tree.Symbol) or len(node.sub) != 2 or replace(node, sub=entry.sub) != entry:
        return False
    index = entry.sub[1]
    match node.sub:
        case (at, tree.OpenRange("<", bound)):
            return at == entry.sub[0] and bound == index
        case (at, tree.Range(tree.Number("1"), tree.Add((bound, tree.Neg(tree.Number("1")))))):
            return at == entry.sub[0] and bound == index
    return False


def _scores(node: tree.Node, call: tree.Call) -> bool:
    """Is this a density of the same letter over the same variable?"""
    if not isinstance(node, tree.Call) or not is_density_call(node) or node.head != call.head:
        return False
    if any(isinstance(item, tree.Range) for each in node.args if isinstance(each, tree.Symbol) for item in each.sub):
        return False  # the joint of all steps
    letters = [{each.letter for each in one.args if isinstance(each, tree.Symbol)} for one in (node, call)]
    return letters[0] == letters[1]


def _refuse(why: str, call: tree.Call, step: tree.Symbol, hint: str = "") -> FormulaError:
    message = f"{call}, the density of an entry of {step} given those before, is not understood: {why}"
    otherwise = "add it up where it is scored, and bind nothing to it; or lay all entries in one row: p(x_i|x_{<i})"
    return FormulaError(Diagnostic("F2D-0591", "error", message, call.span, hint or otherwise))
