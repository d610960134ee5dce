"""The await tree of every task of a loop, as text: `format_tasks`.

    3 tasks on <_UnixSelectorEventLoop running=True closed=False debug=False>

    task 'Task-1'
      tests/test_echo.py:31  in EchoTest.test_echo  await ask(server, b"hi")
      tests/net.py:14        in ask                 await reader.readline()
      waits for data from <StreamReader of ('127.0.0.1', 5000)>
      task 'Task-2', child of a TaskGroup
        ...

Rules:

1. Of each task: its name, whether it is being cancelled, where it was created if the caller knows; the rows of its
   chain, outermost first (`awaits`, `rows`); what the innermost await waits for (`waits`), how long that can still
   take, who else waits there, and which task holds it. Below it, indented, the tasks it waits for (`tree`).
2. Of a task that runs now, its stack instead; of an executor's thread that is waited for, its stack too. A loop that is
   inside a callback of no task shows the callback's stack.
3. It may be called at any time from any thread: while the loop runs, is blocked, stands still or is closed. Nothing is
   run, awaited or changed. From another thread the answer may be a moment old. No object can make it fail.
4. Who holds a lock is known of tasks that are suspended within its `async with` block; asyncio itself keeps no record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from asynctestkit.report import stacks
from asynctestkit.report.awaits import entered_by
from asynctestkit.report.rows import function_of, rows_of, shown_frames
from asynctestkit.report.text import MOST_NAMES, names, place, short
from asynctestkit.report.tree import Forest, Node, alike, forest_of
from asynctestkit.report.waits import limit_of, time_left, timer_of, words_for

Created: TypeAlias = Callable[[asyncio.Task[Any]], str | None]
"""Tells where a task was created: `file:line`, or None where it is not known. A mapping's `get` is one."""

DEEPEST: Final = 12
"""Levels of tasks below tasks after which rows are indented no further."""
_ATTEMPTS: Final = 10


def format_tasks(
    loop: asyncio.AbstractEventLoop,
    *,
    also: Iterable[asyncio.Task[Any]] = (),
    created: Created | None = None,
) -> str:
    """Return what every unfinished task of a loop waits for: the whole chain of awaits, with its places in the source.

    It may be called from any thread, whether the loop runs or not, and changes nothing.

    Args:
        loop: Whose tasks.
        also: Further tasks, which are in no list of the loop's tasks.
        created: Tells where tasks were created.
    """
    tasks = dict.fromkeys(task for task in (*also, *tasks_of(loop)) if not task.done())
    forest = forest_of(tasks)
    lines = [_headline(len(tasks), loop)]
    callback = [] if any(node.wait.kind == "running" for node in forest.nodes) else stacks.callback_of(loop)
    if callback:
        lines += ["", "the loop is inside a callback", *(f"  {row}" for row in callback)]
    return "\n".join([*lines, *_Report(forest, loop, created).lines()])


def tasks_of(loop: asyncio.AbstractEventLoop) -> set[asyncio.Task[Any]]:
    """Return the unfinished tasks of a loop, which may be another thread's."""
    for _ in range(_ATTEMPTS):
        try:
            return asyncio.all_tasks(loop)
        except RuntimeError:  # tasks came and went while another thread's loop was asked
            continue
    return set()


def _headline(count: int, loop: asyncio.AbstractEventLoop) -> str:
    counted = "1 task" if count == 1 else f"{count or 'no'} tasks"
    return f"{counted} on {short(loop)}"


