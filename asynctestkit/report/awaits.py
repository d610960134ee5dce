"""The chain of one task: from its coroutine down to what the innermost `await` waits for.

Rules:

1. A link leads on by what Python itself keeps for it: `cr_await` of a coroutine, `gi_yieldfrom` of a generator,
   `ag_await` of an async generator. Coroutines written in C offer the same names.
2. An iterator written in C between two of them (a future's, an async generator's `asend`, `anext` with a default, the
   wrapper that `coroutine.__await__` returns) says nothing; what it leads to is among the objects it refers to, which
   the garbage collector can list. So is what an iterator of a class of the user's leads to.
3. The chain ends at a future, at a bare `yield` (a turn given up: `asyncio.sleep(0)`), or where nothing more is said.
4. Nothing is run and nothing is changed, so that it can be done from another thread while the loop works. What is seen
   then may be a moment old.

On Python 3.14 and later `asyncio.capture_call_graph` offers the same chain, but loses it at an async generator.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Iterator, Sequence
from contextlib import AsyncContextDecorator, ContextDecorator
from dataclasses import dataclass
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any, Final

LONGEST: Final = 10_000
"""Links after which a chain is given up: deeper than Python lets coroutines nest by default."""

_ATTRIBUTES: Final = (("cr_await", "cr_frame"), ("gi_yieldfrom", "gi_frame"), ("ag_await", "ag_frame"))
_EXACT: Final[dict[type, tuple[str, str]]] = dict(
    zip((CoroutineType, GeneratorType, AsyncGeneratorType), _ATTRIBUTES, strict=True)
)
_OPAQUE: Final = frozenset(
    ("FutureIter", "async_generator_asend", "async_generator_athrow", "anext_awaitable", "coroutine_wrapper")
)
"""Names of the types of rule 2: most of them have no name that can be imported."""


@dataclass(frozen=True, slots=True)
class Link:
    """One coroutine, generator or async generator of a chain, with the frame in which it stands."""

    maker: object
    frame: FrameType


@dataclass(frozen=True, slots=True)
class Chain:
    """What a task's coroutine awaits, outermost first."""

    links: tuple[Link, ...]
    future: asyncio.Future[Any] | None
    """What the innermost await waits for."""
    dead_end: object | None = None
    """The awaitable behind which nothing more could be seen."""


def chain_of(coro: object) -> Chain:
    """Return the chain that begins with a coroutine."""
    links: list[Link] = []
    seen: set[int] = set()
    current = coro
    while current is not None and id(current) not in seen and len(links) < LONGEST:
        seen.add(id(current))
        names = _EXACT.get(type(current))
        if names is None:
            if asyncio.isfuture(current):
                return Chain(tuple(links), current)
            names = _names_of(current)
        if names is None:
            behind = _behind(current)
            if behind is None:
                return Chain(tuple(links), None, current)
            current = behind
            continue
        frame = getattr(current, names[1], None)
        if isinstance(frame, FrameType):
            links.append(Link(current, frame))
        current = getattr(current, names[0], None)
    return Chain(tuple(links), _own_future(links))


def is_running(coro: object) -> bool:
    """Return whether a coroutine is on a thread's stack now."""
    return bool(getattr(coro, "cr_running", False) or getattr(coro, "gi_running", False))


def is_new(coro: object) -> bool:
    """Return whether a coroutine has not begun."""
    if isinstance(coro, CoroutineType):
        return inspect.getcoroutinestate(coro) == inspect.CORO_CREATED
    return isinstance(coro, GeneratorType) and inspect.getgeneratorstate(coro) == inspect.GEN_CREATED


def entered_by(maker: object, *, besides: Sequence[object] = ()) -> Iterator[Any]:
    """Yield the context managers whose `with` block a suspended coroutine is in, or is about to enter.

    Python keeps the `__exit__` or `__aexit__` to call on the coroutine's stack, until 3.13 as one bound method, since
    then as a function followed by the object. What a manager made of a generator has entered is yielded as well, unless
    the generator is looked at itself (`besides`).
    """
    found = gc.get_referents(maker)
    for number, thing in enumerate(found):
        if getattr(thing, "__name__", None) not in ("__aexit__", "__exit__"):
            continue
        owner = getattr(thing, "__self__", None)
        if owner is None:
            owner = found[number + 1] if number + 1 < len(found) else None
        yield owner
        if isinstance(owner, ContextDecorator | AsyncContextDecorator):
            generator = getattr(owner, "gen", None)
            is_generator = isinstance(generator, GeneratorType | AsyncGeneratorType)
            if is_generator and all(generator is not one for one in besides):
                yield from entered_by(generator, besides=besides)


def _names_of(thing: object) -> tuple[str, str] | None:
    """Return how a coroutine of another kind calls what it awaits and its frame; None: it does not tell."""
    if type(thing).__name__ in _OPAQUE:
        return None
    return next((names for names in _ATTRIBUTES if hasattr(type(thing), names[0])), None)


def _behind(thing: object) -> object | None:
    """Return what an iterator that says nothing leads to."""
    referents: list[object] = gc.get_referents(thing)
    own = getattr(thing, "__dict__", None)
    if isinstance(own, dict):
        referents = [*referents, *own.values()]
    future: object | None = None
    for one in referents:
        if isinstance(one, type):
            continue
        if type(one) in _EXACT or type(one).__name__ in _OPAQUE or _names_of(one) is not None:
            return one
        if future is None and asyncio.isfuture(one):
            future = one
    return future


def _own_future(links: list[Link]) -> asyncio.Future[Any] | None:
    """Return the future whose own `__await__`, written in Python, is the end of the chain."""
    if links and links[-1].frame.f_code.co_name in ("__await__", "__iter__"):
        owner: object = links[-1].frame.f_locals.get("self")
        return owner if asyncio.isfuture(owner) else None
    return None
