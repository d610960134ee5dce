"""Loop factories that are methods or properties: what they are called on, and which loops are of one kind."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from asynctestkit import AsyncTestCase
from tests.cases import Factory, case_of
from tests.outcomes import BothWays, Events, mask, run_class, suite_events


class Maker:
    """Makes loops by a method, and keeps them."""

    def __init__(self) -> None:
        self.factory = Factory()

    def make(self) -> asyncio.AbstractEventLoop:
        """Make a loop."""
        return self.factory()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Maker)  # equal makers are not one maker

    __hash__ = None  # type: ignore[assignment]  # as objects with == are


class KindsTest(unittest.TestCase):
    """Which loops of a module are shared."""

    def test_method_of_two_objects(self) -> None:
        """One method of two objects makes two kinds of loops, one loop each for the module."""
        makers = Maker(), Maker()
        classes = [case_of(loop_scope="module", loop_factory=staticmethod(maker.make)) for maker in makers]
        self.assertEqual(run_class(*classes, *classes, runner=True), ["ok"])
        self.assertEqual([len(maker.factory.made) for maker in makers], [1, 1])

    def test_method_of_one_object(self) -> None:
        """One method of one object, looked up anew by each class, makes one kind."""
        maker = Maker()
        classes = [case_of(loop_scope="module", loop_factory=staticmethod(maker.make)) for _ in range(2)]
        self.assertEqual(run_class(*classes, runner=True), ["ok"])
        self.assertEqual(len(maker.factory.made), 1)

    def test_method_of_the_case(self) -> None:
        """A method that takes self is bound to each instance, and makes one kind for all of them."""
        made: list[asyncio.AbstractEventLoop] = []
        called_on: list[type] = []

        class Case(AsyncTestCase):
            loop_scope = "class"

            def loop_factory(self) -> asyncio.AbstractEventLoop:
                called_on.append(type(self))
                made.append(asyncio.new_event_loop())
                return made[-1]

            async def test_a(self) -> None:
                self.assertIs(asyncio.get_running_loop(), made[0])

            async def test_b(self) -> None:
                self.assertIs(asyncio.get_running_loop(), made[0])

        self.assertEqual(run_class(Case), ["ok"])
        self.assertEqual((len(made), called_on), (1, [Case]))


class PropertyTest(BothWays):
    """A factory that is a property."""

    def test_gives_a_factory(self) -> None:
        """What it gives makes the loop of its instance."""

        def make(events: Events) -> type[unittest.TestCase]:
            class Case(AsyncTestCase):
                factory = Factory()

                @property
                def loop_factory(self) -> Any:
                    return self.factory

                async def test(self) -> None:
                    events.append(f"its loop: {[asyncio.get_running_loop()] == self.factory.made}")

            return Case

        self.assert_events(make, "its loop: True", "passed")

    def test_class_hooks(self) -> None:
        """It makes the loop of the class as well."""
        factory = Factory()

        class Case(AsyncTestCase):
            @property
            def loop_factory(self) -> Any:
                return factory

            @classmethod
            async def asyncSetUpClass(cls) -> None:
                pass

            async def test(self) -> None:
                self.assertEqual(factory.made, [self.loop])

        self.assertEqual(suite_events(Case, events=[]), ["passed"])

    def test_none(self) -> None:
        """None is asyncio's own loop."""
        self.assertEqual(run_class(case_of(loop_factory=property(lambda self: None))), ["ok"])

    def test_wrong_value(self) -> None:
        """What cannot be a factory is the test's error, with the words of the class statement."""
        case = case_of(loop_factory=property(lambda self: "uvloop"))
        result = unittest.TestResult()
        case("test").run(result)
        ((_, text),) = result.errors
        self.assertEqual(
            mask(text).partition("asynctestkit.")[2],
            "UsageError: loop_factory must be a plain callable that returns a new event loop, not 'uvloop'\n"
            "  where  tests.cases.Case\n"
            "  fix:   write loop_factory = uvloop.new_event_loop (the function itself, not a call of it)\n",
        )


if __name__ == "__main__":
    unittest.main()
