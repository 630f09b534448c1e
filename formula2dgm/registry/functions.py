"""The functions of the language: spellings, code, and the facts that lints and direction use."""

from __future__ import annotations

from typing import Literal

from formula2dgm.records import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """One function, elementwise unless ``gives`` says otherwise.

    name        as ``Apply.function`` holds it
    spellings   how formulas name it (letters of a symbol, in ASCII)
    call        the callable of generated code: ``torch.log``, or the name of a library function
    reference   its definition in torch, a template of its argument, for the literal reference interpreter
    number      the callable for Python numbers (hyperparameters), or None where there is no such
    increasing  True increasing, False decreasing, None neither: polarity looks through it or stops
    positive    its values are never negative
    variadic    takes any number of arguments (``max``)
    arguments   how many it takes, where that is fixed
    gives       of a function of whole vectors, what it gives: one ``number`` an example, or a ``value``
    gradient    it has one; where it has none, that is an assumption
    domain      an interval where it is defined and finite, for the tests
    """

    name: str
    spellings: tuple[str, ...]
    call: str
    reference: str
    number: str | None = None
    increasing: bool | None = None
    positive: bool = False
    variadic: bool = False
    arguments: int = 1
    gives: Literal["", "number", "value"] = ""
    gradient: bool = True
    domain: tuple[float, float] = (-4.0, 4.0)

    @property
    def from_library(self) -> bool:
        """Whether ``call`` is a library function, whose source a module must carry."""
        return "." not in self.call


#: Relations that may be a condition, and the function that is 1 where they hold.
CONDITIONS = {"=": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}

