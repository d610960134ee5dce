"""`AsyncTestCase`: unittest's hooks mapped on to the harness.

It is an `IsolatedAsyncioTestCase`, and `TestCase.run` still decides what is run and how outcomes are recorded; the
private hooks of IsolatedAsyncioTestCase (`_callSetUp`, `_callAsync`, `_setupAsyncioRunner` ...) are kept as the seams
that real suites override. What differs is behind them: one task for all async phases, a loop that is chosen, and the
rules of `harness`.

A subclass's names are its own: nothing here reads `self.loop` or any other public name a suite may want for itself.
State lives in `_atk_...`, and only while a test runs, so that instances pickle, copy and run again.
"""

from __future__ import annotations

import asyncio
import contextvars
import unittest
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final
from unittest import IsolatedAsyncioTestCase

from asynctestkit import checking, class_hooks, declaration, limits, running
from asynctestkit.assertions import Assertions
from asynctestkit.checks.policy import policy_of
from asynctestkit.contexts import Contexts
from asynctestkit.fixtures.expansion import Variants, expand_methods
from asynctestkit.fixtures.params import CHOICES, VALUES
from asynctestkit.fixtures.requests import requests_of
from asynctestkit.harness import Life, Step
from asynctestkit.loops.calls import DONE
from asynctestkit.loops.managed import LoopOptions
from asynctestkit.outside import Given, given_to
from asynctestkit.placed import Plan
from asynctestkit.report import mistakes
from asynctestkit.report.errors import UsageError, message
from asynctestkit.report.frames import TRIM_FRAMES
from asynctestkit.values import SCOPES, parse_scope

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

_BODY: Final = Step.BODY

_RUN_STATE = ("_asyncioRunner", "_asyncioTestContext", "_atk_given", "_atk_life", "_atk_result", "_outcome")


