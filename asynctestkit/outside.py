"""What a runner with fixtures of its own gives to a test: pytest, through its plugin.

`AsyncTestCase` asks here when a test begins, and `@async_test` functions when they are called. Nobody answers unless a
runner has said that it will.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from asynctestkit.harness import Life


class Given(NamedTuple):
    """What a runner gives to one test of AsyncTestCase.

    Attributes:
        names: The parameters that it has values for.
        values: Called with nothing when the body is about to run; returns those values by name.
        life: The life that the test is to have, begun and closed by the runner; None: one of its own.
    """

    names: tuple[str, ...] = ()
    values: Callable[[], Mapping[str, Any]] = dict
    life: Life | None = None


Provider = Callable[[Any, object], Given | None]


class _Outside:
    """The runner's answers, None where there is no such runner."""

    __slots__ = ("host", "provider")

    def __init__(self) -> None:
        self.provider: Provider | None = None
        """Called with a test case and its result; returns what the test is given."""
        self.host: Callable[[Any], Any] | None = None
        """Runs a coroutine in the life of the test whose decorators are being called, for `@async_test` under them."""


outside = _Outside()


def given_to(case: Any, result: object) -> Given | None:
    """Return what a runner gives to a test that begins; None: nothing."""
    return None if outside.provider is None else outside.provider(case, result)


def decorated(function: Any) -> Any:
    """Return the coroutine function under `@async_test`, bound as `function` is; None if anything stands above that."""
    if not isinstance(function, FunctionType | MethodType):  # one of several tests: it says what it is called with
        return None
    if getattr(function, "__atk_code__", None) is not function.__code__:
        return None
    inner: Any = vars(function)["__wrapped__"]
    return inner.__get__(function.__self__) if isinstance(function, MethodType) else inner