FUNCTIONS: tuple[Function, ...] = (
    Function("log", ("log", "ln"), "torch.log", "torch.log({0})", "math.log", increasing=True, domain=(0.1, 4.0)),
    Function("exp", ("exp",), "torch.exp", "torch.exp({0})", "math.exp", increasing=True, positive=True),
    Function(
        "sqrt",
        ("sqrt",),
        "torch.sqrt",
        "torch.sqrt({0})",
        "math.sqrt",
        increasing=True,
        positive=True,
        domain=(0.1, 4.0),
    ),
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
    Function("sinh", ("sinh",), "torch.sinh", "(torch.exp({0}) - torch.exp(-{0})) / 2", "math.sinh", increasing=True),
    Function("cosh", ("cosh",), "torch.cosh", "(torch.exp({0}) + torch.exp(-{0})) / 2", "math.cosh", positive=True),
    Function(
        "tan", ("tan",), "torch.tan", "torch.sin({0}) / torch.cos({0})", "math.tan", increasing=True, domain=(-1.5, 1.5)
    ),
    Function(
        "arcsin", ("arcsin", "asin"), "torch.asin", "torch.asin({0})", "math.asin", increasing=True, domain=(-1.0, 1.0)
    ),
    Function(
        "arccos",
        ("arccos", "acos"),
        "torch.acos",
        "torch.acos({0})",
        "math.acos",
        increasing=False,
        positive=True,
        domain=(-1.0, 1.0),
    ),
    Function("arctan", ("arctan", "atan"), "torch.atan", "torch.atan({0})", "math.atan", increasing=True),
    Function(
        "atanh",
        ("atanh", "artanh", "arctanh"),
        "torch.atanh",
        "torch.log((1 + {0}) / (1 - {0})) / 2",
        "math.atanh",
        increasing=True,
        domain=(-0.9, 0.9),
    ),
    Function(
        "logit",
        ("logit",),
        "torch.logit",
        "torch.log({0}) - torch.log(1 - {0})",
        increasing=True,
        domain=(0.01, 0.99),
    ),
    Function(
        "log1p",
        ("log1p",),
        "torch.log1p",
        "torch.log(1 + {0})",
        "math.log1p",
        increasing=True,
        domain=(0.1, 4.0),
    ),
    Function("expm1", ("expm1",), "torch.expm1", "torch.exp({0}) - 1", "math.expm1", increasing=True),
    Function("elu", ("elu", "ELU"), "elu", "torch.where({0} > 0, {0}, torch.exp({0}) - 1)", increasing=True),
    Function("gelu", ("gelu", "GELU"), "gelu", "{0} * (1 + torch.erf({0} / 2**0.5)) / 2"),
    Function("silu", ("silu", "SiLU", "swish"), "silu", "{0} / (1 + torch.exp(-{0}))"),
    Function("sign", ("sign", "sgn"), "torch.sign", "torch.sign({0})", increasing=True, gradient=False),
    Function("floor", ("floor",), "torch.floor", "torch.floor({0})", "math.floor", increasing=True, gradient=False),
    Function("ceil", ("ceil",), "torch.ceil", "torch.ceil({0})", "math.ceil", increasing=True, gradient=False),
    Function("round", ("round",), "torch.round", "torch.round({0})", "round", increasing=True, gradient=False),
    Function("max", ("max",), "maximum", "torch.maximum({0}, {1})", "max", increasing=True, variadic=True),
    Function("min", ("min",), "minimum", "torch.minimum({0}, {1})", "min", increasing=True, variadic=True),
    # What an indicator or a sum's condition says: 1 where it holds, else 0.
    *(
        Function(
            name,
            (),
            name,
            f"({{0}} {'==' if relation == '=' else relation} {{1}}).double()",
            positive=True,
            arguments=2,
            gradient=False,
        )
        for relation, name in CONDITIONS.items()
    ),
    Function(
        "clip",
        ("clip", "clamp"),
        "clip",
        "torch.minimum(torch.maximum({0}, {1}), {2})",
        increasing=True,
        arguments=3,
    ),
    Function(
        "huber",
        ("huber", "Huber"),
        "huber",
        "torch.where({0}.abs() <= {1}, {0} ** 2 / 2, {1} * ({0}.abs() - {1} / 2))",
        positive=True,
        arguments=2,
    ),
    # Of whole vectors.
    Function(
        "softmax",
        ("softmax", "Softmax"),
        "softmax",
        "torch.exp({0}) / torch.exp({0}).sum(-1, keepdim=True)",
        positive=True,
        gives="value",
    ),
    Function(
        "softmin",
        ("softmin",),
        "softmin",
        "torch.exp(-{0}) / torch.exp(-{0}).sum(-1, keepdim=True)",
        positive=True,
        gives="value",
    ),
    Function(
        "log_softmax",
        ("log_softmax", "logsoftmax", "LogSoftmax"),
        "log_softmax",
        "{0} - torch.log(torch.exp({0}).sum(-1, keepdim=True))",
        gives="value",
    ),
    Function(
        "entries_before",
        (),
        "entries_before",
        "torch.cat([torch.zeros_like({0}[..., :1]), {0}[..., :-1]], -1)",
        gives="value",
    ),
    Function(
        "logsumexp",
        ("logsumexp", "LSE", "LogSumExp"),
        "log_sum_exp",
        "torch.log(torch.exp({0}).sum(-1))",
        increasing=True,
        gives="number",
    ),
    Function(
        "cosine",
        ("sim", "cossim", "cosine", "CosSim"),
        "cosine_similarity",
        "({0} * {1}).sum(-1) / (({0} ** 2).sum(-1).sqrt() * ({1} ** 2).sum(-1).sqrt())",
        arguments=2,
        gives="number",
    ),
    Function(
        "class_logsumexp",
        (),
        "log_sum_exp_of_classes",
        "torch.log(torch.exp({0}).sum(-1))",
        arguments=2,
        increasing=True,
        gives="number",
    ),
    Function(
        "same",
        (),
        "same",
        "({0} == {1}).all(-1).double()",
        positive=True,
        arguments=2,
        gives="number",
        gradient=False,
    ),
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


def is_function(name: str) -> bool:
    """Is there a function of this name?"""
    return any(each.name == name for each in FUNCTIONS)


def function_by_spelling(name: str) -> Function | None:
    """The function that a formula calls so, or None.

    >>> function_by_spelling("ln").name
    'log'
    """
    return next((each for each in FUNCTIONS if name in each.spellings), None)
