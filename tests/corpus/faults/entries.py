"""What an entry of the tables is."""

from __future__ import annotations

from typing import Final, NamedTuple

KINDS: Final = {
    "unawaited": "fail",
    "unhandled": "fail",
    "pending_tasks": "fail",
    "unclosed": "fail",
    "silent_pass": "fail",
    "async_generators": "warn",
    "threads": "warn",
    "slow_callbacks": "warn",
    "timers": "warn",
}
"""The kinds of finding, and what each does unless it is told otherwise."""

MARKER: Final = "# made here"
"""Stands behind the line, in one part of an entry, that creates what the finding is about."""

DEFINITION: Final = "def"
"""In place of a marker: the finding's place is where the test is defined."""

NOWHERE: Final = "none"
"""In place of a marker: no line of the test made the object; a thread or the loop did."""


class Faulty(NamedTuple):
    """One test with one fault: the parts of its source, and what has to be said of it.

    All parts are statements without indentation, which may use the names of `faulty.HEADER` and `self`; they are given
    their place by `faulty.module_of` and `faulty.mix_of`. An entry has one `MARKER`, unless `place` says otherwise.
    """

    name: str
    """An identifier; the test is called `test_NAME`."""
    kind: str
    """One of `KINDS`."""
    object: str
    """What the finding has to contain to name the object: a qualified name, a task's name, an error's text, a type."""
    body: str = "await asyncio.sleep(0)"
    set_up: str = ""
    """Statements of asyncSetUp, for this test alone."""
    tear_down: str = ""
    """Statements of asyncTearDown, for this test alone."""
    prelude: str = ""
    """Definitions at module level; their names are the entry's own."""
    parameters: str = ""
    """The fixtures the test asks for, as its parameters are written."""
    is_async: bool = True
    place: str = MARKER
    needs: str = ""
    """`unix`, `children` or `main_thread`, where the test cannot run anywhere."""
    left_to_class: bool = False
    """Whether it is no finding of the test, but of the end of its class, where the tests share a loop."""

    @property
    def fails(self) -> bool:
        """Whether the finding fails the test by default; else it warns."""
        return KINDS[self.kind] == "fail"


class Correct(NamedTuple):
    """One test without a fault, to be mixed with faulty ones; its parts are those of `Faulty`."""

    name: str
    body: str
    set_up: str = ""
    tear_down: str = ""
    prelude: str = ""
    parameters: str = ""
    is_async: bool = True
    place: str = NOWHERE
    needs: str = ""
