"""Calls of recurrent layers and cells of torch that a user bound: the arguments in the order that they take them.

``nn.GRU`` runs over a whole sequence, ``nn.GRUCell`` makes one step and takes its input before its state; papers write
either order.  What a layer cannot compute is refused.
"""

from __future__ import annotations

from formula2dgm.bindings import NetworkValue, Recurrent
from formula2dgm.ir import nodes as ir
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context, Refused
from formula2dgm.resolve.scaffold.sizes import input_name
from formula2dgm.resolve.sequences.carried_arguments import carried_places, defined_here, flattened
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Arranged:
    """The arguments of a call as the module takes them, their names, and how many results it returns."""

    args: tuple[ir.Node, ...]
    inputs: tuple[str, ...]
    outputs: int = 1


def arranged(context: Context, name: str, value: NetworkValue, call: tree.Call, args: tuple[ir.Node, ...]) -> Arranged:
    """The arguments of a call of a bound network, in the order that it takes them."""
    if value.recurrent is None:
        return Arranged(args, tuple(input_name(each, place) for place, each in enumerate(call.args)))
    return _Call(context, name, value.recurrent, call, args).arranged()


class _Call:
    """One call of a recurrent layer or cell."""

    def __init__(self, context: Context, name: str, module: Recurrent, call: tree.Call, args: tuple[ir.Node, ...]):
        self.context, self.name, self.module, self.call = context, name, module, call
        self.written, self.args = flattened(call.args, args)
        self.names = tuple(input_name(each, place) for place, each in enumerate(self.written))

    def arranged(self) -> Arranged:
        return self._of_cell() if self.module.cell else self._of_layer()

    # -- layers ------------------------------------------------------------------------------------------

    def _of_layer(self) -> Arranged:
        module, first = self.module, self.args[0] if self.args else None
        if not isinstance(first, ir.Sequence | ir.Prefix):
            cell = f"{module.name}Cell" if not module.backward else "nn.GRUCell"
            raise self._refuse(
                f"{self.name} is an {module.name}, which runs over a whole sequence, and is given {self._given()}",
                f"write b_{{1:T}} = {self.name}(x_{{1:T}}), or bind an {cell} for one step",
            )
        if len(self.args) > 1:
            raise self._refuse(
                f"{self.name} is an {module.name}, which takes one sequence, and is given {self._given()}",
                "bind a module of your own that puts them side by side",
            )
        if isinstance(first, ir.Prefix) and module.bidirectional:
            raise self._refuse(
                f"{self.name} is a bidirectional {module.name}, whose result at every step reads all of them, and is "
                f"given {self._given()}",
                f"bind one that runs in one direction, or give it the whole sequence, {self.name}(x_{{1:T}})",
            )
        if isinstance(first, ir.Prefix) and first.backward != module.backward:
            raise self._refuse(
                f"{self.name} is an {module.name} that runs {'backwards' if module.backward else 'forwards'}, and is "
                f"given {self._given()}",
                f"bind f2d.Reversed({module.name}(...)), which runs from the last step to the first"
                if first.backward
                else f"bind the {module.name} itself, without f2d.Reversed",
            )
        return Arranged(self.args, self.names, 2 if module.returns_tuple else 1)

    # -- cells -------------------------------------------------------------------------------------------

    def _of_cell(self) -> Arranged:
        module, here = self.module, defined_here(self.context)
        if any(isinstance(each, ir.Sequence | ir.Prefix) for each in self.args):
            raise self._refuse(
                f"{self.name} is an {module.name}, which makes one step, and is given {self._given()}",
                f"bind an {module.name.removesuffix('Cell')}, which runs over a whole sequence",
            )
        if here and len(here) != module.carried:
            self._refuse_other_number(here)
        places = [place for place in carried_places(self.context, self.args) if place is not None]
        others = [place for place in range(len(self.args)) if place not in places]
        if len(places) != module.carried:
            wanted = ", ".join(f"{each}_{{t-1}}" for each in here) or "h_{t-1}"
            raise self._refuse(
                f"{self.name} is an {module.name}, which carries its own value from step to step, and is given "
                f"{self._given()}",
                f"give it {wanted}",
            )
        if len(others) != 1:
            inputs = ", ".join(str(self.written[place]) for place in others) or "none"
            raise self._refuse(
                f"{self.name} is an {module.name}, which takes one input beside its state, and is given {inputs}",
                "bind a module of your own that puts them side by side before it calls the cell",
            )
        (other,) = others
        if [other, *places] != list(range(len(self.args))):
            self._say_order(other, places)
        state = [self.args[place] for place in places]
        carried: ir.Node = state[0] if module.carried == 1 else self.context.arena.make(ir.Pair, tuple(state))
        named = self.names[places[0]] if module.carried == 1 else f"({', '.join(self.names[each] for each in places)})"
        return Arranged((self.args[other], carried), (self.names[other], named), module.carried)

    def _refuse_other_number(self, here: tuple[str, ...]) -> None:
        module = self.module
        carries = "one value" if module.carried == 1 else "two values, h and c,"
        one = here[0]
        pair = f"({one}_t, c_t) = {self.name}(x_t, ({one}_{{t-1}}, c_{{t-1}}))"
        raise self._refuse(
            f"{self.name} is an {module.name}, which carries {carries} from step to step; the formula defines "
            f"{', '.join(here)} by it",
            f"write {pair}, or bind an nn.GRUCell"
            if module.carried == 2
            else "bind a module that returns a tuple of them, such as an nn.LSTMCell",
        )

    def _say_order(self, other: int, places: list[int]) -> None:
        state = ", ".join(str(self.written[place]) for place in places)
        state = f"({state})" if len(places) > 1 else state
        self.context.assume(
            f"{self.name} is an {self.module.name}, which takes its input first: it is called with "
            f"{self.written[other]}, then {state}",
            self.call.span,
        )

    # -- refusals ----------------------------------------------------------------------------------------

    def _given(self) -> str:
        return ", ".join(map(str, self.written)) or "nothing"

    def _refuse(self, message: str, hint: str) -> Refused:
        return self.context.refuse("F2D-0640", message, self.call.span, hint)
