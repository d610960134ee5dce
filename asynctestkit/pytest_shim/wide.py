"""What outlives one test: async fixtures wider than a test, and the loops that tests ask to share.

Each of them holds the shared loop for as long as pytest keeps it, and lives in a context of its own, a copy of
pytest's context as it was when it was set up; what it sets there is set in pytest's context until it is finalised.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Collection, Generator, Hashable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

import pytest

from asynctestkit.fixtures.keeper import Keeper
from asynctestkit.fixtures.opening import Opening
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.loops.scopes import unlisted
from asynctestkit.loops.wide_scope import WideScope
from asynctestkit.pytest_plugin import LATE
from asynctestkit.pytest_shim.current import request_of
from asynctestkit.pytest_shim.private import gives, known_to_pytest, values_of
from asynctestkit.pytest_shim.settings import REACHES, Reach
from asynctestkit.pytest_shim.variables import Changes
from asynctestkit.report.errors import FixtureError, UsageError, message, raise_together
from asynctestkit.report.frames import TRIM_FRAMES, place_of
from asynctestkit.values import Scope

if TYPE_CHECKING:
    from asynctestkit.report.affinity import Provided

if TRIM_FRAMES:
    __tracebackhide__ = True

_SCOPES: Final = {
    Reach.CLASS: Scope.CLASS,
    Reach.MODULE: Scope.MODULE,
    Reach.PACKAGE: Scope.SESSION,
    Reach.SESSION: Scope.SESSION,
}


class Watcher(Protocol):
    """A test that uses wider fixtures."""

    def heed(self, keeper: Keeper) -> None:
        """End with the real error if a scope fires that the fixture holds open."""
        ...


class WideFixture:
    """One async fixture, or set-up function, wider than a test; listed while it is open.

    Args:
        name: What tests ask for.
        reach: How wide it is.
        options: What kind of loop it lives on.
        place: Where it is defined.
        config: The run.
        finish: Has pytest finish it, and what depends on it.
        node: The class, module ... that it lives as long as.
    """

    outlives_tests: ClassVar[bool] = True
    """Says to the checks that what it holds is kept on purpose."""

    def __init__(
        self,
        name: str,
        reach: Reach,
        options: LoopOptions,
        *,
        place: str,
        config: pytest.Config,
        finish: Callable[[], object],
        node: pytest.Collector,
    ) -> None:
        self.name = name
        self.reach = reach
        self.place = place
        self.node = node
        self.definition: Any = None
        """What pytest knows it as; None for set-up functions."""
        self.askers: Sequence[Any] = ()
        """Wider fixtures, as pytest knows them, that have asked for it by name: who uses one uses this."""
        self._finish = finish
        self._later = node.stash.get(LATE, None)
        """Takes what comes after those fixtures of the node that were there before; None where this is the first."""
        self._has_ended = False
        self.scope = new_scope(reach, f"fixture {name!r}", options)
        self._changes = Changes()
        self._keeper: Keeper | None = None
        self._listed = open_in(config)

    def open(self, opening: Opening, call: Callable[[], Any]) -> None:
        """Open an async fixture in a task of its own."""
        self.scope.get_guard()  # whose mark is copied with the context
        shared = self.scope.hold(self.scope.options)
        context = self.scope.context.copy()
        keeper = self._keeper = Keeper(opening, call, loop=shared.loop, context=context)
        self._listed.append(self)
        try:
            with self.scope.phase("its set-up"):
                self.scope.run_unlisted(keeper.opened())
        except Exception:
            with contextlib.suppress(Exception):
                self._close_fixture()  # where it has not ended with that error
            self.end_failed()
            raise
        except BaseException:
            self.end_failed()
            raise
        self._changes.take_from(context)

    def begin(self, function: Callable[..., Any], /, *args: Any) -> None:
        """Call what sets it up, in its scope; where that fails, it has not begun."""
        self._listed.append(self)
        try:
            self.call(function, *args)
        except BaseException:
            self.end_failed()
            raise

    def call(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Call something, async or not, in the scope's context and task."""
        try:
            return self.scope.call_hook(function, *args)
        finally:
            self._changes.take_from(self.scope.context)

    @contextlib.contextmanager
    def current(self) -> Generator[None]:
        """Have plain code in the `with` block find the loop as the current one."""
        managed = self.scope.hold(self.scope.options).managed
        took = managed.make_current()
        try:
            yield
        finally:
            if took:
                managed.give_back()

    def close(self) -> None:
        """Close an async fixture; what that finds is told with what is left, see `settle`."""
        self._leave(self._close_fixture)

    def take_down(self, tear_down: Callable[..., Any]) -> None:
        """Call what takes it down, then end."""
        self._leave(partial(self.call, tear_down))
        self.settle()

    def settle(self) -> None:
        """End, unless plain fixtures are still open that may end what this one has started: then after the last."""
        if self._later is None:
            self.end()
        else:
            self._later.append((False, self.end))

    def _close_fixture(self) -> None:
        if self._keeper is not None:
            with self.scope.phase("its tear-down"):
                self.scope.run_unlisted(self._keeper.close())

    def _leave(self, step: Callable[[], Any]) -> None:
        self.scope.tear_down(waits=True)
        with self.scope.phase(None):
            try:
                step()
            except BaseException:
                self.end()
                raise
        self._unlist()

    def _unlist(self) -> None:
        if self in self._listed:
            self._listed.remove(self)
            self._changes.undo()

    def end(self) -> None:
        """Let go of the loop and of all that was set. Ending twice is allowed."""
        self._unlist()
        if not self._has_ended:
            self._has_ended = True
            self.scope.end()

    def finish_early(self) -> None:
        """Have pytest finish it, and what depends on it, before its time, and end: its loop may go."""
        try:
            self._finish()
        finally:
            self.end()

    def end_failed(self) -> None:
        """End where the set-up has failed, which is what is told."""
        self.scope.cut()
        with contextlib.suppress(Exception):
            self.end()

    def watch(self, life: Watcher) -> None:
        """Have a test ended if a scope fires that the fixture holds open; raise the error if one did before."""
        if self._keeper is not None:
            self._keeper.check()
            life.heed(self._keeper)

    def is_among(self, names: Collection[str], known: Mapping[str, Any]) -> bool:
        """Whether this is one of the fixtures that a test uses: another may have its name there."""
        if self.definition is None:
            return self.name in names
        return any(
            one.argname in names and gives(one, known.get(one.argname)) for one in (self.definition, *self.askers)
        )

    def check(self, options: LoopOptions) -> None:
        """Refuse a test whose loop is of another kind than the one that the fixture lives on."""
        if self.scope.options.key != options.key:
            raise FixtureError(
                message(
                    f"{self.reach.word} fixture {self.name!r} lives on another loop than the running test",
                    defined=self.place,
                    fix=f"leave the users of {self.name!r} the same loop_factory, and ask for it as a parameter",
                )
            )


