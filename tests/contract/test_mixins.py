"""Point 25: hooks that mixins and other bases bring, before and behind the base class."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc, attr-defined"

import asyncio
import unittest
from typing import Any
from unittest import mock

from .differential import ContractTest, differential
from .recording import Base, Events, both_ways, suite_events


def suite_of(test_class: type[Any]) -> dict[str, Events]:
    """Return the events of a suite of the class, run and debugged."""
    return {"run": suite_events(test_class), "debug": suite_events(test_class, debug=True)}


class Behind(ContractTest):
    """Test cases that are listed after the base class, which their hooks need not call."""

    @differential(25)
    def test_plain_hooks_behind_the_base(self, base: Base) -> object:
        """Point 25: setUpClass, setUp, tearDown, tearDownClass and doClassCleanups of a TestCase mixin, in order."""
        noted: Events = []

        class Mixin(unittest.TestCase):
            @classmethod
            def setUpClass(cls) -> None:
                noted.append("setUpClass")
                super().setUpClass()
                cls.addClassCleanup(noted.append, "class cleanup")

            def setUp(self) -> None:
                noted.append("setUp")
                super().setUp()

            def tearDown(self) -> None:
                super().tearDown()
                noted.append("tearDown")

            @classmethod
            def tearDownClass(cls) -> None:
                super().tearDownClass()
                noted.append("tearDownClass")

            @classmethod
            def doClassCleanups(cls) -> None:
                noted.append("doClassCleanups")
                super().doClassCleanups()

        class T(base, Mixin):
            events = noted

            async def test(self) -> None:
                noted.append("test")

        return suite_of(T)

    @differential(25)
    def test_hooks_on_both_sides_of_the_base(self, base: Base) -> object:
        """Point 25: the class's own hooks call super(), and reach those behind the base, through run() and debug()."""
        noted: Events = []

        class Mixin(unittest.TestCase):
            @classmethod
            def setUpClass(cls) -> None:
                noted.append("mixin setUpClass")

            def setUp(self) -> None:
                noted.append("mixin setUp")

            def tearDown(self) -> None:
                noted.append("mixin tearDown")

            @classmethod
            def tearDownClass(cls) -> None:
                noted.append("mixin tearDownClass")

        class T(base, Mixin):
            events = noted

            @classmethod
            def setUpClass(cls) -> None:
                super().setUpClass()
                noted.append("setUpClass")

            def setUp(self) -> None:
                super().setUp()
                noted.append("setUp")

            async def asyncSetUp(self) -> None:
                await super().asyncSetUp()
                noted.append("asyncSetUp")

            async def test(self) -> None:
                noted.append("test")

            async def asyncTearDown(self) -> None:
                noted.append("asyncTearDown")
                await super().asyncTearDown()

            def tearDown(self) -> None:
                noted.append("tearDown")
                super().tearDown()

            @classmethod
            def tearDownClass(cls) -> None:
                noted.append("tearDownClass")
                super().tearDownClass()

        return suite_of(T)

    @differential(25)
    def test_an_async_case_behind_the_base(self, base: Base) -> object:
        """Point 25: asyncSetUp and asyncTearDown of a stock helper that is listed after the base."""

        def make(events: Events) -> unittest.TestCase:
            class Helper(unittest.IsolatedAsyncioTestCase):
                async def asyncSetUp(self) -> None:
                    await super().asyncSetUp()
                    await asyncio.sleep(0)
                    events.append("helper asyncSetUp")

                async def asyncTearDown(self) -> None:
                    await asyncio.sleep(0)
                    events.append("helper asyncTearDown")
                    await super().asyncTearDown()

            class T(base, Helper):
                async def test(self) -> None:
                    events.append("test")

            return T("test")

        # The stock class cannot stand before a class that derives from it.
        if base is unittest.IsolatedAsyncioTestCase:

            def make_stock(events: Events) -> unittest.TestCase:
                class T(base):
                    async def asyncSetUp(self) -> None:
                        await asyncio.sleep(0)
                        events.append("helper asyncSetUp")

                    async def test(self) -> None:
                        events.append("test")

                    async def asyncTearDown(self) -> None:
                        await asyncio.sleep(0)
                        events.append("helper asyncTearDown")

                return T("test")

            return both_ways(make_stock)
        return both_ways(make)

    @differential(25)
    def test_failing_hooks_behind_the_base(self, base: Base) -> object:
        """Point 25: a set-up or tear-down behind the base that fails is told as its own."""

        def make(failing: str, noted: Events) -> type[Any]:
            def step(name: str) -> None:
                noted.append(name)
                if name == failing:
                    raise ValueError(name)

            class Mixin(unittest.TestCase):
                @classmethod
                def setUpClass(cls) -> None:
                    step("setUpClass")

                def setUp(self) -> None:
                    step("setUp")

                def tearDown(self) -> None:
                    step("tearDown")

                @classmethod
                def tearDownClass(cls) -> None:
                    step("tearDownClass")

            class T(base, Mixin):
                events = noted

                async def test(self) -> None:
                    step("test")

            return T

        hooks = ("setUpClass", "setUp", "tearDown", "tearDownClass")
        return {failing: suite_events(make(failing, [])) for failing in hooks}


class Before(ContractTest):
    """Class hooks of mixins before the base class."""

    @differential(25)
    def test_class_hooks_in_a_diamond(self, base: Base) -> object:
        """Point 25: a mixin that a second one derives from, and that stands behind both: each hook runs once."""
        noted: Events = []

        class Mixin:
            @classmethod
            def setUpClass(cls) -> None:
                noted.append("Mixin setUpClass")
                super().setUpClass()

            @classmethod
            def tearDownClass(cls) -> None:
                super().tearDownClass()
                noted.append("Mixin tearDownClass")

        class A(Mixin, base):
            pass

        class Second(Mixin):
            @classmethod
            def setUpClass(cls) -> None:
                noted.append("Second setUpClass")
                super().setUpClass()

            @classmethod
            def tearDownClass(cls) -> None:
                super().tearDownClass()
                noted.append("Second tearDownClass")

        class T(A, Second):
            events = noted

            async def test(self) -> None:
                noted.append("test")

        return suite_of(T)

    @differential(25)
    def test_a_mixin_that_is_patched_later(self, base: Base) -> object:
        """Point 25: a class hook that is patched on the mixin after the class statement is the one that runs."""
        noted: Events = []

        class Mixin:
            @classmethod
            def setUpClass(cls) -> None:
                noted.append("as written")

        class T(Mixin, base):
            events = noted

            async def test(self) -> None:
                noted.append("test")

        def patched(cls: type) -> None:
            noted.append("patched")

        with mock.patch.object(Mixin, "setUpClass", classmethod(patched)):
            inside = suite_events(T)
        return [inside, suite_events(T)]
