"""What we use of pytest that its documentation does not promise, each behind one guard. Loads nothing else.

Tested with pytest 8.2.2 and 9.2.0. Everything else in the plugin goes through hooks and documented names.

`fixturedef.func`, assigned in `pytest_fixture_setup`
    There is no other way to have pytest call something else than the fixture's function and still handle caching,
    finalisers and generators itself; other plugins do the same. If pytest calls another attribute one day, the fixture
    fails when it is finalised; if there is none, when it is set up.
`fixturedef.finish`
    Closes a fixture, with all that depends on it, before its time: when a scope that it holds open has ended the test,
    or the loop it lives on goes. Without it an async fixture fails when it is set up. With `fixturedef.cached_result`
    set before, it also makes good for one that a hook has refused.
`_xunit_setup_...`
    How the names begin of the fixtures by which pytest calls `setup_method` and its kin; they are taken over where one
    is async. If pytest has no such fixture for a test with an async one, the run ends before any test.
`item.callspec`
    The params of a test. It is everywhere in plugins, and in the documentation only in passing. Without it a test whose
    name shows params fails.
`item._fixtureinfo.argnames`
    What pytest passes to a test function, so that we call it ourselves where nobody else has a hand in that. Without
    it, or with a hook of somebody else's, pytest calls what stands for the function.
`item._fixtureinfo.name2fixturedefs`
    Which names pytest knows, so that an unknown one is told by our own error, which says what was meant, and which
    fixtures outlive a test, whose faults need not wait for them. Without it, pytest reports what it does not know, what
    fixtures gave, with `fixturedef.cached_result`, is missing in notes, and faults are told when all fixtures are over.
`request._parent_request`, `request._fixturedef`
    Which wider plain fixture has asked by name for a wider async one, so that the tests that use the former run on the
    loop of the latter. Without them only the first such test does.
`_pytest.faulthandler`
    Keeps a descriptor that goes to the user where stderr is captured, for what is printed when a test cannot be ended.
    Without it, that may be captured.
`item._explicit_tearDown`
    Under `--pdb`, where pytest keeps the tearDown that it has taken from a test case. Without it such a test fails:
    it would be torn down twice.
`--trace`
    pytest puts a function in the place of each test, which has the debugger as `_pdb` in its closure. Without it an
    async test fails: it would not be run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, NoReturn

import pytest

XUNIT: Final = "_xunit_setup_"


def replace_function(fixturedef: Any, request: Any, make: Callable[[Any], object]) -> None:
    """Have pytest call something else than a fixture's function, this once.

    Args:
        fixturedef: The fixture, which is about to be set up.
        request: The request for it.
        make: Called with the fixture; puts what it makes into the place of `func`, until that is called.
    """
    if not hasattr(fixturedef, "func"):
        _refuse("fixturedef.func", fixturedef.argname)
    make(fixturedef)
    if not request.config.getoption("setupplan", False):  # which calls no fixture
        request.addfinalizer(partial(_require_call, fixturedef, fixturedef.func))


def _require_call(fixturedef: Any, stand_in: object) -> None:
    if fixturedef.func is stand_in:
        result = getattr(fixturedef, "cached_result", None)
        if result is None or result[2] is None:  # else what it depends on has failed
            _refuse("fixturedef.func", fixturedef.argname)


def finisher(fixturedef: Any, request: Any) -> Callable[[], object]:
    """Return what closes a fixture, and what depends on it, when it is called."""
    if not hasattr(fixturedef, "finish"):
        _refuse("fixturedef.finish", fixturedef.argname)
    return partial(fixturedef.finish, request)


def forget_fixture(fixturedef: Any, request: Any, error: BaseException) -> None:
    """Have pytest forget a fixture that was refused before it was set up: it would not set it up for another test."""
    if getattr(fixturedef, "cached_result", None) is None:
        fixturedef.cached_result = (None, None, (error, error.__traceback__))  # else it takes it for finished
    finisher(fixturedef, request)()


def require_xunit(items: Iterable[pytest.Item], collectors: list[pytest.Collector]) -> None:
    """End a run in which async set-up functions would be called and never awaited."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is None or not any(collector in collectors for collector in item.listchain()):
            continue
        if not any(name.startswith(XUNIT) for name in names):
            raise pytest.UsageError(_words("fixtures called _xunit_setup_...", item.nodeid))


