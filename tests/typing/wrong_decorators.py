"""What a type checker refuses; mypy reads the first comment of a line, pyright the second."""

import asyncio
import unittest

from asynctestkit import async_test


@async_test  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def test_plain() -> None:
    """Be no coroutine function."""


@async_test  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
async def test_returns() -> int:
    """Return something."""
    return 1


@async_test(timeout="5")  # type: ignore[call-overload, untyped-decorator]  # pyright: ignore
async def test_timeout_in_words() -> None:
    """Have a timeout that is no number."""


@async_test(limit=5)  # type: ignore[call-overload, untyped-decorator]  # pyright: ignore
async def test_unknown_option() -> None:
    """Have an option that there is none of."""


@async_test(loop_factory=asyncio.new_event_loop())  # type: ignore[call-overload, untyped-decorator]  # pyright: ignore
async def test_loop_for_factory() -> None:
    """Have a loop where the function that makes one belongs."""


@async_test
async def test_numbers(number: int) -> None:
    """Have a parameter."""


test_numbers("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
test_numbers()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


class Case(unittest.TestCase):
    """A plain case."""

    @async_test
    async def test_method(self, number: int) -> None:
        """Have a parameter."""


Case().test_method("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
