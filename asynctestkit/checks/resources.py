"""What a test leaves open: transports, servers, subprocesses, watched descriptors, generators, threads.

Transports and servers are noted as they are made, with the user's line that asked for them, and looked at again at the
end of the test: no garbage has to be collected for that. What nobody noted tells of itself by a `ResourceWarning` when
it dies (see `tap`).
"""

from __future__ import annotations

import asyncio
import inspect
import math
import re
import socket
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from asynctestkit.checks.callbacks import about
from asynctestkit.report.findings import Finding
from asynctestkit.report.kinds import Kind
from asynctestkit.report.origins import caller, is_users
from asynctestkit.report.stacks import stack_of

# Compiled, and kept by `re`, when one is needed: few runs ever do.
_THREADS_OF_LOOPS: Final = r"asyncio_\d+|asyncio-waitpid-\d+"
_CLOSE: Final = "close it: `with` and `async with` do so whatever happens"
_OBJECT: Final = r"(?is)unclosed (?P<what>.*)"


Ref = Callable[[], Any]
"""A weak reference, or what stands for one."""


class Left(NamedTuple):
    """Something that is open, or alive, at the end of a test, with the finding of it."""

    finding: Finding
    ref: Ref


class _Held:
    """What stands for a weak reference to what allows none: subprocess transports of uvloop, which it holds itself."""

    __slots__ = ("_thing",)

    def __init__(self, thing: object) -> None:
        self._thing = thing

    def __call__(self) -> object:
        return self._thing


def ref_to(thing: object) -> Ref:
    """Return a weak reference, or what stands for one where a thing allows none."""
    try:
        return weakref.ref(thing)
    except TypeError:
        return _Held(thing)


MOST_LISTED: Final = 1000
"""How many things are remembered before those that are gone are forgotten."""


def things_of(left: Iterable[Left]) -> list[Any]:
    """Return what is left itself."""
    return [thing for one in left if (thing := one.ref()) is not None]


def among(left: Iterable[Left], things: Iterable[object]) -> list[Left]:
    """Return those of what is left that are among some things."""
    chosen = set(map(id, things))
    return [one for one in left if id(one.ref()) in chosen]


class Opened:
    """The transports and servers of one test, in the order they were opened."""

    __slots__ = ("_listed", "_most")

    def __init__(self) -> None:
        self._listed: list[tuple[Ref, str | None]] = []
        self._most = MOST_LISTED

    def note(self, thing: object) -> None:
        """Remember what was opened, and by whom."""
        if all(ref() is not thing for ref, _ in self._listed[-1:]):  # a server tells of each of its sockets
            self._listed.append((ref_to(thing), caller(inspect.currentframe())))
        if len(self._listed) > self._most:  # of a server that lives for a whole run, say
            self._listed = [pair for pair in self._listed if (one := pair[0]()) is not None and _is_open(one)]
            self._most = 2 * len(self._listed) + MOST_LISTED

    def place_of(self, thing: object) -> str | None:
        """Return where something was opened, None if it was not noted."""
        return next((place for ref, place in self._listed if ref() is thing), None)

    @property
    def any_open(self) -> bool:
        """Whether anything that was noted is open."""
        return any(thing is not None and _is_open(thing) for ref, _ in self._listed for thing in (ref(),))

    def left(self) -> list[Left]:
        """Return what is still open."""
        left: list[Left] = []
        pipes = {id(pipe) for ref, _ in self._listed for pipe in _pipes_of(ref())}  # no list that would keep them
        for ref, place in self._listed:
            thing = ref()
            if thing is not None and _is_open(thing) and id(thing) not in pipes:
                left.append(Left(_unclosed(thing, place), ref))
        return left


# What a thing is is told by what it has: uvloop's are none of asyncio's classes.


def _is_server(thing: object) -> bool:
    return hasattr(thing, "sockets")


def _is_subprocess(thing: object) -> bool:
    return hasattr(thing, "get_returncode")


def _pipes_of(thing: Any) -> list[Any]:
    """Return the transports of the pipes to a subprocess, which end with it."""
    if not _is_subprocess(thing) or not _is_open(thing):
        return []
    return [thing.get_pipe_transport(descriptor) for descriptor in range(3)]


def _is_open(thing: Any) -> bool:
    if _is_server(thing):
        return bool(thing.sockets)
    if _is_subprocess(thing):
        return not thing.is_closing() and thing.get_returncode() is None
    closing: bool = thing.is_closing()
    return not closing


