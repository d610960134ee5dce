"""What a test has made and something wider keeps: it is handed over to that, and looked at again when that ends.

Rules:

1. On a loop that outlives it, a test leaves nothing behind that a class, a module or a wider fixture keeps (see
   `keepers`). Nor do its sockets and futures that a class or a module has under a name.
2. The class is asked first, when it ends; what something wider than the class keeps is handed on to that. Nothing
   outlives the loop that it lives on, and the end of the session.
3. What is closed by then, or has ended, is no fault, nor is an error that somebody has retrieved. All else is one of
   what ends, and the finding says which test has made it, and what keeps it.
4. An error that reaches nobody but the loop, out of a task that a test has handed over, is told by who has it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from asynctestkit.checks import keepers, resources, tasks
from asynctestkit.checks.policy import Level
from asynctestkit.checks.young import Young
from asynctestkit.report.findings import Finding

if TYPE_CHECKING:
    from asynctestkit.checks.hearing import Hearing

MOST_CONTENTS: Final = 1000
"""How much a list that a class or a module has may hold to be looked into."""
_NOT_THE_USERS: Final = frozenset(("asynctestkit", "builtins", "unittest"))


def of_whom(owner: Hearing | None) -> Hearing | None:
    """Return who is told of what belongs to a test: its own checks, or, when they are over, who has what it left."""
    return owner if owner is None or owner.is_on or owner.heir is None else owner.heir


def with_maker(finding: Finding, maker: Hearing) -> Finding:
    """Return a finding that says which test has made what it is about."""
    return finding._replace(facts=(*finding.facts, ("made in", maker.test)))


def others(things: Iterable[Any], these: Iterable[Any]) -> list[resources.Ref]:
    """Return references to all of some things that are not among these."""
    found = set(map(id, these))
    return [resources.ref_to(one) for one in things if id(one) not in found]


def under_a_name(made: Young, owner: type | None, *, with_futures: bool) -> list[resources.Ref]:
    """Return references to sockets and futures of a test that its class or its module has, and that are not settled."""
    found: list[Any] = [one for one in made.sockets if one.fileno() != -1]
    if with_futures:
        found += [one for one in made.futures if not one.done() or tasks.unseen_error(one) is not None]
    if not found or owner is None:
        return []
    names = names_of(owner)
    return [resources.ref_to(one) for one in found if id(one) in names]


def names_of(owner: type) -> Mapping[int, str]:
    """Return what a class and its module call what they hold, or what is in their lists and the like, by its id."""
    names: dict[int, str] = {}
    module = sys.modules.get(owner.__module__)
    holders: list[tuple[str, Any]] = [] if module is None else [(owner.__module__, module)]
    holders += [(cls.__qualname__, cls) for cls in owner.__mro__[::-1] if not _is_machinery(cls)]
    for title, holder in holders:
        own: dict[str, Any] = dict(vars(holder))
        for name, value in own.items():
            for one in resources.contents(value, most=MOST_CONTENTS):
                names[id(one)] = f"{title}.{name}"
    return names


def _is_machinery(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in _NOT_THE_USERS


class Handed:
    """What one test has handed over.

    Args:
        watch: The checks of the test, which are over.
        opened: The transports and servers that it has opened.
        refs: References to what is handed over, to transports and servers among it.
    """

    __slots__ = ("_opened", "_refs", "watch")

    def __init__(self, watch: Hearing, opened: resources.Opened | None, refs: tuple[resources.Ref, ...]) -> None:
        self.watch = watch
        self._opened = opened
        self._refs = refs

    def things(self) -> list[Any]:
        """Return what there still is of it."""
        return [thing for ref in self._refs if (thing := ref()) is not None]

    def keep_only(self, things: Sequence[Any]) -> None:
        """Forget all but some of it."""
        self._refs = tuple(resources.ref_to(one) for one in things)

    def unkept(self, things: list[Any], cls: type | None, module: str | None) -> list[Any]:
        """Return those that nothing keeps but a class and a module, which end."""
        return keepers.unkept(things, self.watch, besides=cls, within=module)

    def is_left(self, things: list[Any]) -> bool:
        """Whether any of some things may still end, or be closed, in a turn of the loop."""
        return bool(pending_of(things) or self._open_ones(things))

    def left(self, things: list[Any], span: str) -> Iterator[tuple[Finding, Any]]:
        """Give findings of those that are not settled at the end of a span, with what is to be closed, or None."""
        names: Mapping[int, str] = {} if self.watch.owner is None else names_of(self.watch.owner)
        for finding, thing, close in self._found(things, span):
            if self.watch.policy.level_of(finding) is not Level.IGNORE:
                keeper = names.get(id(thing))
                kept = () if keeper is None else (("kept by", f"{keeper} until the end of {span}"),)
                told = with_maker(finding, self.watch)
                yield told._replace(facts=(*told.facts, *kept)), thing if close else None

    def _found(self, things: list[Any], span: str) -> Iterator[tuple[Finding, Any, bool]]:
        for one in things:
            if isinstance(one, asyncio.Future):
                pending = tasks.still_pending([one], span) if isinstance(one, asyncio.Task) else []
                for finding in pending or tasks.failed_unseen([one]):
                    yield finding, one, False
            elif isinstance(one, socket.socket) and one.fileno() != -1:
                yield resources.unclosed_socket(one), one, True
        for found in self._open_ones(things):
            yield found.finding, found.ref(), True

    def _open_ones(self, things: list[Any]) -> list[resources.Left]:
        return [] if self._opened is None else resources.among(self._opened.left(), things)


def pending_of(things: Iterable[Any]) -> set[asyncio.Task[Any]]:
    """Return the tasks among some things that have not ended."""
    return {one for one in things if isinstance(one, asyncio.Task) and not one.done()}