def params_of(item: Any) -> dict[str, Any]:
    """Return the values that a test is parametrised with, by name."""
    found: dict[str, Any] | None = getattr(getattr(item, "callspec", None), "params", None)
    if found is None:
        if getattr(item, "originalname", item.name) != item.name:
            _refuse("item.callspec", item.nodeid)
        return {}
    return found


def arguments_of(item: Any) -> dict[str, Any] | None:
    """Return what pytest calls a test function with, by name; None where that cannot be told."""
    names = getattr(getattr(item, "_fixtureinfo", None), "argnames", None)
    if names is None:
        return None
    values: dict[str, Any] = item.funcargs
    return {name: values[name] for name in names}


def calls_nothing_else(item: Any) -> bool:
    """Whether no plugin but pytest's own and ours has a hook that calls test functions; wrappers do not count.

    That of anyio has one, too, which calls nothing but tests that ours leaves alone.
    """
    for hook in item.ihook.pytest_pyfunc_call.get_hookimpls():
        is_wrapper = hook.hookwrapper or getattr(hook, "wrapper", False)
        if not is_wrapper and getattr(hook.plugin, "__name__", "") not in _CALLERS:
            return False
    return True


_CALLERS: Final = ("_pytest.python", "asynctestkit.pytest_plugin", "anyio.pytest_plugin")


def known_to_pytest(item: Any) -> Any:
    """Return the names of the fixtures of pytest that a test asks for; None where that cannot be told."""
    return getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", None)


def askers_of(request: Any) -> list[Any]:
    """Return the fixtures that ask for the one of a request, the nearest first, and that tests may use in its place.

    Those are the wider ones: the next test that uses one of them does not ask again.
    """
    found: list[Any] = []
    while (request := getattr(request, "_parent_request", None)) is not None:
        fixturedef = getattr(request, "_fixturedef", None)
        if fixturedef is not None and fixturedef.scope != "function":
            found.append(fixturedef)
    return found


def gives(fixturedef: Any, found: Sequence[Any] | None) -> bool:
    """Whether a fixture is what its name stands for in a test, or what that overrides and may ask for.

    Args:
        fixturedef: The fixture.
        found: Those of its name that the test can see, the nearest last; None where that cannot be told.
    """
    for one in reversed(found or ()):
        if one is fixturedef:
            return True
        if not {fixturedef.argname, "request"}.intersection(one.argnames):
            return False
    return not found


def values_of(item: Any) -> list[tuple[Any, Any]]:
    """Return the fixtures of pytest that are open for a test, with their values; none where that cannot be told."""
    known = known_to_pytest(item) or {}
    fixturedefs = [fixturedef for found in known.values() for fixturedef in found]
    results = [(fixturedef, getattr(fixturedef, "cached_result", None)) for fixturedef in fixturedefs]
    return [(fixturedef, result[0]) for fixturedef, result in results if result is not None and result[2] is None]


def give_tear_down_back(item: Any, case: Any) -> None:
    """Undo what pytest does with the tearDown of a test case under `--pdb`."""
    if getattr(item, "_explicit_tearDown", None) is not None:
        item._explicit_tearDown = None
        del case.tearDown
    elif "tearDown" in vars(case) and getattr(case.tearDown, "__module__", "").startswith("_pytest"):
        _refuse("item._explicit_tearDown", item.nodeid)


def debugger_of(function: Any, name: str) -> Any:
    """Return the debugger that pytest calls a test with under `--trace`."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    if "_pdb" not in cells or not hasattr(function, "__wrapped__"):
        _refuse("debugger under --trace", name)
    return cells["_pdb"].cell_contents


def _refuse(what: str, name: str) -> NoReturn:
    pytest.fail(_words(what, name), pytrace=False)


def _words(what: str, name: str) -> str:
    from asynctestkit.report.errors import message

    return message(
        f"pytest {pytest.__version__} has no {what} as asynctestkit knows it",
        needed=f"by {name!r}",
        fix="use a version of pytest up to 9.2, or a newer asynctestkit",
    )


def stderr_of(config: pytest.Config) -> int | None:
    """Return the descriptor of stderr as it is outside of pytest's capturing; None where pytest does not tell."""
    with suppress(ImportError, KeyError):
        from _pytest.faulthandler import fault_handler_stderr_fd_key

        return config.stash[fault_handler_stderr_fd_key]
    return None