class _Report:
    """The text about the tasks of one forest."""

    def __init__(self, forest: Forest, loop: asyncio.AbstractEventLoop, created: Created | None) -> None:
        self._forest = forest
        self._now = loop.time()
        self._created = created
        self._at: dict[int, list[Node]] = {}
        for node in forest.nodes:
            if node.wait.on is not None and node.wait.joins is None:
                self._at.setdefault(id(node.wait.on), []).append(node)
        self._holders: dict[int, list[tuple[Node, str]]] | None = None

    def lines(self) -> Iterator[str]:
        """Yield the lines of all tasks, an empty one before each root."""
        todo: list[tuple[Node, int] | str] = []
        _push(todo, self._forest.roots, 0)
        while todo:
            entry = todo.pop()
            if isinstance(entry, str):
                yield entry
                continue
            node, depth = entry
            if depth == 0:
                yield ""
            yield from (_indent(depth) + line for line in self._about(node))
            _push(todo, node.below, depth + 1)

    def _about(self, node: Node) -> Iterator[str]:
        try:
            yield self._head(node)
            yield from (f"  {line}" for line in self._body(node))
        except Exception as error:  # whatever objects of the user's do when they are looked at
            yield f"  cannot be read: {type(error).__name__}"

    def _head(self, node: Node) -> str:
        parts = [_called(node)]
        if node.why is not None:
            parts.append(node.why)
        if node.cancelling:
            parts.append("being cancelled" + (f" ({node.cancelling} times)" if node.cancelling > 1 else ""))
        where = self._created_at(node.task)
        if where is not None:
            parts.append(f"created at {where}")
        return ", ".join(parts)

    def _created_at(self, task: asyncio.Task[Any]) -> str | None:
        return None if self._created is None else self._created(task)

    def _body(self, node: Node) -> Iterator[str]:
        running = stacks.stack_inside(node.task.get_coro()) if node.wait.kind == "running" else []
        yield from rows_of(running or shown_frames(link.frame for link in node.chain.links))
        if node.wait.joins is not None:
            yield self._joined(node) + self._time(node)
        elif node.wait.kind == "executor":
            yield from self._thread(node)
        else:
            yield words_for(node.wait) + self._time(node)
        yield from self._company(node)

    def _joined(self, node: Node) -> str:
        """Tell which tasks one waits for; those that lie right below it are counted only, unless it is one."""
        how = "" if node.wait.joins == "await" else f" ({node.wait.joins})"
        if not node.awaits:
            target = node.wait.future
            return f"waits for {_named(target)}{how}"
        if len(node.awaits) == 1:
            return f"waits for {self._relation(node, node.awaits[0])}{how}"
        elsewhere = [self._relation(node, other) for other in node.awaits if other.above is not node]
        more = f"; among them {names(elsewhere)}" if elsewhere else ""
        return f"waits for {len(node.awaits)} tasks{how}{more}"

    def _relation(self, node: Node, other: Node) -> str:
        if other is node:
            return "itself"
        return f"{_called(other)}, which waits for it" if other.is_above(node) else _called(other)

    def _thread(self, node: Node) -> Iterator[str]:
        worker = stacks.worker_of(node.wait.on)
        if worker is None:
            yield words_for(node.wait) + self._time(node)
            return
        name, frames = worker
        yield f"waits for thread {short(name)}{self._time(node)}"
        yield from (f"  {row}" for row in rows_of(frames))

    def _time(self, node: Node) -> str:
        """Tell how long a wait can still take, where something limits it."""
        if node.wait.kind in ("running", "ready", "new", "unread"):
            return ""
        timer, limit = timer_of(node.chain), limit_of(node.chain)
        text = "" if timer is None else f", {time_left(timer, self._now)}"
        return text if limit is None else f"{text}, timeout: {time_left(limit, self._now)}"

    def _company(self, node: Node) -> Iterator[str]:
        """Tell which task holds what is waited for, and who else waits there."""
        thing = node.wait.on
        if thing is None or node.wait.joins is not None:
            return
        if node.wait.exclusive:
            holders = [f"{_called(holder)} at {where}" for holder, where in self._held().get(id(thing), ())]
            yield from [f"held by {names(holders)}"] if holders else []
        there = self._at[id(thing)]
        if len(there) > 1:
            others = [short(other.name) for other in there[: MOST_NAMES + 1] if other is not node]
            yield f"also waiting there: {names(others, count=len(there) - 1)}"

    def _held(self) -> dict[int, list[tuple[Node, str]]]:
        """Return, by the id of a lock, who is within its `async with` block, and where that stands now."""
        if self._holders is None:
            self._holders = {}
            for node in self._forest.nodes:
                links = node.chain.links
                makers = [link.maker for link in links]
                entered = [
                    (_lock_of(one), link.frame) for link in links for one in entered_by(link.maker, besides=makers)
                ]
                waits_at = [index for index, (lock, _) in enumerate(entered) if lock is _lock_of(node.wait.on)]
                if waits_at:
                    del entered[waits_at[-1]]  # the one that it is about to enter
                for lock, frame in entered:
                    where = f"{place(frame.f_code.co_filename, frame.f_lineno)} in {function_of(frame)}"
                    self._holders.setdefault(id(lock), []).append((node, where))
        return self._holders


def _push(todo: list[tuple[Node, int] | str], nodes: Iterable[Node], depth: int) -> None:
    """Put nodes on a stack of what is to be shown; of those that are alike the first, and how many more there are."""
    for group in reversed(alike(nodes)):
        if len(group) > 1:
            last = f" ... {short(group[-1].name)}" if len(group) > 2 else ""
            todo.append(f"{_indent(depth)}x {len(group) - 1} more like it: {short(group[1].name)}{last}")
        todo.append((group[0], depth))


def _indent(depth: int) -> str:
    return "  " * min(depth, DEEPEST)


def _called(node: Node) -> str:
    return f"task {short(node.name)}"


def _named(target: object) -> str:
    return f"task {short(target.get_name())}" if isinstance(target, asyncio.Task) else short(target)


def _lock_of(thing: object) -> object:
    """Return the lock of a condition; anything else is what it is."""
    return getattr(thing, "_lock", thing) if isinstance(thing, asyncio.Condition) else thing