def _unclosed(thing: Any, place: str | None) -> Finding:
    facts = (("opened", place),) if place else ()
    if _is_server(thing):
        where = ", ".join(_address(one.getsockname()) for one in thing.sockets)
        fix = "write `async with server:`, or server.close() and `await server.wait_closed()`"
        return Finding(Kind.UNCLOSED, f"unclosed Server on {where}", facts, fix, (type(thing).__name__,))
    if _is_subprocess(thing):
        fix = "`await process.wait()` or communicate(), after kill() if it does not end by itself"
        return Finding(Kind.UNCLOSED, f"subprocess {thing.get_pid()} is still running", facts, fix, ("subprocess",))
    peer, own = _extra(thing, "peername"), _extra(thing, "sockname")
    kind = type(thing).__name__.strip("_")
    to = f" to {_address(peer)}" if peer else f" on {_address(own)}" if own else ""
    fix = "close() the transport (a StreamWriter: close() and `await writer.wait_closed()`)"
    return Finding(Kind.UNCLOSED, f"unclosed transport {kind}{to}", facts, fix, (type(thing).__name__,))


def _extra(thing: Any, name: str) -> Any:
    try:
        return thing.get_extra_info(name)
    except OSError:  # uvloop takes a pipe for a socket
        return None


def _address(name: Any) -> str:
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) and len(name) >= 2 else str(name) or "(no name)"


def died_unclosed(text: str, place: str, opened: str | None) -> Finding:
    """Return the finding of a resource that died unclosed, as its warning tells of it."""
    found = re.match(_OBJECT, text)
    what = found["what"].partition("\n")[0] if found else text
    facts = [("opened", opened)] if opened else []
    facts.append(("dropped", place if is_users(place) else "at the end of the test, or by the garbage collector"))
    return Finding(Kind.UNCLOSED, text.partition("\n")[0], tuple(facts), _CLOSE, (what.strip("<>").partition(" ")[0],))


class Begun:
    """The async generators that a test has begun, with the places where it did."""

    __slots__ = ("_listed", "_most")

    def __init__(self) -> None:
        self._listed: dict[int, tuple[weakref.ref[Any], str | None]] = {}
        self._most = MOST_LISTED

    def note(self, made: Any) -> None:
        """Remember a generator."""
        self._listed[id(made)] = weakref.ref(made), caller(inspect.currentframe())
        if len(self._listed) > self._most:
            self._listed = {key: pair for key, pair in self._listed.items() if pair[0]() is not None}
            self._most = 2 * len(self._listed) + MOST_LISTED

    def take(self, made: Any) -> str | None:
        """Return where a generator was begun that dies, whose weak reference is dead already; None: not noted."""
        return self._listed.pop(id(made), (None, None))[1]

    @property
    def any_left(self) -> bool:
        """Whether any is alive that was neither exhausted nor closed."""
        return any(
            made is not None and made.ag_frame is not None for ref, _ in self._listed.values() for made in (ref(),)
        )

    def left(self) -> list[Left]:
        """Return those that are neither exhausted nor closed."""
        listed = [(ref(), ref, place) for ref, place in self._listed.values()]
        return [
            Left(left_open(made, place), ref)
            for made, ref, place in listed
            if made is not None and made.ag_frame is not None and not made.ag_running
        ]


def left_open(made: Any, place: str | None) -> Finding:
    """Return the finding of an async generator that was begun and neither exhausted nor closed."""
    frame = made.ag_frame
    module = None if frame is None else frame.f_globals.get("__name__")
    facts = [("begun", place)] if place else []
    if frame is not None:
        facts.append(("stands at", f"{frame.f_code.co_filename}:{frame.f_lineno}"))
    return Finding(
        Kind.ASYNC_GENERATORS,
        f"async generator {made.__qualname__}() was left open",
        tuple(facts),
        "write `async with contextlib.aclosing(...)` around it, or exhaust it",
        (f"{module}.{made.__qualname__}", made.__qualname__),
    )


def close(thing: Any) -> None:
    """Close what a test has left open and was told of: it must not die in a later one, nor hold a port until then."""
    with suppress(Exception):  # its loop may be closed
        try:
            getattr(thing, "abort", thing.close)()
        except NotImplementedError:  # a pipe of uvloop's that is read from
            thing.close()


def is_ending(thing: Any) -> bool:
    """Whether a subprocess that was closed has not been waited for yet."""
    return _is_subprocess(thing) and thing.get_returncode() is None


_alive: Final[weakref.WeakSet[socket.socket]] = weakref.WeakSet()
"""Sockets that somebody kept when the test that made them was over."""


def remember(sockets: Iterable[weakref.ref[socket.socket]]) -> None:
    """Remember sockets of a test that are alive after it, kept by a traceback say: no later one is at fault."""
    _alive.update(one for ref in sockets if (one := ref()) is not None)