def end_late(late: list[tuple[bool, Callable[[], object]]]) -> None:
    """End what is left when all fixtures of a node are finished, see `LATE`."""
    errors: list[BaseException] = []
    for _, end in sorted(late, key=itemgetter(0)):
        try:
            end()
        except Exception as error:
            errors.append(error)
    raise_together(errors, "fixtures have left something")


class _Holders:
    """The scopes held open because tests asked for a wide loop, by collector."""

    def __init__(self) -> None:
        self.by_node: dict[tuple[pytest.Collector, object], WideScope] = {}


_OPEN: Final = pytest.StashKey[list[WideFixture]]()
_FOLLOWED: Final = pytest.StashKey[bool]()
_HOLDERS: Final = pytest.StashKey[_Holders]()


def new_scope(reach: Reach, what: str, options: LoopOptions) -> WideScope:
    """Return a scope that belongs to nobody but its maker."""
    scope = unlisted(_SCOPES[reach], what)
    scope.name = scope.title = f"{reach.word} {what}"
    scope.options = options
    return scope


def used_by(item: pytest.Item) -> list[WideFixture]:
    """Return the open wider async fixtures that a test uses."""
    listed = listed_in(item.config)
    if not listed:
        return []
    request: Any = request_of(item) or item
    # Also what was asked for by name while the test was set up; items of other plugins may have no fixtures at all.
    names = getattr(request, "fixturenames", ())
    known: Mapping[str, Any] = known_to_pytest(item) or {}
    return [fixture for fixture in listed if fixture.is_among(names, known)]


