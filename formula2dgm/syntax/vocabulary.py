"""The words of the language: what each spelling stands for. Tables only."""

from __future__ import annotations

GREEK = frozenset(
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon
    phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega""".split()
)
# Spellings of one letter that no author tells apart.
FOLDED = {
    "varepsilon": "epsilon",
    "vartheta": "theta",
    "varphi": "phi",
    "varrho": "rho",
    "varsigma": "sigma",
    "varpi": "pi",
    "varGamma": "Gamma",
    "varDelta": "Delta",
    "varSigma": "Sigma",
    "varPhi": "Phi",
    "minimize": "min",
    "maximize": "max",
    "minimise": "min",
    "maximise": "max",
}
ACCENTS = {
    "hat": "hat",
    "widehat": "hat",
    "tilde": "tilde",
    "widetilde": "tilde",
    "bar": "bar",
    "overline": "bar",
    "vec": "vec",
    "dot": "dot",
    "ddot": "ddot",
    "check": "check",
    "breve": "breve",
    "underline": "underline",
    "overleftarrow": "overleftarrow",
    "overrightarrow": "overrightarrow",
    "mathring": "mathring",
}
# amsmath's accents for stacking.
ACCENTS |= {name.capitalize(): accent for name, accent in ACCENTS.items() if name in ("hat", "tilde", "bar", "vec",
            "dot", "ddot", "check", "breve")}  # fmt: skip
ACCENT_WORDS = frozenset({*ACCENTS.values(), "prime"})

# Commands that only say how to set their argument; ``WORD_STYLES`` also make it one word.
WORD_STYLES = frozenset("mathrm operatorname mathsf mathsfit mathtt mathit textit rm sf tt".split())
FONTS = frozenset("mathbf boldsymbol bm bold pmb mathnormal symbf symbfit textbf mathbfit".split())
STYLES = dict.fromkeys(("mathcal", "mathscr", "mathfrak", "cal"), "cal") | dict.fromkeys(
    ("mathbb", "mathds", "mathbbm", "Bbb"), "bb"
)
SWITCHES = frozenset("bf it sf tt rm em displaystyle textstyle scriptstyle small large normalsize boldmath".split())
SINGLE_WORD_SWITCHES = frozenset({"rm", "sf", "tt"})
RAW_TEXT = frozenset("text textrm textbf textit texttt textsf textnormal mbox hbox textsc textup emph".split())
LETTERS_OF_STYLE = {
    ("cal", "N"): ("Normal", ""),
    ("cal", "U"): ("Uniform", ""),
    ("cal", "H"): ("H", ""),
    ("bb", "H"): ("H", ""),
    ("bb", "E"): ("E", "bb"),
    ("bb", "1"): ("indicator", ""),
}

SPACING = frozenset(
    """quad qquad thinspace medspace thickspace enspace enskip negthinspace negmedspace negthickspace nobreak
    limits nolimits nonumber notag allowbreak noindent hfill hfil hline centering relax break
    par eqsp qed square numberthis strut mathstrut protect ignorespaces smallskip medskip bigskip pause
    ensuremath span""".split()
)
SPACING_WITH_ARGUMENT = frozenset(
    "label tag hspace vspace hphantom vphantom phantom ref eqref cite citep citet mspace eqno pagebreak cref".split()
)
STRUCK_OUT = frozenset("cancel bcancel xcancel cancelto sout st".split())
OVERLAYS = frozenset("only uncover visible onslide alert".split())
DROPPED_ARGUMENT_FIRST = frozenset({"mathcolor"})
TRANSPARENT = frozenset("boxed mathop mathrel mathbin mathord mathopen mathclose mathinner fbox ensuremath hl".split())
SIZING_SIDE = {"left": "L", "right": "R", "middle": "M"} | {
    big + side.lower(): {"": "", "l": "L", "r": "R", "m": "M"}[side]
    for big in ("big", "Big", "bigg", "Bigg")
    for side in ("", "l", "r", "m")
}

OPERATORS = {
    "cdot": "dot",
    "centerdot": "dot",
    "bullet": "dot",
    "times": "times",
    "odot": "odot",
    "circ": "circ",
    "ast": "*",
    "div": "/",
    "odot*": "odot",
    "otimes": "otimes",
    "oplus": "oplus",
    "ominus": "ominus",
    "wedge": "wedge",
    "vee": "vee",
    "cup": "cup",
    "cap": "cap",
    "setminus": "setminus",
    "backslash": "setminus",
}
PRODUCT_WORDS = frozenset("dot times odot circ oplus otimes ominus wedge vee cup cap setminus".split())
RELATIONS = {
    "le": "<=",
    "leq": "<=",
    "leqslant": "<=",
    "lesssim": "<=",
    "ge": ">=",
    "geq": ">=",
    "geqslant": ">=",
    "gtrsim": ">=",
    "lt": "<",
    "gt": ">",
    "ll": "<",
    "gg": ">",
    "ne": "!=",
    "neq": "!=",
    "approx": "~=",
    "simeq": "~=",
    "cong": "~=",
    "propto": "propto",
    "in": "in",
    "notin": "notin",
    "sim": "~",
    "thicksim": "~",
    "thickapprox": "~=",
    "succ": "succ",
    "prec": "prec",
    "to": "->",
    "rightarrow": "->",
    "longrightarrow": "->",
    "mapsto": "->",
    "leftarrow": ":=",
    "gets": ":=",
    "eqqcolon": "=",
    "triangleq": ":=",
    "coloneqq": ":=",
    "coloneq": ":=",
    "doteq": ":=",
    "equiv": ":=",
    "eqdef": ":=",
    "colonequals": ":=",
    "subset": "subset",
    "subseteq": "subset",
}
# Letters that name densities wherever nothing says otherwise.
DENSITY_LETTERS = frozenset("p q P Q pi rho".split())

#: Letters of indices.
INDEX_LETTERS = frozenset("ijklmnst")
#: Names of the length of a step, ``\\Delta t``, and the time in them, as LaTeX writes it.
STEP_LENGTHS = {"Deltat": "t", "Deltatau": "\\tau"}
UNIFORM = frozenset({"Uniform", "U", "Unif"})
INFINITIES = frozenset({"infty", "infinity", "oo"})
RELATION_WORDS = frozenset({"in", "notin", "propto", "subset", "succ", "prec"})
DELIMITERS = {
    "langle": ("open", "<"),
    "rangle": ("close", ">"),
    "lbrace": ("open", "\\{"),
    "rbrace": ("close", "\\}"),
    "lbrack": ("open", "["),
    "rbrack": ("close", "]"),
    "lparen": ("open", "("),
    "rparen": ("close", ")"),
    "lfloor": ("open", "floor"),
    "rfloor": ("close", "end of floor"),
    "lceil": ("open", "ceil"),
    "rceil": ("close", "end of ceil"),
}
CLOSER = {"(": ")", "[": "]", "{": "}", "\\{": "\\}", "<": ">"} | {
    each: f"end of {each}" for each in ("cases", "matrix", "evaluated", "floor", "ceil")
}
BARS = {
    "vert": ("|", ""),
    "mid": ("|", "M"),
    "lvert": ("|", "L"),
    "rvert": ("|", "R"),
    "Vert": ("||", ""),
    "parallel": ("||", ""),
    "lVert": ("||", "L"),
    "rVert": ("||", "R"),
    "given": ("|", "M"),
}
DOTS = frozenset("dots ldots cdots vdots ddots dotsc dotsb dotsm dotsi".split())
CONSTANTS = frozenset("ell hbar imath jmath Re Im aleph star top dagger perp bot emptyset varnothing".split())

# Functions: spelling -> canonical name.
FUNCTIONS = {
    name: name
    for name in """log exp tanh sigmoid softmax softplus relu det tr sg sin cos tan sinh cosh sign logit erf
    logsumexp sqrt abs norm softmin logsigmoid atanh arctan elu gelu silu arcsin arccos""".split()
} | {
    "ln": "log",
    "Tr": "tr",
    "trace": "tr",
    "stopgrad": "sg",
    "stop_gradient": "sg",
    "stopgradient": "sg",
    "detach": "sg",
    "StopGrad": "sg",
    "SG": "sg",
    "Sigmoid": "sigmoid",
    "ReLU": "relu",
    "Softplus": "softplus",
    "sgn": "sign",
    "nabla": "grad",
    "grad": "grad",
    "hess": "hess",
    "jac": "jac",
    "deriv": "deriv",
    "div": "div",
    "partial": "partial",
}
# Functions only where a bracket follows; a plain name otherwise.
BRACKET_FUNCTIONS = {
    name: name for name in "indicator H Pr mean diag clip var std cov floor ceil round rank onehot concat".split()
} | {
    "clamp": "clip",
    "Diag": "diag",
    "Var": "var",
    "Std": "std",
    "Mean": "mean",
    "Cov": "cov",
    "Concat": "concat",
    "concatenate": "concat",
}
CONDITIONAL_FUNCTIONS = frozenset({"H", "Pr", "var", "std", "cov"})
OPTIMISERS = frozenset("min max argmin argmax inf sup".split())
BIG_OPERATORS = frozenset({"sum", "prod"})
# Divergences whose name alone says so: spelling -> canonical name.
DIVERGENCES = {
    "KL": "KL",
    "JS": "JS",
    "JSD": "JS",
    "MMD": "MMD",
    "TV": "TV",
    "Wass": "W",
    "kl": "KL",
    "DKL": "KL",
    "KLD": "KL",
} | {each: each for each in ("Jeffreys", "Hellinger", "Renyi")}
DISTANCES = frozenset({"W"})
# Words that a run of plain letters spells in LaTeX, too.
LATEX_WORDS = frozenset(
    {*FUNCTIONS, *BRACKET_FUNCTIONS, *OPTIMISERS, *BIG_OPERATORS, *DIVERGENCES, *GREEK}
    - {"H", "partial", "vec", "nabla", "pi", "mu", "nu", "xi", "tr"}
) | frozenset(
    """arg ELBO VAE IWAE GAN NLL Cat Bern Bernoulli Normal Uniform Dir Dirichlet Poisson Beta Laplace Exp Logistic
    Categorical Unif Loss loss MSE BCE CE KLD const int tr Multinomial Student TC OT NN MLP CNN RNN GRU LSTM""".split()
)
COMMON_LABELS = frozenset("data model real fake gen prior post ref emp gt old new target train true mix".split())
PROSE = frozenset(
    """where with and or if for otherwise else elsewhere using when such that subject to let so hence thus then
    mit wobei und since because as by""".split()
)
# Layouts that are one value: by rows of a value and its condition, or by rows of entries.
TABLES = dict.fromkeys(("cases", "dcases", "rcases"), "cases") | dict.fromkeys(
    ("matrix", "pmatrix", "bmatrix", "smallmatrix", "bsmallmatrix", "psmallmatrix"), "matrix"
)
# Words and arrows between statements.
ROWS = frozenset(
    """implies impliedby iff Rightarrow Longrightarrow Leftrightarrow Longleftrightarrow newline linebreak
    therefore""".split()
)
UNSUPPORTED_ENVIRONMENTS = frozenset("vmatrix Vmatrix Bmatrix tikzpicture tikzcd CD".split())
COMMANDS_WITH_ARGUMENTS = frozenset(
    "frac dfrac tfrac cfrac nicefrac sqrt underbrace overbrace underset overset stackrel substack".split()
)
KNOWN_COMMANDS = frozenset(
    {
        *GREEK, *FOLDED, *ACCENTS, *WORD_STYLES, *FONTS, *STYLES, *SWITCHES, *RAW_TEXT, *SPACING,
        *SPACING_WITH_ARGUMENT, *OVERLAYS, *DROPPED_ARGUMENT_FIRST, *TRANSPARENT, *SIZING_SIDE, *OPERATORS, *RELATIONS,
        *DELIMITERS, *BARS, *DOTS, *CONSTANTS, *FUNCTIONS, *OPTIMISERS, *BIG_OPERATORS, *COMMANDS_WITH_ARGUMENTS,
        *ROWS, "begin", "end", "int", "iint", "infty", "arg", "prime", "intercal", "dd", "forall", "not",
        "over", "Pr", "dv", "pdv", "expval", "binom", "tbinom", "dbinom",
        "intertext", "shortintertext", "colon", "atop",
    }
)  # fmt: skip
