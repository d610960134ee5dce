"""Phases: plain functions called in a context, and what they return awaited in one task on one loop.

This is the one place that decides how a function is run whose kind nobody knows: it is called outside the running loop,
in the context; if it gives something awaitable, that is awaited in the host task. A coroutine function therefore runs
in the task, a plain function does not, and a lambda, a wrapped test, an object with an async `__call__` or a function
that returns a future is awaited like the coroutine function it stands for.

A cancellation that somebody asked of the task, and that ends a phase, is *held*: it comes from a scope that is still
open (a timeout, a failed task group), and that scope will say what really happened when it is left. Until then the
phase counts as cut short; `leave` hands the held cancellation to scopes as they are left, `unexplained` gives back
what no scope has answered for.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from asyncio import sleep  # as it is before tests replace it
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final

from asynctestkit.loops.host import HostTask
from asynctestkit.loops.leftovers import throw_away
from asynctestkit.loops.managed import refuse_running_loop
from asynctestkit.report.errors import Interruption, SilentPassError, message
from asynctestkit.report.frames import TRIM_FRAMES, clean, name_of, trim
from asynctestkit.report.hangs import Part, note
from asynctestkit.report.owners import explain

if TYPE_CHECKING:  # what tells of errors is imported by the first error
    from asynctestkit.report.affinity import Provided

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True


class Done:
    """What a hook without work returns: nothing to await, and nothing wrong with awaiting it.

    A plain `super().setUp()` may ignore it and an `await super().setUp()` may await it.
    """

    __slots__ = ()

    def __await__(self) -> Any:
        return iter(())

    def __repr__(self) -> str:
        return "<nothing to wait for>"


DONE: Final = Done()


class Phases:
    """Run phases in one context and one task.

    What owns a loop derives from this: `open_loop` gives the loop when the first async phase needs it, `may_go_on` says
    whether another phase may follow.
    """

    host: HostTask | None = None
    held: asyncio.CancelledError | None = None
    active = False
    """Whether a plain function of a phase is running right now."""
    strayed = False
    """Whether plain code has run since the loop was last made current: it may have made another one current."""
    ended_early = False
    """Whether something from outside has ended a phase, or the next: the limit, or a scope that is or was open."""
    _interruption: BaseException | None = None

    def __init__(self, context: contextvars.Context, *, name: str) -> None:
        self.context = context
        self.name = name

    def open_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop to run on, current and not running."""
        raise NotImplementedError

    def may_go_on(self) -> bool:
        """Return whether another phase may follow the one that has just ended."""
        return True

    def cancelled_between(self) -> None:
        """Learn that the task was cancelled while no phase ran: the next one meets the cancellation."""

    @property
    def loop_in_use(self) -> asyncio.AbstractEventLoop | None:
        """The loop that phases run on, None if none has needed one yet."""
        return None if self.host is None else self.host.loop

    @property
    def cut_short(self) -> bool:
        """Whether an open scope ended a phase, and none has said why yet."""
        return self.held is not None

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call `function` in the context and await what it returns, if that can be awaited."""
        try:
            value: Any
            if (
                self.active
            ):  # a phase that calls another (`self.doCleanups()` in a test): the context is entered already
                value = function(*args, **kwargs)
            else:
                self.active = True
                try:
                    value = self.context.run(function, *args, **kwargs)
                finally:
                    self.active = False
            if type(value) is CoroutineType:
                return self.run(value)
            self.strayed = True
            if value is None or value is DONE:
                return None
            return self.run(value) if inspect.isawaitable(value) else value
        except Exception as error:
            self._explain(error)
            clean(error)  # runners cut our frames off its front only
            raise
        except Interruption as interruption:
            if self.active or not interruption.is_of(self):
                raise
            told = interruption
        told.tell()

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Await something in the task, from outside the loop; a cancellation by an open scope is held.

        Plain code of a phase that asks for this itself (`self.doCleanups()` in a sync test) is inside the context,
        which the task therefore cannot enter: what it asks for runs in a task of its own, in a copy of the context.
        """
        if self.active:
            return self.run_beside(awaitable, self.context.copy())
        coro: Any = awaitable if type(awaitable) is CoroutineType else as_coroutine(awaitable)
        host = self.host
        if host is None:
            try:
                host = self._start_host()
            except BaseException:
                coro.close()
                raise
        try:
            if self._interruption is not None:
                coro.close()
                self.meet_interruption()
            return host.run(coro)
        except asyncio.CancelledError as error:
            if not self.hold_back(error):
                raise
            return None
        except Exception as error:
            self._explain(error)
            raise
        except Interruption as interruption:
            if not interruption.is_of(self):
                raise
            told = interruption
        told.tell()  # not while the interruption is being handled, whose context is none of the user's concern

    def run_beside(self, awaitable: Awaitable[Any], context: contextvars.Context) -> Any:
        """Await something in a task of its own, in another context, from outside the loop."""
        refuse_running_loop()
        loop = self.open_loop()
        return loop.run_until_complete(loop.create_task(as_coroutine(awaitable), context=context))

    async def leave(self, exit: Callable[..., Awaitable[Any]], manager: object) -> None:
        """Leave an asynchronous context manager that was entered in the task."""
        if self.held is None and (self.host is None or not self.host.cancelled_before):
            await exit(manager, None, None, None)  # which cannot swallow what is not there
            return
        self._settle(manager, await self._exit(exit, manager))

    async def _exit(self, exit: Callable[..., Awaitable[Any]], manager: object) -> Any:
        held = self.held or await self._met_late()
        if held is None:
            await exit(manager, None, None, None)
            return None
        try:
            return await exit(manager, type(held), held, held.__traceback__)
        except asyncio.CancelledError as error:
            self.held = error
        except BaseException:
            self._answered()
            raise
        finally:
            del held
        return None

    async def _met_late(self) -> asyncio.CancelledError | None:
        """Return the cancellation that came between phases, for the scope it may have come from."""
        if self.host is not None and self.host.cancelled_before and self.host.cancelling:
            self.host.cancelled_before = False
            try:
                await sleep(0)
            except asyncio.CancelledError as error:
                return error
        return None

    async def leave_plain(self, exit: Callable[..., Any], manager: object) -> None:
        """Leave, in the task, a plain context manager that was entered in the task."""

        async def exit_in_task(*args: object) -> Any:
            return exit(*args)

        await self.leave(exit_in_task, manager)

    def hold_back(self, error: asyncio.CancelledError) -> bool:
        """Hold a cancellation of the task until the scope that asked for it is left; False where none asked.

        One by which the phase is being ended with an error is not held: that error is told.
        """
        if self.host is None or not self.host.cancelling:
            return False
        self.ended_early = True
        if self.held is None and not self.host.interrupted:  # the first one is what ended the test
            trim(error)
            self.held = error
        return True

    def unexplained(self) -> asyncio.CancelledError | None:
        """Return the held cancellation that no scope has answered for, once."""
        held, self.held = self.held, None
        return held

    def in_task(self) -> bool:
        """Whether the code that asks runs in the host task."""
        if self.host is None or self.host.task is None or asyncio._get_running_loop() is not self.host.loop:
            return False
        return asyncio.current_task() is self.host.task

    def interrupt(self, error: BaseException) -> None:
        """End the running phase with `error`; if none runs, the next one meets it. Called in the loop's thread."""
        self.ended_early = True
        if (self.host is None or not self.host.interrupt(error)) and self._interruption is None:
            self._interruption = error

    def meet_interruption(self) -> None:
        """Raise the error that came while no phase ran, if one did; once."""
        error, self._interruption = self._interruption, None
        if error is not None:
            raise error

    @property
    def busy(self) -> bool:
        """Whether a phase runs in the task."""
        return self.host is not None and self.host.busy

    @property
    def ending(self) -> bool:
        """Whether the running phase has been interrupted and has not ended yet."""
        return self.host is not None and self.host.interrupted

    def press(self) -> None:
        """Cancel the interrupted phase again, which has eaten its cancellation. Called in the loop's thread."""
        if self.host is not None:
            self.host.press()

    def give_up(self) -> None:
        """End the interrupted phase without its task, which no cancellation ends. Called in the loop."""
        if self.host is not None and (task := self.host.give_up()) is not None:
            self.host.note(throw_away(task))

    def own_tasks(self) -> list[asyncio.Task[Any]]:
        """Return the host task while a phase runs: parked, it is of no interest, and it is in no list of tasks."""
        task = None if self.host is None or not self.host.busy else self.host.task
        return [] if task is None else [task]

    def dismiss(self) -> None:
        """Let the task end when the loop runs next."""
        if self.host is not None:
            self.host.dismiss()

    def tell_beside(self, error: BaseException, part: Part, text: str) -> None:
        """Have the report of an error say something more, which is no part of its message."""
        error.add_note(note(part.headline, text))

    def sharing(self, width: int) -> str | None:
        """Return what users write to have a test share its loop as widely as this, if they can; see `affinity`."""
        return None

    def provided(self) -> Iterable[Provided]:
        """Return what fixtures have given to what runs."""
        return ()

    def _explain(self, error: Exception) -> None:
        explain(error, self.loop_in_use, self)

    def _start_host(self) -> HostTask:
        if asyncio._get_running_loop() is not None:
            refuse_running_loop()
        loop = self.open_loop()
        host = self.host = HostTask(loop, context=self.context, name=self.name, owner=self)
        return host

    def _answered(self) -> None:
        if self.host is None or not self.host.cancelling:
            self.held = None

    def _settle(self, manager: object, swallowed: object) -> None:
        if not swallowed:
            return
        cut, self.held = self.held, None
        raise SilentPassError(
            message(
                f"{self.name} was cut short by {_label(manager)}, which swallowed the cancellation",
                scope=name_of(manager),
                fix="use a scope that raises when it fires (asyncio.timeout, anyio.fail_after)",
            )
        ) from cut


def _label(manager: object) -> str:
    return getattr(manager, "label", None) or type(manager).__qualname__


def as_coroutine(awaitable: Awaitable[Any]) -> Coroutine[Any, Any, Any]:
    """Return something awaitable as a coroutine, which it may be already."""
    return awaitable if inspect.iscoroutine(awaitable) else _await(awaitable)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
