"""The tasks of a loop as a forest: who waits for whom, and which are alike.

Rules:

1. A task lies below the first task that waits for it, or in whose task group it is; what nobody waits for is a root.
   Roots and children come in the order of their names, counted numbers as numbers; roots that run now come first.
2. Each task is placed once. Where tasks wait for one another in a circle the first of them is the root, and the last
   one's wait names it.
3. Tasks are alike if their names differ in numbers only, they stand at the same lines, their waits are of one kind and
   their children are alike. Of neighbours that are alike one is shown. Those that wait for a lock must wait for the
   same one: tasks that hold each other's locks are the ones that somebody looks for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from asynctestkit.report import links
from asynctestkit.report.awaits import Chain, chain_of
from asynctestkit.report.waits import Wait, wait_of

_DIGITS: Final = re.compile(r"(\d+)")


@dataclass(eq=False, slots=True)
class Node:
    """One task."""

    task: asyncio.Task[Any]
    name: str
    chain: Chain
    wait: Wait
    cancelling: int = 0
    """How many requests to cancel it are pending."""
    awaits: list[Node] = field(default_factory=list)
    """The tasks that it waits for."""
    members: list[Node] = field(default_factory=list)
    """The tasks of a group of its own that it does not wait for yet."""
    recorded: list[Node] = field(default_factory=list)
    """The tasks that asyncio has on record as awaited by it, though it waits for something else."""
    below: list[Node] = field(default_factory=list)
    """The tasks that are placed below it."""
    above: Node | None = None
    why: str | None = None
    """Why it is placed where it is, other than that it is waited for."""
    shape: int = 0

    def is_above(self, other: Node) -> bool:
        """Return whether the other task is this one or placed somewhere below it."""
        one: Node | None = other
        while one is not None and one is not self:
            one = one.above
        return one is self


@dataclass(frozen=True, slots=True)
class Forest:
    """All tasks, and those among them that are roots."""

    nodes: tuple[Node, ...]
    roots: tuple[Node, ...]


def forest_of(tasks: Iterable[asyncio.Task[Any]]) -> Forest:
    """Place tasks."""
    nodes = sorted(map(_read, tasks), key=lambda node: (node.wait.kind != "running", _in_order(node.name)))
    children = _connect(nodes)
    roots: list[Node] = []
    placed: set[int] = set()
    # In a circle everyone is a child: whoever is left when all below the roots are placed becomes a root.
    for node in [*(node for node in nodes if id(node) not in children), *nodes]:
        if id(node) not in placed:
            roots.append(node)
            _place(node, placed)
    known: dict[object, int] = {}
    for node in reversed(_outside_in(roots)):
        node.shape = known.setdefault(_shape_of(node), len(known))
    return Forest(tuple(nodes), tuple(roots))


def alike(nodes: Iterable[Node]) -> list[list[Node]]:
    """Return nodes by their shapes, in the order in which each first occurs."""
    groups: dict[int, list[Node]] = {}
    for node in nodes:
        groups.setdefault(node.shape, []).append(node)
    return list(groups.values())


def _read(task: asyncio.Task[Any]) -> Node:
    """Read one task; what cannot be read is told as its wait, so that the others are shown all the same."""
    name, chain = "?", Chain((), None)
    try:
        name = task.get_name()
        chain = chain_of(task.get_coro())
        return Node(task, name, chain, wait_of(task, chain), task.cancelling())
    except Exception as error:
        return Node(task, name, chain, Wait("unread", f"cannot be read: {type(error).__name__}"))


def _in_order(name: str) -> list[Any]:
    """Return a key by which `Task-10` comes after `Task-9`; the digits stay text, as `int` refuses very long ones."""
    parts = (part.lstrip("0") if number % 2 else part for number, part in enumerate(_DIGITS.split(name)))
    return [(len(part), part) if number % 2 else part for number, part in enumerate(parts)]


def _connect(nodes: list[Node]) -> set[int]:
    """Tell each node whom it waits for; return the ids of all that somebody waits for."""
    waiting: dict[int, list[Node]] = {}
    for node in nodes:
        for thing in (node.wait.future, node.wait.on if node.wait.joins is not None else None):
            if thing is not None:
                waiting.setdefault(id(thing), []).append(node)
    of_task = {id(node.task): node for node in nodes}
    children: set[int] = set()
    for child in nodes:
        reached = _reached_from(child.task)
        parents = [node for thing in (child.task, *reached) for node in waiting.get(id(thing), ())]
        owners = [of_task[key] for key in (id(links.parent_of_group(thing)) for thing in reached) if key in of_task]
        for node in dict.fromkeys(parents):
            node.awaits.append(child)
        for node in dict.fromkeys(owners):
            if node not in parents:
                node.members.append(child)
        recorded = [] if parents or owners else links.recorded_awaiters(child.task)
        for node in (of_task[id(task)] for task in recorded if id(task) in of_task):
            node.recorded.append(child)
            owners.append(node)
        if parents or owners:
            children.add(id(child))
    return children


def _reached_from(task: asyncio.Task[Any]) -> list[Any]:
    try:
        return list(links.woken_by(task))
    except Exception:  # a task of another make: it is shown where nobody waits for it
        return []


def _place(root: Node, placed: set[int]) -> None:
    """Place all that is below a root, each where it is met first."""
    placed.add(id(root))
    todo = [root]
    while todo:
        node = todo.pop()
        reasons = ((node.awaits, None), (node.members, "child of a TaskGroup"), (node.recorded, "to be awaited"))
        for child, why in ((child, why) for children, why in reasons for child in children):
            if id(child) not in placed:
                placed.add(id(child))
                child.above, child.why = node, why
                node.below.append(child)
        todo.extend(reversed(node.below))


def _outside_in(roots: list[Node]) -> list[Node]:
    """Return all nodes, each before what is below it."""
    found = list(roots)
    for node in found:
        found.extend(node.below)
    return found


def _shape_of(node: Node) -> tuple[object, ...]:
    return (
        _DIGITS.sub("#", node.name),
        tuple((link.frame.f_code, link.frame.f_lineno) for link in node.chain.links),
        node.wait.kind,
        id(node.wait.on) if node.wait.exclusive else None,
        node.cancelling > 0,
        tuple(child.shape for child in node.below),
        id(node) if node.wait.kind == "running" else None,
    )
