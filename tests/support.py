"""The names of `tests.outcomes` and `tests.programs` that `tests.fixtures` and `tests.loops` still import from here.

It goes when they import from those two themselves.
"""

from tests.outcomes import mask, run_class, run_debug, run_one
from tests.programs import run_program

__all__ = ["mask", "run_class", "run_debug", "run_one", "run_program"]