def finish_on_other_loops(config: pytest.Config, key: Hashable) -> None:
    """Finish the open wider fixtures, newest first, whose loop is of another kind than a test's that comes now."""
    listed = listed_in(config)
    errors: list[BaseException] = []
    for fixture in reversed(listed[:]):
        if fixture in listed and fixture.scope.options.key != key:  # it may have gone with another
            try:
                fixture.finish_early()
            except Exception as error:
                errors.append(error)
    raise_together(errors, "fixtures failed to close where the loop factory changes")


def provided_to(item: pytest.Item) -> list[Provided]:
    """Return what fixtures of pytest have given to a test."""
    from asynctestkit.report.affinity import Provided  # for an error that will be told

    found: list[Provided] = []
    for fixturedef, value in values_of(item):
        scope, function = REACHES[fixturedef.scope], fixturedef.func
        described = f"{place_of(function)}   scope={scope.word}"
        is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        width = _SCOPES.get(scope, Scope.TEST)
        found.append(Provided(fixturedef.argname, described, width, value, 'scope="function"', is_async))
    return found


def holder(item: pytest.Item, reach: Reach, options: LoopOptions) -> WideScope:
    """Return the scope that holds the loop which the tests of a class, module ... ask to share."""
    node = _node(item, reach)
    if _HOLDERS not in item.config.stash:
        item.config.stash[_HOLDERS] = _Holders()
    held = item.config.stash[_HOLDERS].by_node
    key = (node, options.key)
    if key not in held:
        scope = held[key] = new_scope(reach, f"loop of {node.name}", options)
        scope.title = f"{reach.word} {node.name}" if reach < Reach.SESSION else "the test run"
        scope.hold(options)

        def end() -> None:
            del held[key]
            scope.end()

        later = node.stash.get(LATE, None)
        if later is None:
            node.addfinalizer(end)
        else:
            later.append((True, end))
    return held[key]


def _node(item: pytest.Item, reach: Reach) -> pytest.Collector:
    kinds: dict[Reach, Any] = {
        Reach.CLASS: pytest.Class,
        Reach.MODULE: pytest.Module,
        Reach.PACKAGE: pytest.Package,
        Reach.SESSION: pytest.Session,
    }
    node = item.getparent(kinds[reach])
    if node is None and reach is Reach.PACKAGE:  # as for pytest's own fixtures
        node = item.session
    if node is None:
        raise UsageError(
            message(
                f"loop_scope {reach.word!r} needs a {reach.word}, and the test is in none",
                test=item.nodeid,
                fix="use a wider scope, or leave loop_scope out",
            )
        )
    found: pytest.Collector = node
    return found


def open_in(config: pytest.Config) -> list[WideFixture]:
    """Return the wider fixtures that are open in a run."""
    if _FOLLOWED not in config.stash:
        from asynctestkit.pytest_shim.follower import Follower  # which imports this module

        config.stash[_FOLLOWED] = True
        config.pluginmanager.register(Follower())
    return listed_in(config)


def listed_in(config: pytest.Config) -> list[WideFixture]:
    """Return the list of them, which may be the first to be asked for."""
    return config.stash.setdefault(_OPEN, [])