def is_from_before(thing: object) -> bool:
    """Whether a socket that dies was made by a test that is over."""
    return isinstance(thing, socket.socket) and thing in _alive


def kept_sockets(sockets: Iterable[socket.socket], instance: Mapping[str, Any], *, holder: str = "self") -> list[Left]:
    """Return open sockets that a test, or its class, has made and keeps as attributes, or in what is one."""
    left: list[Left] = []
    for attribute, value in instance.items():
        facts = (("kept in", f"{holder}.{attribute}"),)
        for kept in contents(value):
            if any(kept is one for one in sockets) and kept.fileno() != -1:
                left.append(Left(unclosed_socket(kept, *facts), weakref.ref(kept)))
    return left


def unclosed_socket(one: socket.socket, *facts: tuple[str, str]) -> Finding:
    """Return the finding of a socket that is open."""
    return Finding(Kind.UNCLOSED, f"unclosed {one!r}", facts, _CLOSE, ("socket.socket",))


def contents(value: Any, *, most: float = math.inf) -> Iterable[Any]:
    """Return what is in a value of a known kind that holds others, no more than `most`; else the value itself."""
    if not isinstance(value, dict | list | tuple | set | frozenset) or len(value) > most:
        return (value,)
    return list(value.values()) if isinstance(value, dict) else value


def readers_left(loop: Any, belongs: Callable[[Any], bool]) -> list[Finding]:
    """Return findings of descriptors that the test itself has the loop watch; transports are looked at elsewhere."""
    findings: list[Finding] = []
    for key in list(loop._selector.get_map().values()):
        for handle, word in zip(key.data or (), ("reader", "writer"), strict=False):
            callback = getattr(handle, "_callback", None)
            owner = getattr(callback, "__self__", None)
            if callback is None or owner is loop or isinstance(owner, asyncio.BaseTransport) or not belongs(handle):
                continue
            package, name, names, defined = about(callback)
            if package == "asyncio":
                continue
            facts = (("descriptor", str(key.fd)), ("callback", name), *defined)
            fix = f"loop.remove_{word}({key.fd}) when the test is done with it"
            findings.append(Finding(Kind.UNCLOSED, f"{word} of descriptor {key.fd} was left", facts, fix, names))
    return findings


def threads_left(
    before: frozenset[threading.Thread],
    hides: bool,
    span: str,
    grace: float = 0.05,
) -> list[Left]:
    """Return threads that were started since `before` and do not end within the grace.

    Args:
        before: Threads that are none of the test's.
        hides: Whether the loop keeps its executor to itself: then no thread of an executor counts.
        span: What has ended: the test, or something wider.
        grace: Seconds for each.
    """
    left: list[Left] = []
    for thread in threading.enumerate():
        target = getattr(thread, "_target", None)
        if hides and getattr(target, "__module__", None) == "concurrent.futures.thread":
            continue
        if thread in before or is_of_executor(thread) or thread is threading.current_thread():
            continue
        if type(thread).__name__ == "_DummyThread":  # nobody's to join
            continue
        if thread.ident is None:  # it is only about to be started
            continue
        if getattr(target, "__name__", None) == "_do_shutdown":  # asyncio's own, up to 3.12: it joins an executor
            continue
        thread.join(grace)
        if thread.is_alive():
            left.append(Left(_thread(thread, span), weakref.ref(thread)))
    return left


def are_threads_busy(loop: Any) -> bool:
    """Whether threads of a loop's default executor are not through with their jobs; False where that is not known.

    What tells is private: a thread that has let go of its job counts itself among the idle ones.
    """
    executor = getattr(loop, "_default_executor", None)
    threads, idle = getattr(executor, "_threads", ()), getattr(executor, "_idle_semaphore", None)
    return idle is not None and getattr(idle, "_value", len(threads)) < len(threads)


def is_of_executor(thread: threading.Thread) -> bool:
    """Whether a thread is one of a loop's default executor."""
    return re.fullmatch(_THREADS_OF_LOOPS, thread.name) is not None


def _thread(thread: threading.Thread, span: str) -> Finding:
    target: Callable[..., Any] | None = getattr(thread, "_target", None)
    name = getattr(target, "__qualname__", type(thread).__qualname__)
    stack = stack_of(thread.ident or 0)
    frame = stack[-1] if stack else None
    facts = [("thread", thread.name)]
    if (place := caller(frame)) is not None:
        facts.append(("stands at", place))
    return Finding(
        Kind.THREADS,
        f"thread {name} is still alive at the end of {span}",
        tuple(facts),
        "tell it to end and join() it",
        (f"{getattr(target, '__module__', type(thread).__module__)}.{name}", name, thread.name),
    )
