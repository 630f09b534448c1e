"""The commands and their arguments."""

from __future__ import annotations

import argparse

from formula2dgm import __version__

FORMULA_HELP = "a formula's file (.tex, .md, .ipynb, .txt), or - for standard input; several files are one model"

OVERVIEW = """\
examples:
  formula2dgm new vae                              # write vae.tex, a model to start from
  formula2dgm check vae.tex                        # what is wrong with it
  formula2dgm check paper.tex --list               # what a paper holds, and how each display is understood
  formula2dgm train vae.tex --data digits          # train it on real images
  formula2dgm compile vae.tex -o vae.py            # the same as a file that needs torch alone
  formula2dgm verify vae.tex                       # is the code right: compare it with a literal interpreter
  formula2dgm explain F2D-0203                     # what an error code means

formula2dgm COMMAND --help says more. Exit status: 0 fine, 1 the formula has errors, 2 wrong usage.
"""

COMPILE = """\
The script runs by itself (python vae.py --data digits --epochs 30); the module is the objective alone, to import.
What a formula leaves unbound gets small default networks; --networks names a Python file with your own:

  # nets.py
  import formula2dgm as f2d
  encoder, decoder = Encoder(), Decoder()
  bindings = {"q(z|x)": f2d.Normal(encoder), "p(x|z)": f2d.Bernoulli(decoder)}

examples:
  formula2dgm compile vae.tex -o vae.py
  formula2dgm compile vae.tex -o objective.py --target module --networks nets.py
  formula2dgm compile vae.tex -o train.py --tools-beside      # and training_tools.py, the same for every formula
  formula2dgm compile vae.tex -o lit.py --target lightning    # a LightningModule around the objective
  echo 'E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]' | formula2dgm compile -
"""

CHECK = """\
Needs no torch, so an editor can run it on every change; --json gives codes, ranges and fixes. What is allowed and
probably not meant is a warning; what is worth knowing is a note. A comment "f2d: ignore F2D-0907" on the line of the
place, or on the one before, switches a code off there.

examples:
  formula2dgm check paper.tex
  formula2dgm check paper.tex --list
  formula2dgm check paper.tex --label eq:elbo --json
  formula2dgm check model.tex --ignore F2D-0909 --strict
"""

TRAIN = """\
The folder of the run (runs/NAME) holds the script, metrics, curves, samples and checkpoints. Every flag that is not
listed here goes to the script: --epochs 30 --batch-size 128 --lr 1e-3 --seed 0 --resume auto --config x.toml ...

examples:
  formula2dgm train vae.tex --data digits
  formula2dgm train vae.tex --data images.npz --set beta=4 --epochs 50 --out-dir runs/beta4
  formula2dgm train vae.tex --script-help          # all flags of the script
"""

EXPLAIN = """\
examples:
  formula2dgm explain vae.tex                      # each term, shared calls, draws, assumptions
  formula2dgm explain vae.tex --html vae.html      # the same as a page: point at a term to see its lines
  formula2dgm explain F2D-0203                     # an error code: what it means, what to write instead
"""

VERIFY = """\
The generated code is run beside a literal interpreter of the formula, with random parameters, data and noise: the loss,
every term and the gradient of every parameter have to agree. So do log-determinants with Jacobians, closed forms with
their definitions at draws, and the members of a derivation with each other. Exit status 1 on a mismatch.

examples:
  formula2dgm verify vae.tex
  formula2dgm verify paper.tex --label eq:elbo --seeds 10
  formula2dgm verify vae.tex --networks nets.py --json
"""

SHOW = """\
forms:
  ascii, latex   the statements as they were read
  tree           their syntax trees, one node a line; --json gives them as data
  ir             the program after all passes
  code           the module
  svg, png       a picture of the factor graph: data shaded, plates, inference dashed
  dot, mermaid   the same for Graphviz, and for Markdown pages

examples:
  formula2dgm show vae.tex --as png -o vae.png
  formula2dgm show vae.tex --as ir
"""

FMT = """\
One statement a line, in any of the three spellings; what it prints reads back as the same model. --write and --check
are for plain .txt models: comments stay, macros are written out. A .tex, Markdown or notebook file is never changed.

examples:
  formula2dgm fmt model.txt --write
  formula2dgm fmt paper.tex --label eq:elbo --to latex
  formula2dgm fmt paper.tex --to ascii > model.txt
"""

