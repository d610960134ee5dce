"""``python -m tests.contract.child MODULE CLASS.METHOD SIDE``: print one observation as JSON."""

import functools
import importlib
import json
import signal
import sys

from .differential import BASES
from .recording import observe


def main(module: str, qualified_name: str, side: str) -> None:
    """Observe the scenario on one side."""
    # A parent that was started in the background hands SIGINT down as ignored, which Python leaves as it is.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    class_name, method = qualified_name.split(".")
    test_class = getattr(importlib.import_module(module), class_name)
    scenario = getattr(test_class, method).__wrapped__
    print(json.dumps(observe(BASES[side], functools.partial(scenario, test_class(method)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
