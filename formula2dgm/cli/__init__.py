"""The command line: one file a command, imported when it is asked for."""

from formula2dgm.cli.main import main

__all__ = ["main"]
