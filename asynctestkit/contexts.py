"""Context managers that are entered for the life of a test or of its class, and left among the cleanups.

1. One that is entered in a task is left in that task, a plain one too: anyio's cancel scopes demand it.
2. One that has cancelled the test, or the class's hooks, while it was open is left with that cancellation, and so
   reports its own error; any other is left with three Nones.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar
from unittest import IsolatedAsyncioTestCase

from asynctestkit import class_hooks
from asynctestkit.report import mistakes
from asynctestkit.report.frames import TRIM_FRAMES

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from asynctestkit.harness import Life

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

T = TypeVar("T")


class Contexts(IsolatedAsyncioTestCase):
    """What AsyncTestCase enters otherwise than IsolatedAsyncioTestCase."""

    _atk_life: Life | None = None

    async def enterAsyncContext(self, cm: AbstractAsyncContextManager[T]) -> T:
        """Enter an asynchronous context manager and leave it among the cleanups; return what it gives.

        It is entered and left in the test task. A scope that cancels the test while open (`asyncio.timeout`, a
        `TaskGroup`) is left with that cancellation and so reports its own error; otherwise it is left with three Nones.

        Raises:
            TypeError: `cm` is no asynchronous context manager.
        """
        enter, leave = mistakes.special_methods(cm, "__aenter__", "__aexit__")
        value: T = await enter(cm)
        self.addAsyncCleanup(self._atk_leave, leave, cm)
        return value

    def enterContext(self, cm: AbstractContextManager[T]) -> T:
        """Enter a context manager and leave it among the cleanups; return what it gives.

        Entered by code that runs in the test task, it is left in the test task too, as anyio's cancel scopes demand.

        Raises:
            TypeError: `cm` is no context manager.
        """
        life = self._atk_life
        if life is None or not life.in_task():
            return super().enterContext(cm)
        enter, leave = mistakes.special_methods(cm, "__enter__", "__exit__")
        value: T = enter(cm)
        self.addAsyncCleanup(life.leave_plain, leave, cm)
        return value

    @classmethod
    def addAsyncClassCleanup(cls, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Add a function, async or not, to be called when the class is done; last in, first out."""
        cls.addClassCleanup(function, *args, **kwargs)

    @classmethod
    async def enterAsyncClassContext(cls, cm: AbstractAsyncContextManager[T]) -> T:
        """Enter an asynchronous context manager for the class's life; call it from `asyncSetUpClass`.

        Raises:
            TypeError: `cm` is no asynchronous context manager.
        """
        enter, leave = mistakes.special_methods(cm, "__aenter__", "__aexit__")
        value: T = await enter(cm)
        cls.addClassCleanup(class_hooks.begin(cls).leave, leave, cm)
        return value

    @classmethod
    def enterClassContext(cls, cm: AbstractContextManager[T]) -> T:
        """Enter a context manager for the class's life; return what it gives.

        Entered by an async class hook, it is left in the class's task too, as anyio's cancel scopes demand.

        Raises:
            TypeError: `cm` is no context manager.
        """
        scope = class_hooks.begin(cls)
        if not scope.in_task():
            return super().enterClassContext(cm)
        enter, leave = mistakes.special_methods(cm, "__enter__", "__exit__")
        value: T = enter(cm)
        cls.addClassCleanup(scope.leave_plain, leave, cm)
        return value

    async def _atk_leave(self, leave: Callable[..., Awaitable[Any]], cm: object) -> None:
        assert self._atk_life is not None
        await self._atk_life.leave(leave, cm)


for _method in vars(Contexts).values():
    _function = getattr(_method, "__func__", _method)
    if isinstance(_function, FunctionType):  # what reports call it, and what patterns of users ignore
        _function.__qualname__ = f"AsyncTestCase.{_function.__name__}"
