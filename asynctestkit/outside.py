"""What a runner with fixtures of its own gives to a test: pytest, through its plugin.

Test cases, ours and those with `@async_test` methods, ask here when a test begins, and `@async_test` functions when
they are called. Nobody answers unless a runner has said that it will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from asynctestkit.harness import Life
from asynctestkit.limits import UNSET
from asynctestkit.placed import Plan
from asynctestkit.report.frames import TRIM_FRAMES

if TRIM_FRAMES:
    __unittest = True
    __tracebackhide__ = True

if TYPE_CHECKING:
    from asynctestkit.report.affinity import Provided


class Given(NamedTuple):
    """What a runner gives to one test of a case class.

    Attributes:
        names: The parameters that it has values for.
        values: Called with nothing when the body is about to run; returns those values by name.
        life: The life that the test is to have, begun and closed by the runner; None: one of its own.
        timeout: The limit of the test in seconds, None for no limit; UNSET: what the test itself says, or the run.
        debug: Whether asyncio's debug mode is on for a test that does not say so itself; None: as asyncio decides.
        provided: Returns what fixtures of the runner have given to the test, for reports; None where there are none.
    """

    names: tuple[str, ...] = ()
    values: Callable[[], Mapping[str, Any]] = dict
    life: Life | None = None
    timeout: float | None = UNSET
    debug: bool | None = None
    provided: Callable[[], Iterable[Provided]] | None = None

    def complete(self, plan: Plan) -> Plan:
        """Return a plan with what the runner says of the test, and of the loop where the test itself says nothing."""
        if self.timeout is not UNSET:
            plan = plan._replace(timeout=self.timeout)
        if plan.options.debug is None and self.debug is not None:
            plan = plan._replace(options=plan.options._replace(debug=self.debug))
        return plan


Provider = Callable[[Any, object], Given | None]


class _Outside:
    """The runner's answers, None where there is no such runner."""

    __slots__ = ("host", "provider")

    def __init__(self) -> None:
        self.provider: Provider | None = None
        """Called with a test case, ours or not, and its result; returns what the test is given."""
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
