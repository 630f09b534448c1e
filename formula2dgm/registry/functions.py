"""The elementwise functions of the language: spellings, code, and the facts that lints and direction use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """One elementwise function.

    name        as ``Apply.function`` holds it
    spellings   how formulas name it (letters of a symbol, in ASCII)
    call        the callable of generated code: ``torch.log``, or the name of a library function
    reference   its definition in torch, a template of its argument, for the literal reference interpreter
    number      the callable for Python numbers (hyperparameters), or None where there is no such
    increasing  True increasing, False decreasing, None neither: polarity looks through it or stops
    positive    its values are never negative
    variadic    takes any number of arguments (``max``), else one
    """

    name: str
    spellings: tuple[str, ...]
    call: str
    reference: str
    number: str | None = None
    increasing: bool | None = None
    positive: bool = False
    variadic: bool = False

    @property
    def from_library(self) -> bool:
        """Whether ``call`` is a library function, whose source a module must carry."""
        return "." not in self.call


FUNCTIONS: tuple[Function, ...] = (
    Function("log", ("log", "ln"), "torch.log", "torch.log({0})", "math.log", increasing=True),
    Function("exp", ("exp",), "torch.exp", "torch.exp({0})", "math.exp", increasing=True, positive=True),
    Function("sqrt", ("sqrt",), "torch.sqrt", "torch.sqrt({0})", "math.sqrt", increasing=True, positive=True),
    Function("abs", ("abs",), "torch.abs", "torch.abs({0})", "abs", positive=True),
    Function("square", ("square",), "torch.square", "{0} * {0}", positive=True),
    # A sigma that is applied; one that is a name of its own (a scale) the resolver finds first.
    Function(
        "sigmoid",
        ("sigmoid", "logistic", "sigma"),
        "torch.sigmoid",
        "(1 + torch.tanh({0} / 2)) / 2",
        increasing=True,
        positive=True,
    ),
    Function(
        "log_sigmoid",
        ("logsigmoid", "log_sigmoid"),
        "log_sigmoid",
        "-torch.logaddexp(-{0}, torch.zeros_like({0}))",
        increasing=True,
    ),
    Function(
        "softplus",
        ("softplus",),
        "softplus",
        "torch.logaddexp({0}, torch.zeros_like({0}))",
        increasing=True,
        positive=True,
    ),
    Function(
        "tanh",
        ("tanh",),
        "torch.tanh",
        "torch.tanh({0})",
        "math.tanh",
        increasing=True,
    ),
    Function(
        "relu", ("relu", "ReLU"), "torch.relu", "torch.where({0} > 0, {0}, 0 * {0})", increasing=True, positive=True
    ),
    Function("sin", ("sin",), "torch.sin", "torch.sin({0})", "math.sin"),
    Function("cos", ("cos",), "torch.cos", "torch.cos({0})", "math.cos"),
    Function("erf", ("erf",), "torch.erf", "torch.erf({0})", "math.erf", increasing=True),
    Function("log1p", ("log1p",), "torch.log1p", "torch.log(1 + {0})", "math.log1p", increasing=True),
    Function("expm1", ("expm1",), "torch.expm1", "torch.exp({0}) - 1", "math.expm1", increasing=True),
    Function("sign", ("sign", "sgn"), "torch.sign", "torch.sign({0})", increasing=True),
    Function("max", ("max",), "maximum", "torch.maximum({0}, {1})", "max", increasing=True, variadic=True),
    Function("min", ("min",), "minimum", "torch.minimum({0}, {1})", "min", increasing=True, variadic=True),
)


def function(name: str) -> Function:
    """The function of this name; ``KeyError`` if there is none.

    >>> function("log").call
    'torch.log'
    """
    for each in FUNCTIONS:
        if each.name == name:
            return each
    raise KeyError(name)


def function_by_spelling(name: str) -> Function | None:
    """The function that a formula calls so, or None.

    >>> function_by_spelling("ln").name
    'log'
    """
    return next((each for each in FUNCTIONS if name in each.spellings), None)
