"""Whose a loop is: kept on the loop, so that it is known as long as anything holds the loop, at next to no cost.

Who opens a loop, or shares it, says so here. A loop of which nobody has said anything is none of ours: one of
`asyncio.run`, of a runner that the suite brings, of a thread.
"""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple


class Owner(NamedTuple):
    """Whose a loop is.

    Attributes:
        label: What reports call the owner: `test package.module.Class.test_name`, `class Class`.
        width: How wide its scope is, as numbers compare; 1 is a test.
        module: The module of a test, empty for others.
        group: The class of a test, empty for others.
    """

    label: str
    width: int
    module: str = ""
    group: str = ""


def own(loop: Any, label: str, width: int, module: str = "", group: str = "") -> None:
    """Say whose a loop is, in place of what was said before; see `Owner`. It is done for every test."""
    try:
        loop._atk_owner = (label, width, module, group)
    except AttributeError:  # a class of loops may allow no attributes
        return


def owner_of(loop: Any) -> Owner | None:
    """Return whose a loop is, None where it is none of ours."""
    found = getattr(loop, "_atk_owner", None)
    return Owner(*found) if isinstance(found, tuple) else None


def explain(error: BaseException, loop: Any, user: Any = None) -> None:
    """Add to the errors of objects that are used on another loop than theirs whose loops those are, and the fix.

    Args:
        error: Why something has failed; what stands behind it, and in it if it is a group, is looked at, too.
        loop: What it ran on; None where that is not known.
        user: What ran, as an `affinity.User`; None where nobody can tell more.
    """
    from asynctestkit.report import affinity  # no test that passes needs it

    with contextlib.suppress(Exception):  # whatever objects of the user's do while they are looked at
        affinity.explain(error, loop, user)
