r"""The noise process of a text that says only what is drawn from it: ``q(x_{t-1}|x_t, x_0)``, ``q(x_T|x_0)``.

A density without parameters over the steps of one variable, given the variable at step 0, is taken for the process of
Ho et al. 2020: q(x_t|x_{t-1}) = N(x_t; \sqrt{1-\beta_t} x_{t-1}, \beta_t I), and the way back, which has parameters,
for p_\theta(x_{t-1}|x_t) = N(x_{t-1}; \mu_\theta(x_t, t), \beta_t I).  What the text says of any of them holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.compared_steps import refuse_mixed_steps
from formula2dgm.completion.processes.continuous_noise import write_continuous
from formula2dgm.completion.processes.default_statements import BETA, Defaults, is_zero, placed
from formula2dgm.completion.processes.process_times import is_part, write_times
from formula2dgm.completion.processes.unsaid_processes import Process, find_process
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.shifting import counts_by
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import parse_one, tree


def write_noise(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], numbers: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what the process needs, and what was decided; ``keys`` are what is bound, ``numbers``
    those of them that are bound to single numbers."""
    return _Process.completed(statements, keys, numbers)


class _Process(Defaults):
    def complete(self) -> None:
        """Declare the process, and draw from it where the text says ``E_q``."""
        if (found := find_process(self)) is None:
            return
        refuse_mixed_steps(self, found)
        self._put(lambda body: self._named(body, found))
        if found.times is not None:
            write_continuous(self, found)
        else:
            head, slot, index = found.head, found.slot, found.index
            self._put(lambda body: self._path(body, head, slot))
            self._declare_process(head, slot, index)
        index = found.index
        alone = [not counts_by(each.body, index) and not is_part(self, each, index) for each in self.statements]
        self.statements = [
            each.with_body(self._drawn(each.body, found, one)) for each, one in zip(self.statements, alone, strict=True)
        ]
        self.statements = [self._alone(each, found) for each in self.statements]
        if found.times is None:
            write_times(self, found)

    def _put(self, change: Callable[[tree.Node], tree.Node]) -> None:
        self.statements = [each.with_body(change(each.body)) for each in self.statements]

    def _named(self, node: tree.Node, found: Process) -> tree.Node:
        """``p_{0t}(x_t|x_0, t)`` without its times, which its variables have."""
        node = map_children(node, lambda each: self._named(each, found))
        if not isinstance(node, tree.Call) or not found.is_of(node):
            return node
        given = tuple(each for each in node.given or () if letter_of(each) == letter_of(found.slot))  # type: ignore[arg-type]
        made = replace(node, head=replace(found.head, span=node.head.span), given=given)
        if made != node:
            self.say(f"{node} is {made}", node.span)
        return made

    def _alone(self, statement: tree.Statement, found: Process) -> tree.Statement:
        """A statement with what it compares averaged."""
        return (
            statement if self._is_part(statement) else statement.with_body(self._averaged(statement.body, found.head))
        )

    def _is_part(self, statement: tree.Statement) -> bool:
        """Is it the definition of a part, ``L_{t-1} = ...``, that another statement reads under its expectation?"""
        left = statement.body.members[0] if isinstance(statement.body, tree.Chain) else None
        others = (each for each in self.statements if each is not statement)
        return isinstance(left, tree.Symbol) and any(node == left for each in others for node in each.body.walk())

    def _declare_process(self, head: tree.Symbol, slot: tree.Symbol, index: str) -> None:
        now = replace(slot, sub=()).latex()
        step = f"{head.latex()}({now}_{index}|{now}_{{{index}-1}})"
        law = rf"\mathcal{{N}}({now}_{index}; \sqrt{{1-\beta_{index}}} {now}_{{{index}-1}}, \beta_{index} I)"
        self.add(f"{step} = {law}", slot.span)
        joint = parse_one(f"{head.latex()}({now}_{{1:T}}|{now}_0)")
        if any(each == joint for each in self.nodes()):
            self.add(rf"{joint.latex()} = \prod_{{{index}=1}}^T {step}", slot.span)
        self.schedule(BETA, index, slot.span)
        self.data(replace(slot, sub=(tree.Number("0", span=slot.span),)))
        self._declare_way_back(slot, index)

    def _declare_way_back(self, slot: tree.Symbol, index: str) -> None:
        """``p_\\theta(x_{t-1}|x_t)``, which has parameters: a Normal around a network of ``x_t`` and t, as wide as the
        step; ``p_\\theta(x_0, x_{1:T})`` is made of these."""
        now = replace(slot, sub=()).latex()
        said = set(self.left_sides()) | set(self.keys)
        for call in [each for each in self.nodes() if isinstance(each, tree.Call) and is_density_call(each)]:
            head = call.head
            if not isinstance(head, tree.Symbol) or not head.sub or not self._is_of(call, slot):
                continue
            back = rf"{head.latex()}({now}_{{{index}-1}}|{now}_{index})"
            if call.given is None and any(isinstance(_item(each), tree.Range) for each in call.args):
                if call not in said:
                    last = f"{replace(head, sub=()).latex()}({now}_T)"
                    self.add(rf"{call.latex()} = {last} \prod_{{{index}=1}}^T {back}", call.span)
                    said.add(call)
            elif call.given is None or len(call.args) != 1 or len(call.given) != 1:
                continue
            elif _goes_on(_item(call.args[0]), _item(call.given[0])):
                continue
            if parse_one(back) not in said:
                mean = rf"\mu_{{{', '.join(each.latex() for each in head.sub)}}}({now}_{index}, {index})"
                self.add(rf"{back} = \mathcal{{N}}({now}_{{{index}-1}}; {mean}, \beta_{index} I)", call.span)
                said.add(parse_one(back))

    def _is_of(self, call: tree.Call, slot: tree.Symbol) -> bool:
        slots = (*call.args, *(call.given or ()))
        return all(isinstance(each, tree.Symbol) and letter_of(each) == letter_of(slot) for each in slots)

    def _reads_one(self, body: tree.Node, found: Process) -> bool:
        """Does a bracket read ``x_t`` and no other step that it does not draw itself?"""
        index = found.index
        read = [str(each.sub[0]) for each in _unbound(body) if letter_of(each) == letter_of(found.slot) and each.sub]
        return index in read and set(read) <= {index, "0"}

    def _drawn(self, node: tree.Node, found: Process, alone: bool) -> tree.Node:
        """``E_q`` as an expectation over all steps, ``E_{x_t}`` as one over one, ``\\sum_{t>1}`` to the last one."""
        node = map_children(node, lambda each: self._drawn(each, found, alone))
        index = found.index
        match node:
            case tree.Expect(binders=(tree.Symbol() as binder,)) if binder == found.head:
                steps = index if alone and self._reads_one(node.body, found) else "1:T"
                density = placed(parse_one(f"{found.head.latex()}({found.at(steps)}|{found.at('0')})"), binder.span)
                self.notes.append(Note(f"{binder} is {density}", binder.span))
                return replace(node, binders=(density,))
            case tree.Expect(binders=binders) if (point := parse_one(found.at(index))) in binders:
                density = placed(parse_one(f"{found.head.latex()}({found.at(index)}|{found.at('0')})"), node.span)
                self.say(f"{point} is drawn from {density}", node.span)
                return replace(node, binders=tuple(density if each == point else each for each in binders))
            case tree.Big(op="sum", binders=(tree.Relates(tree.Symbol() as name, ">", tree.Number(first)),)) if (
                node.upper is None and plain(name) == index and first.isdigit()
            ):
                start = tree.Number(str(int(first) + 1), span=node.span)
                last = tree.Symbol("T", span=node.span)
                self.notes.append(Note(f"the sum over {name} > {first} runs to T", node.span))
                return replace(node, binders=(tree.Binds(name, start, span=node.span),), upper=last)
        return node

    def _path(self, node: tree.Node, head: tree.Symbol, slot: tree.Symbol) -> tree.Node:
        """``x_0 \\sim q(x_{0:T})``, which draws all steps, as data and ``q(x_{1:T}|x_0)``."""
        node = map_children(node, lambda each: self._path(each, head, slot))
        match node:
            case tree.Expect(
                binders=(tree.Draws(names=names, density=tree.Call(head=drawn, given=None) as density),)
            ) if drawn == head and any(isinstance(_item(each), tree.Range) for each in density.args):
                read = (*names, *density.args)
                if all(isinstance(each, tree.Symbol) and letter_of(each) == letter_of(slot) for each in read):
                    now = replace(slot, sub=()).latex()
                    law = f"{head.latex()}({now}_0)"
                    known = any(str(each) == str(parse_one(law)) for each in self.nodes())  # its law by its own name
                    first = law if known else rf"{now}_0 \sim p_{{data}}"
                    steps = parse_one(rf"E_{{{first}, {head.latex()}({now}_{{1:T}}|{now}_0)}} 1")
                    assert isinstance(steps, tree.Expect)
                    return replace(node, binders=tuple(placed(each, node.span) for each in steps.binders))
        return node

    def _averaged(self, node: tree.Node, head: tree.Symbol) -> tree.Node:
        """``KL[q(x_{t-1}|x_t, x_0) || ...]`` under no expectation, as one over ``q(x_t|x_0)``."""
        if isinstance(node, tree.Expect) and any(
            isinstance(each, tree.Call) and each.head == head for each in node.binders
        ):
            return node
        if isinstance(node, tree.Divergence) and isinstance(left := node.left, tree.Call) and left.head == head:
            later = [each for each in left.given or () if not is_zero(_item(each) or each)]
            first = [each for each in left.given or () if is_zero(_item(each) or each)]
            if len(later) == 1 and len(first) == 1 and not isinstance(_item(later[0]), tree.Range):
                density = tree.Call(head, (later[0],), (first[0],), span=node.span)
                self.notes.append(Note(f"{later[0]} of {node} is drawn from {density}", node.span))
                return tree.Expect((density,), node, span=node.span)
        return map_children(node, lambda each: self._averaged(each, head))


