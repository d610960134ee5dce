"""`@pytest.mark.parametrize` with the names of fixtures of ours.

It goes before them, as it does before fixtures of pytest: a test gets the mark's value instead of the fixture's, and so
does every fixture of ours that asks for that name; with `indirect` the fixture is made with the value as its param.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pytest

from asynctestkit.fixtures.definition import Fixture
from asynctestkit.fixtures.graph import Place
from asynctestkit.fixtures.requests import Requests
from asynctestkit.pytest_shim.private import params_of

_LABEL: Final = "@pytest.mark.parametrize"
_NO_VALUE: Final = object()


def marked_names(node: Any) -> dict[str, bool]:
    """Return the names that marks parametrise a test with, and whether each is the param of a fixture."""
    return {name: indirect for mark in node.iter_markers("parametrize") for name, indirect in _names_of(mark)}


def place_of_marks(node: Any, function: Any, requests: Requests) -> tuple[Place, ...]:
    """Return where fixtures find what marks parametrise, before all else; nowhere if that concerns none of ours.

    Args:
        node: The test item; or, while it is about to be made, its definition, which has no values yet.
        function: The test function.
        requests: What it can ask for.
    """
    known = requests.names(function)
    marked = {name: indirect for name, indirect in marked_names(node).items() if name in known}
    if not marked:
        return ()
    values, fixtures = params_of(node), dict[str, Fixture]()
    for name, indirect in marked.items():
        value = values.get(name, _NO_VALUE)
        found = requests.innermost(name, function) if indirect else None
        fixtures[name] = _giving(name, value) if found is None else found.with_param(value)
    return (Place(_LABEL, fixtures, stands_in=True),)


def _giving(name: str, value: object) -> Fixture:
    def give() -> object:
        return value

    return Fixture(give, name=name)


def _names_of(mark: pytest.Mark) -> Iterable[tuple[str, bool]]:
    written: dict[str, Any] = {
        **dict(zip(("argnames", "argvalues", "indirect"), mark.args, strict=False)),
        **mark.kwargs,
    }
    names, indirect = written.get("argnames", ()), written.get("indirect", False)
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",") if name.strip()]
    for name in names:
        yield name, indirect if isinstance(indirect, bool) else name in indirect