NEW = """\
examples:
  formula2dgm new list
  formula2dgm new iwae -o model.tex
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="formula2dgm",
        usage="formula2dgm COMMAND ...",
        description="Write the paper's equation, get the training code.",
        epilog=OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"formula2dgm {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")

    compiling = _command(commands, "compile", "write the training code of a formula", "[-o FILE]", COMPILE)
    compiling.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    compiling.add_argument(
        "--target",
        choices=("script", "module", "lightning"),
        default="script",
        help="a script that trains (default), the objective alone, or it and a LightningModule",
    )
    compiling.add_argument(
        "--tools-beside",
        action="store_true",
        help="the script's tools, the same for every formula, as training_tools.py in the folder of -o",
    )
    compiling.add_argument(
        "--force", action="store_true", help="with --tools-beside: replace another training_tools.py"
    )
    _add_networks(compiling)
    _add_formula(compiling)

    checking = _command(commands, "check", "say what is wrong with a formula", "", CHECK)
    checking.add_argument(
        "--ignore", metavar="CODE", action="append", default=[], help="leave out warnings and notes: F2D-0907,F2D-0909"
    )
    checking.add_argument("--strict", action="store_true", help="exit with 1 on a warning as well")
    _add_formula(checking)

    training = _command(commands, "train", "compile a formula and train it", "--data DATA", TRAIN)
    sources = "digits, digit-rows, moons, a .npz, .pt or .csv file, a folder of images, or module:Dataset"
    training.add_argument("--data", help=sources)
    training.add_argument("--out-dir", metavar="FOLDER", help="the run's folder (default: runs/NAME)")
    training.add_argument("--script-help", action="store_true", help="list the flags of the training script")
    _add_networks(training)
    _add_formula(training)

    explaining = _command(
        commands, "explain", "say how every term is computed, or what an error code means", "", EXPLAIN
    )
    explaining.add_argument("--html", metavar="FILE", help="write a page: formula, factor graph and code side by side")
    _add_networks(explaining)
    _add_formula(explaining, "a formula's file, -, or an error code such as F2D-0203")

    verifying = _command(commands, "verify", "compare the generated code with the reference", "", VERIFY)
    verifying.add_argument("--seeds", metavar="N", type=int, default=2, help="random parameters and data (default 2)")
    _add_networks(verifying)
    _add_formula(verifying)

    showing = _command(commands, "show", "show any stage of the compilation", "--as FORM [-o FILE]", SHOW)
    forms = ("ascii", "latex", "tree", "ir", "code", "svg", "png", "dot", "mermaid")
    showing.add_argument("--as", dest="form", default="ascii", choices=forms, metavar="FORM", help="what to show")
    showing.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: standard output)")
    _add_networks(showing)
    _add_formula(showing)

    formatting = _command(commands, "fmt", "print a model canonically", "[--to SPELLING]", FMT)
    formatting.add_argument(
        "--to", default="ascii", choices=("ascii", "latex", "unicode"), help="the spelling (default ascii)"
    )
    how = formatting.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="rewrite plain .txt files in place")
    how.add_argument("--check", action="store_true", help="exit with 1 if a .txt file is not canonical")
    _add_source(formatting)

    starting = _command(commands, "new", "write an example to start from", "[-o FILE]", NEW, operand="NAME")
    starting.add_argument("name", metavar="NAME", help="which example; the word list shows them all")
    starting.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: NAME.tex)")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    usage: str,
    more: str,
    operand: str = "FORMULA...",
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        usage=" ".join(f"formula2dgm {name} {operand} {usage} [options]".split()),
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_networks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--networks", metavar="NETS.PY", help="a Python file with a dict named bindings")


def _add_formula(parser: argparse.ArgumentParser, formula: str = FORMULA_HELP) -> None:
    """The files, and how they are to be compiled."""
    add_choices(_add_source(parser, formula))


def add_choices(group: argparse._ActionsContainer) -> None:
    """How a formula is to be compiled."""
    for flag, into, form, said in (
        ("--set", "values", "NAME=NUMBER", "a hyperparameter: --set beta=4"),
        ("--dim", "dims", "NAME=SIZE", "a variable's size: --dim z=16"),
    ):
        group.add_argument(flag, dest=into, metavar=form, help=said, action="append", default=[])
    group.add_argument("--samples", metavar="K", type=int, default=1, help="draws of each expectation (default 1)")
    estimated = "the gradient of a draw: z=score, z=score:leave-one-out, z=relaxed:0.5, z=straight-through, z=enumerate"
    group.add_argument(
        "--estimator", dest="estimators", metavar="NAME=HOW", help=estimated, action="append", default=[]
    )
    saturation = "a player that is to minimise log(1 - D(G(z))) maximises log D(G(z)) in its place"
    group.add_argument("--non-saturating", action="store_true", help=saturation)
    ragged = "sequences have lengths of their own, the input `lengths`; the steps behind them are padding"
    group.add_argument("--ragged", action="store_true", help=ragged)
    solver = "steps of the path of dz/dt = f(z, t), from one time to another (default 20)"
    group.add_argument("--solver-steps", metavar="N", type=int, default=20, help=solver)
    direction = "the direction, where the formula does not say"
    group.add_argument("--maximize", action=argparse.BooleanOptionalAction, default=None, help=direction)


def _add_source(parser: argparse.ArgumentParser, formula: str = FORMULA_HELP) -> argparse._ArgumentGroup:
    """The files, and what of them is to be read."""
    parser.add_argument("formula", nargs="+", metavar="FORMULA", help=formula)
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    group = parser.add_argument_group("the formula")
    group.add_argument(
        "--list", action="store_true", help="list the displays, and how each is understood; do nothing else"
    )
    definition = r"a LaTeX definition: '\newcommand{\E}{\mathbb{E}}'"
    for flag, into, form, said in (
        (
            "--label",
            "labels",
            "LABEL",
            r"the display or row of this \label, or its number in --list, with what it needs",
        ),
        ("--macro", "macros", "LATEX", definition),
        ("--macros", "macro_files", "FILE", "a file of such definitions, or a MathJax or KaTeX configuration"),
    ):
        group.add_argument(flag, dest=into, metavar=form, help=said, action="append", default=[])
    return group
