r"""Default parameters of linear-Gaussian chains: A, b, Q of ``p(z_t|z_{t-1}) = N(A z_{t-1} + b, Q)`` that nobody bound.

A matrix between states starts at the identity, any other at standard normal draws (states that are seen alike stay
alike) or, before an input, at zero; offsets start at zero, covariances are diagonal and start at the identity.
"""

from __future__ import annotations

from formula2dgm.bindings import Binding, TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.kinds import summands
from formula2dgm.reading.names import Name, read_name
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import strip_identity, variable_shape
from formula2dgm.resolve.divergences.sampled import Computed
from formula2dgm.resolve.scaffold.sizes import LATENT_SHAPE
from formula2dgm.resolve.statements.definitions import Definition
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: Letters of covariances, beside capitals.
_COVARIANCES = frozenset(("Sigma", "Lambda", "Gamma", "Omega", "Psi"))


@dataclass(frozen=True, slots=True)
class Written:
    """A Normal as it is written: its name, the variable, the mean and the covariance."""

    label: str
    over: Name
    arguments: tuple[tree.Node, ...]


def enter_defaults(context: Context, written: Written, state: Name, span: Span) -> None:
    """Enter the matrices, the offsets and the covariance that a density of a chain names and that nothing gives."""
    if not context.options.scaffold or len(written.arguments) != 2:
        return
    sizes = _Sizes(context, written.label, state, span)
    mean, variance = written.arguments
    for term in summands(mean):
        if isinstance(term, tree.Symbol) and _is_free(context, term):
            _enter(context, term, (sizes.of(written.over),), "starts at 0", fill=0.0)
        elif isinstance(term, tree.Mul) and len(term.factors) == 2 and all(map(_is_symbol, term.factors)):
            _matrix(sizes, term.factors, written.over)
    covariance = strip_identity(variance)
    if isinstance(covariance, tree.Symbol) and _is_free(context, covariance) and _is_capital(covariance):
        _covariance(context, covariance, sizes.of(written.over))


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How many entries the variables of a density have; a state that nothing sizes has a default."""

    context: Context
    label: str
    state: Name
    span: Span

    def of(self, name: Name) -> int:
        """The number of entries of a variable."""
        shape = variable_shape(self.context, _stem(name))
        if shape is None and self.is_state(name):
            self.context.assume(f"{self.state.id} has {LATENT_SHAPE[0]} dimensions")
            shape = LATENT_SHAPE
        if shape is None or len(shape) != 1:
            raise self.context.refuse(
                "F2D-0419",
                f"nothing says how many entries {name.id} has, of which {self.label} has a matrix or a covariance",
                self.span,
                f"say it (dims={{{name.id!r}: 16}}, --dim {name.id}=16), or bind a tensor to each name of it",
            )
        return shape[0]

    def is_state(self, name: Name) -> bool:
        """Is the variable the state, at whatever step?"""
        return _stem(name) == _stem(self.state)


def _covariance(context: Context, symbol: tree.Symbol, size: int) -> None:
    """A diagonal covariance, defined as the exponential of a learned vector."""
    name = read_name(symbol, context.model.indices, head=True)

    def variances(_: Scope) -> ir.Node:
        owned = _parameter(context, f"log_{name.full}", f"log {symbol}", (size,), fill=0.0)
        return context.arena.make(ir.Apply, "exp", (context.arena.make(ir.Param, owned, True),))

    body = Computed(variances, span=symbol.span)
    context.model.definitions.setdefault(name.full, Definition(name, (), body, symbol.span))
    context.assume(f"{symbol} is a diagonal covariance, learned: it starts at I", symbol.span)


def _matrix(sizes: _Sizes, factors: tuple[tree.Node, ...], over: Name) -> None:
    """A of ``A z``, C of ``C z``, B of ``B u``."""
    symbol, of = factors
    assert isinstance(symbol, tree.Symbol) and isinstance(of, tree.Symbol)
    context = sizes.context
    if not _is_free(context, symbol) or not _is_capital(symbol):
        return
    read = read_name(of, context.model.indices)
    shape = sizes.of(over), sizes.of(read)
    if not sizes.is_state(read):
        _enter(context, symbol, shape, "starts at 0", fill=0.0)
    elif sizes.is_state(over):
        _enter(context, symbol, shape, "starts at the identity", fill=1.0, identity=True)
    else:
        _enter(context, symbol, shape, "starts at standard normal draws", normal=True)


def _enter(context: Context, symbol: tree.Symbol, shape: tuple[int, ...], starts: str, **start: object) -> None:
    """A learned tensor, as if one were bound to the name."""
    name = read_name(symbol, context.model.indices, head=True)
    _parameter(context, name.full, str(symbol), shape, **start)
    key = context.named.values.get(name.full)
    if key is None:
        context.named.values[name.full] = Binding(symbol.span.source, TensorValue(shape, True))
        context.named.names[name.full] = name
    size = " x ".join(map(str, shape))
    context.assume(f"{symbol} is learned, {size}: it {starts}", symbol.span)


def _parameter(context: Context, name: str, label: str, shape: tuple[int, ...], **start: object) -> str:
    owned = attribute(name, "tensor")
    context.parameters.setdefault(owned, Parameter(owned, label, True, shape, **start))  # type: ignore[arg-type]
    return owned


def _stem(name: Name) -> Name:
    """z of z_0 and z_1."""
    labels = tuple(each for each in name.labels if not each.isdigit())
    return Name(name.letter, name.accents, labels, (), name.style)


def _is_symbol(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol)


def _is_capital(symbol: tree.Symbol) -> bool:
    return symbol.letter[:1].isupper() and (len(symbol.letter) == 1 or symbol.letter in _COVARIANCES)


def _is_free(context: Context, symbol: tree.Symbol) -> bool:
    """Does nothing but a default say what the symbol is: no binding, definition, statement or data?"""
    name, model = read_name(symbol, context.model.indices, head=True), context.model
    definition, bound = model.definitions.get(name.full), context.named.find(name)
    if name.index or {name.id, name.full} & (model.variables | model.drawn.keys()):
        return False
    made = definition is None or isinstance(definition.body, Computed)
    return made and (bound is None or bound.key is symbol.span.source)
