"""What is known of tests while they run: of one of them, and what the tests of one class or module have in common.

It is looked up for each test that is ours, so it stands on pytest's own objects, as attributes.
"""

from __future__ import annotations

from typing import Any, Final

from asynctestkit.checks.policy import Policy
from asynctestkit.checks.watch import Watch
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.pytest_shim.claims import marks_of_others
from asynctestkit.pytest_shim.lives import FUNCTIONS, ItemLife
from asynctestkit.pytest_shim.ours import are_asked_for, keeper_of
from asynctestkit.pytest_shim.overrides import overrides_seen_from
from asynctestkit.pytest_shim.private import calls_nothing_else
from asynctestkit.pytest_shim.settings import MARK, Options, settings_of
from asynctestkit.pytest_shim.wide import listed_in
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __tracebackhide__ = True

_GROUP: Final = "_atk_group"
STATE: Final = "_atk_state"
"""Where a test keeps its state."""


class Group:
    """What the tests of one class, or the functions of one module, have in common once tests run.

    Attributes:
        cls: The class, None for functions. A test tells it too, but climbs all the way up for it.
        owner: The class; functions of a module share one that stands for it.
        settings: What the options of the run say.
        others: The marks by which other plugins claim tests in this run.
        kind: What kind of loop those tests run on that ask for none.
        is_marked: Whether the class, or what is around it, has our mark.
        overrides: The fixtures of pytest-asyncio that the tests see overridden.
        keeper: Ends scopes when pytest is done with them.
        wide: The wider async fixtures that are open in the run.
        asks_for_ours: Whether any test of the run asks for fixtures of ours.
        calls_nothing_else: Whether nobody but us and pytest has a hand in the call of a test function.
        policy: What the checks do in the run, once that was asked for.
        options: What those ask for that say nothing for themselves.
    """

    __slots__ = (
        *("calls_nothing_else", "cls", "is_marked", "keeper", "kind", "options"),
        *("asks_for_ours", "others", "overrides", "owner", "policy", "settings", "wide"),
    )

    def __init__(self, item: Any) -> None:
        self.cls: type | None = getattr(item, "cls", None)  # an example in a docstring has neither class nor module
        module: str = getattr(getattr(item, "module", None), "__name__", item.nodeid)
        self.owner: type = self.cls or type(FUNCTIONS, (), {"__module__": module})
        self.settings = settings_of(item.config)
        self.others = marks_of_others(item.config)
        self.kind = LoopOptions(None, self.settings.debug)
        self.is_marked = MARK in item.parent.keywords
        self.overrides = overrides_seen_from(item.parent)
        self.keeper = keeper_of(item.config)
        self.wide = listed_in(item.config)
        self.asks_for_ours = are_asked_for(item.config)
        self.calls_nothing_else = calls_nothing_else(item)
        self.policy: Policy | None = None
        self.options: Options | None = None


class State:
    """What is known of one test.

    Attributes:
        group: What it has in common with others.
        is_decided: Whether it is known if it is for us to run.
        options: What it asks for; None where it is not for us to run, or that is not known.
        life: Its life, from its first async need to its end.
        watch: Its checks, where they have begun before its life.
        has_end: Whether something ends its life, or its checks, when all of its fixtures are finished.
    """

    __slots__ = ("group", "has_end", "is_decided", "life", "options", "watch")

    def __init__(self, group: Group) -> None:
        self.group = group
        self.is_decided = False
        self.options: Options | None = None
        self.life: ItemLife | None = None
        self.watch: Watch | None = None
        self.has_end = False


def group_of(item: Any) -> Group:
    """Return the group that a test belongs to."""
    known: dict[str, Any] = item.parent.__dict__
    group: Group | None = known.get(_GROUP)
    if group is None:
        group = known[_GROUP] = Group(item)
    return group


def state_of(item: Any) -> State:
    """Return what is known of a test."""
    known: dict[str, Any] = item.__dict__
    state: State | None = known.get(STATE)
    if state is None:
        state = known[STATE] = State(group_of(item))
    return state