def _default(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a hook that does nothing unless overridden, so that nothing is paid for it."""
    hook.__atk_default__ = True  # type: ignore[attr-defined]  # read by whoever decides whether to call it
    return hook


class _LoopAttribute:
    """`self.loop`, the managed loop while a test runs; not a data descriptor, so that `self.loop = ...` shadows it."""

    def __get__(self, instance: AsyncTestCase | None, owner: type) -> Any:
        if instance is None:
            return self
        life: Life | None = vars(instance).get("_atk_life")
        if life is None:
            raise AttributeError(
                f"{owner.__qualname__!r} object has no attribute 'loop' now: its managed loop exists only while it runs"
            )
        return life.get_loop()


class AsyncTestCase(Assertions, Contexts):
    """A test case whose tests, set-up and tear-down may be coroutines, run in one task on a managed loop.

    Attributes:
        loop_scope: How long the loop lives: `"test"`, `"class"`, `"module"` or `"session"`. None, the default, is the
            smallest that fits: a fresh loop per test, unless the class or the module has async hooks, or the test uses
            a wider async fixture, whose loop it then shares.
        loop_factory: Called with nothing to make the loop (`uvloop.new_event_loop`, a class, any callable). None is
            `asyncio.new_event_loop`.
        timeout: Put as a number in a class body, seconds of real time that each of its tests may take, from set-up
            until its loop is closed; `None` for no limit. Without it the module's holds, or the run's: 60 s by default.
            Anything else of that name, but for a text that reads like such, is the class's own.
        debug: Put as `debug = True` in a class body, asyncio's debug mode for its loops; `False` turns it off; without
            it asyncio's own environment switch decides. (As a method it stays unittest's `debug()`.)
        loop: The managed loop, while a test runs.

    Raises:
        UsageError: From the class statement, if an option has a value that cannot be.
        ScopeError: From the class statement, if the hooks of the class outlive the loop that it asks for.
    """

    loop_scope: ClassVar[str | None] = None
    loop_factory: ClassVar[Any] = None
    _atk_debug: ClassVar[bool | None] = None
    _atk_cooperates: ClassVar[bool] = False
    """Whether a class that stands behind AsyncTestCase has hooks, which ours then call."""
    _atk_result: object = None
    _atk_expand = staticmethod(expand_methods)
    _atk_given: Given | None = None

    if TYPE_CHECKING:
        debug: Any
        loop: asyncio.AbstractEventLoop
        # unittest's own state, which its type stubs leave out.
        _cleanups: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]]
        _outcome: Any
    else:
        loop = _LoopAttribute()

    def __init_subclass__(cls, *args: Any, **kwargs: Any) -> None:
        super().__init_subclass__(*args, **kwargs)
        declaration.check(cls, debug_method=AsyncTestCase.debug)
        cls._atk_cooperates = class_hooks.has_hooks_behind(cls, AsyncTestCase)
        class_hooks.adapt(cls, AsyncTestCase)
        expand_methods(cls)

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        cls = type(self)
        class_hooks.adapt_late(cls, AsyncTestCase)
        if not callable(cls.debug):  # set after the class statement
            declaration.take_debug(cls, AsyncTestCase.debug, f"{cls.__module__}.{cls.__qualname__}")
        self._asyncioRunner: Any = None
        self._asyncioTestContext: contextvars.Context | None = None
        self._atk_life = None

    # ---- hooks to override -------------------------------------------------------------------------------------

    def setUp(self) -> Any:
        """Prepare the test; may be overridden by a plain function or a coroutine function."""
        return _after(super().setUp())

    def tearDown(self) -> Any:
        """Tidy up after the test; may be overridden by a plain function or a coroutine function."""
        return _after(super().tearDown())

    async def asyncSetUp(self) -> None:
        """Prepare the test on its loop, in its task, after `setUp`."""
        await super().asyncSetUp()

    async def asyncTearDown(self) -> None:
        """Tidy up on the test's loop, in its task, before `tearDown`."""
        await super().asyncTearDown()

    @classmethod
    @class_hooks.adapted
    def setUpClass(cls) -> Any:
        """Prepare the class; may be overridden by a plain class method or an async one."""
        return class_hooks.set_up_class(cls, class_hooks.behind(super().setUpClass))

    @classmethod
    @class_hooks.adapted
    def tearDownClass(cls) -> Any:
        """Tidy up after the class; may be overridden by a plain class method or an async one."""
        return class_hooks.tear_down_class(cls, class_hooks.behind(super().tearDownClass))

    @classmethod
    @_default
    async def asyncSetUpClass(cls) -> None:
        """Prepare the class on the loop that its tests then use, after `setUpClass`."""

    @classmethod
    @_default
    async def asyncTearDownClass(cls) -> None:
        """Tidy up after the class on the loop its tests used, before `tearDownClass`."""

    # ---- cleanups and fixtures ---------------------------------------------------------------------------------

    @classmethod
    def doClassCleanups(cls) -> None:
        """Run the class's cleanups, awaiting async ones, and let go of its loop."""
        class_hooks.do_class_cleanups(cls, class_hooks.behind(super().doClassCleanups))

    def doCleanups(self) -> Any:  # a bool, which the type stubs of unittest do not know
        """Run the cleanups, sync and async mixed, last in first out; return whether all went well so far."""
        life, outcome = self._atk_life, self._outcome
        if outcome is not None and life is not None and not life.active:
            self._atk_close_fixtures(life)  # what a set-up that failed had asked for by name
        if self._cleanups:
            super().doCleanups()
        if life is None or life.active:
            return outcome is None or outcome.success
        if outcome is None:  # after a failed debug(): this is the end of the test
            self._tearDownAsyncioRunner()
            return True
        self._atk_close_fixtures(life)
        if life.has_something_to_report:
            with outcome.testPartExecutor(self):
                life.report()
        checking.check(self, life, outcome)
        return bool(outcome.success)

    def _atk_close_fixtures(self, life: Life) -> None:
        """Close fixtures that were asked for by name outside of the body, recording what closing raises."""
        if life.fixtures is not None and life.fixtures.openings:
            with self._outcome.testPartExecutor(self):
                life.close_fixtures()

    async def get_fixture(self, name: str) -> Any:
        """Return the value of a fixture that the running test asks for by name, opened now if it is not open.

        It is closed with the others after the test. Tasks that ask at once wait for one opening.

        Raises:
            FixtureError: There is no such fixture, or it lives on another loop than the test's.
            UsageError: The name is no string, or the test is not running.
        """
        if self._atk_life is None:
            raise UsageError(
                message(
                    f"get_fixture({name!r}) was awaited outside a running test",
                    test=self.id(),
                    fix="await it in the test, in asyncSetUp or in a fixture of the test",
                )
            )
        cls, test = type(self), self._testMethodName
        choices = getattr(getattr(cls, test, None), CHOICES, None)
        return await self._atk_running().fetch(requests_of(cls).find(name, test, choices), instance=self)

    # ---- running -----------------------------------------------------------------------------------------------

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test and record its outcome; see `harness` for the order of events."""
        self._atk_begin(result)
        try:
            run = super(IsolatedAsyncioTestCase, self).run  # not IsolatedAsyncioTestCase's, whose place this takes
            if result is None or not running.may_run(self, run):
                return run(result)
            running.run_parts(self, result)
            return result
        finally:
            running.record_late(self, result, self._atk_end)

    def _atk_debug_run(self) -> None:
        """Run the test without a result, letting its first error out.

        After an error the loop stays open, as on IsolatedAsyncioTestCase, for `doCleanups()` to run async cleanups.
        """
        self._atk_begin(None)
        try:
            super(IsolatedAsyncioTestCase, self).debug()
            life = self._atk_life
            if life is not None:
                life.close_fixtures()
                life.report()
                life.check(instance=self)
        except BaseException:
            if self._atk_life is not None:
                self._atk_life.lift_deadline()  # whoever looks into it has all the time there is
            raise
        self._atk_end()

    if not TYPE_CHECKING:
        debug = _atk_debug_run

    def __del__(self) -> None:
        if getattr(self, "_asyncioRunner", None) is None:
            return
        life = self._atk_life
        if life is None or asyncio._get_running_loop() is None:
            self._tearDownAsyncioRunner()
        else:  # collected while some other loop runs, beside which no loop can
            life.abandon()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what exists only while the test runs."""
        return {name: value for name, value in vars(self).items() if name not in _RUN_STATE}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(dict.fromkeys(_RUN_STATE), **state)

    def _atk_begin(self, result: object) -> None:
        if self._asyncioRunner is not None:  # a debug() that failed left it open
            self._tearDownAsyncioRunner()
        self._atk_result = result
        self._atk_given = given_to(self, result)
        self._setupAsyncioRunner()
        runner = self._asyncioRunner
        life = self._atk_life = runner if isinstance(runner, Life) else self._atk_new_life(runner)
        if self._atk_given is None or self._atk_given.life is not life:  # which has asked before
            self._atk_ask(life)
        if self._asyncioTestContext is None:
            self._asyncioTestContext = life.context
        else:  # an override brought its own
            life.context = self._asyncioTestContext

    def _atk_ask(self, life: Life) -> None:
        """Find out which fixtures the test asks for."""
        cls, name = type(self), self._testMethodName
        function = getattr(cls, name, None)
        try:
            requests = requests_of(cls)
            if requests.are_none(function):
                return
            if isinstance(function, Variants):
                raise function.refusal()
            passed, choices = getattr(function, VALUES, ()), getattr(function, CHOICES, None)
            if self._atk_given is not None:
                passed = (*passed, *self._atk_given.names)
            life.use(requests.plan(function, name, given=1, passed=passed, choices=choices), instance=self)
        except UsageError as error:
            life.refusal = error  # told where the test is set up, so that it is this test's error

    def _atk_new_life(self, runner: Any = None) -> Life:
        if runner is None and self._atk_given is not None and self._atk_given.life is not None:
            return self._atk_given.life
        plan, refusal = self._atk_plan()
        life = Life(plan, more=self._atk_may_go_on, runner=runner)
        life.refusal = refusal
        if self._atk_given is not None:
            life.provided_outside = self._atk_given.provided
        return life

    def _atk_plan(self) -> tuple[Plan, UsageError | None]:
        """Return how the test is to run, and why it cannot, if it cannot."""
        cls, name, scope = type(self), self._testMethodName, self.loop_scope
        asked = None if scope is None else SCOPES.get(scope) or parse_scope(scope, option="loop_scope", where=name)
        timeout = refusal = None
        test = getattr(cls, name, None)
        try:
            options = class_hooks.loop_options(cls, self)
            timeout = limits.limit_of(cls, test, cls.__module__)
        except UsageError as error:
            options, refusal = LoopOptions(), error  # told where the test is set up, so that it is this test's error
        marks = getattr(test, "__dict__", None)
        if marks and "__atk_options__" in marks:
            own = marks["__atk_options__"]
            if own.factory is not None:
                options = own._replace(debug=options.debug)
        policy = policy_of(cls, test)
        plan = Plan(name, cls, options, asked, self._atk_result, timeout, policy)
        return plan if self._atk_given is None else self._atk_given.complete(plan), refusal

    def _atk_end(self) -> None:
        try:
            if self._atk_life is not self._asyncioRunner and self._atk_life is not None:
                self._atk_life.close()  # before a runner of the suite's own, whose loop it uses
        finally:
            try:
                self._tearDownAsyncioRunner()
            finally:
                self._asyncioRunner = self._asyncioTestContext = self._atk_life = self._atk_result = None
                self._atk_given = None

    def _atk_may_go_on(self) -> bool:
        """Whether an async phase may follow the one that has just ended."""
        if self._cleanups or _own_hook(self.tearDown) is not None:
            return True  # what `tearDown` does is not known before: it may add async cleanups
        life, cls = self._atk_life, type(self)
        if cls._callTearDown is not _CALL_TEAR_DOWN or cls.doCleanups is not _DO_CLEANUPS:
            return True
        return life is not None and life.step is _BODY and _own_hook(self.asyncTearDown) is not None

    def _atk_leave_one(self) -> bool:
        """Run the newest cleanup; False if there is none."""
        if not self._cleanups:
            return False
        function, args, kwargs = self._cleanups.pop()
        self._callCleanup(function, *args, **kwargs)
        return True

    # ---- the private hooks of IsolatedAsyncioTestCase, which suites override -----------------------------------

    def _setupAsyncioRunner(self) -> None:
        assert self._asyncioRunner is None, "asyncio runner is already initialized"
        self._asyncioRunner = self._atk_new_life()

    def _tearDownAsyncioRunner(self) -> None:
        runner, self._asyncioRunner = self._asyncioRunner, None
        self._asyncioTestContext = self._atk_life = None
        if runner is not None:
            runner.close()

    def _callSetUp(self) -> None:
        later = _own_hook(self.asyncSetUp)
        self._atk_running().set_up(
            _own_hook(self.setUp), None if later is None else partial(self._callAsync, later), self._atk_leave_one
        )

    def _callTestMethod(self, method: Callable[[], Any]) -> None:
        life, call = self._atk_running(), self._callMaybeAsync
        if "hypothesis" in getattr(method, "__dict__", ()):
            from asynctestkit.examples import caller_of

            call = caller_of(method, life) or call
        if self._atk_given is not None:
            call = partial(call, **self._atk_given.values())
        value = life.body(call, method)
        if value is not None:
            # unittest's own warning is kept for those who filter or count it; as an error it would hide the fix.
            with suppress(DeprecationWarning):
                warnings.warn(mistakes.deprecated_return(method, value), DeprecationWarning, stacklevel=4)
            mistakes.refuse_value(value, method, self.id())

    def _callTearDown(self) -> None:
        first = _own_hook(self.asyncTearDown)
        self._atk_running().tear_down(
            None if first is None else partial(self._callAsync, first), _own_hook(self.tearDown)
        )

    def _callCleanup(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        life = self._atk_running()
        before, life.handling = life.handling, function
        mistakes.refuse_generator(self._callMaybeAsync(function, *args, **kwargs), function)
        life.handling = before

    def _callAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        mistakes.require_coroutine_function(func)
        return self._atk_running().call(func, *args, **kwargs)

    def _callMaybeAsync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return self._atk_running().call(func, *args, **kwargs)

    def _atk_running(self) -> Life:
        assert self._atk_life is not None, "asyncio runner is not initialized"
        return self._atk_life


_DEFAULT_HOOKS: Final = frozenset(
    vars(AsyncTestCase)[name] for name in ("setUp", "tearDown", "asyncSetUp", "asyncTearDown")
)
_CALL_TEAR_DOWN: Final = vars(AsyncTestCase)["_callTearDown"]
_DO_CLEANUPS: Final = vars(AsyncTestCase)["doCleanups"]


def _own_hook(hook: Callable[[], Any]) -> Callable[[], Any] | None:
    """Return a hook of an instance, None where it is the default one and would do nothing."""
    bound: Any = hook
    return None if getattr(hook, "__func__", None) in _DEFAULT_HOOKS and not bound.__self__._atk_cooperates else hook


def _after(value: Any) -> Any:
    """Return what a hook behind ours returned, which may have to be awaited, or what may be awaited all the same."""
    return DONE if value is None else value