def _goes_on(item: tree.Node | None, before: tree.Node | None) -> bool:
    """Is a step a later one than another, t than t - 1, 1 than 0?"""
    first, second = _offset(item), _offset(before)
    return first is not None and second is not None and first[0] == second[0] and first[1] > second[1]


def _offset(item: tree.Node | None) -> tuple[str, int] | None:
    """``t - 1`` as t and -1; a number as itself, of no name."""
    match item:
        case tree.Number(text) if text.isdigit():
            return "", int(text)
        case tree.Symbol():
            return str(item), 0
        case tree.Add(terms=(tree.Symbol() as first, tree.Number(text))) if text.isdigit():
            return str(first), int(text)
        case tree.Add(terms=(tree.Symbol() as first, tree.Neg(tree.Number(text)))) if text.isdigit():
            return str(first), -int(text)
    return None


def _item(slot: tree.Node) -> tree.Node | None:
    return slot.sub[0] if isinstance(slot, tree.Symbol) and len(slot.sub) == 1 else None


def _unbound(node: tree.Node) -> Iterator[tree.Symbol]:
    """The variables that a body reads, but for those that its divergences and entropies draw themselves."""
    match node:
        case tree.Symbol():
            yield node
        case tree.Divergence(left=tree.Call(args=own)) | tree.Func(name="H", args=(tree.Call(args=own),)):
            for each in node.children:
                yield from (name for name in _unbound(each) if name not in own)
        case _:
            for each in node.children:
                yield from _unbound(each)
