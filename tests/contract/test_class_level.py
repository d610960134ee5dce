"""Points 24 and 25: class and module fixtures, loading, and the names of tests."""

# Test classes are built on a parameter, which mypy cannot take for a base class.
# mypy: disable-error-code="valid-type, misc"

import contextlib
import sys
import types
import unittest
from collections.abc import Iterator
from unittest import mock

from .differential import ContractTest, differential
from .recording import Base, Events, RecordingResult, noting, suite_events


class Fatal(BaseException):
    """An exception that is no ``Exception``."""


def class_with_fixtures(base: Base, failing: str, kind: type[BaseException]) -> type[unittest.TestCase]:
    """Build a class whose class-level step *failing* raises."""

    class T(base):
        events: Events = []

        @classmethod
        def reach(cls, step: str) -> None:
            cls.events.append(step)
            if step == failing:
                raise kind(step)

        @classmethod
        def setUpClass(cls) -> None:
            cls.addClassCleanup(cls.reach, "first class cleanup")
            cls.addClassCleanup(cls.reach, "class cleanup")
            cls.reach("setUpClass")

        @classmethod
        def tearDownClass(cls) -> None:
            cls.reach("tearDownClass")

        async def test_a(self) -> None:
            self.events.append("a")

        async def test_b(self) -> None:
            self.events.append("b")

    assert issubclass(T, unittest.TestCase)
    return T


class ClassFixtures(ContractTest):
    """Point 25: classes."""

    @differential(25)
    def test_class_fixtures_and_their_failures(self, base: Base) -> object:
        """Point 25: setUpClass, tearDownClass and class cleanups, passing, failing, skipping; run and debug."""
        kinds = (ValueError, unittest.SkipTest, Fatal)
        steps = ("none", "setUpClass", "tearDownClass", "class cleanup")
        return {
            f"{step} {kind.__name__}": [
                suite_events(class_with_fixtures(base, step, kind)),
                suite_events(class_with_fixtures(base, step, kind), debug=True),
            ]
            for step in steps
            for kind in kinds
        }

    @differential(25)
    def test_class_fixtures_need_no_super(self, base: Base) -> object:
        """Point 25: fixtures that skip ``super()``, in a class and in its subclass."""

        class Parent(base):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                cls.events.append("Parent.setUpClass")

            async def test(self) -> None:
                self.events.append("test")

        class Child(Parent):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                cls.events.append("Child.setUpClass")

            @classmethod
            def tearDownClass(cls) -> None:
                cls.events.append("Child.tearDownClass")

        class Polite(Parent):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                super().setUpClass()
                cls.events.append("Polite.setUpClass")

            @classmethod
            def tearDownClass(cls) -> None:
                cls.events.append("Polite.tearDownClass")
                super().tearDownClass()

        return [suite_events(Parent), suite_events(Child), suite_events(Polite)]

    @differential(25)
    def test_class_context_managers(self, base: Base) -> object:
        """Point 25: ``enterClassContext`` returns the value and leaves after tearDownClass."""

        class T(base):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                cls.events.append(cls.enterClassContext(manager()))

            async def test(self) -> None:
                self.events.append("test")

            @classmethod
            def tearDownClass(cls) -> None:
                cls.events.append("tearDownClass")

        @contextlib.contextmanager
        def manager() -> Iterator[str]:
            yield "entered"
            T.events.append("left")

        return suite_events(T)

    @differential(25)
    def test_class_cleanups_by_hand(self, base: Base) -> object:
        """Point 25: ``doClassCleanups()`` collects Exceptions in ``tearDown_exceptions`` and lets others out."""

        class T(base):
            async def test(self) -> None:
                pass

        def fail(kind: type[BaseException]) -> None:
            raise kind("cleanup")

        events: Events = []
        T.addClassCleanup(events.append, "first")
        T.addClassCleanup(fail, ValueError)
        T.addClassCleanup(events.append, "second")
        T.doClassCleanups()
        collected = [error for _, error, _ in T.tearDown_exceptions]
        T.addClassCleanup(events.append, "third")
        T.addClassCleanup(fail, Fatal)
        with noting(events, "doClassCleanups()"):
            T.doClassCleanups()
        T.doClassCleanups()
        return [events, collected, len(T._class_cleanups)]

    @differential(25, 13)
    def test_class_fixtures_of_a_skipped_class(self, base: Base) -> object:
        """Points 13 and 25: none of them run for a skipped class."""

        class T(base):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                cls.events.append("setUpClass")

            async def test(self) -> None:
                self.events.append("test")

        return [suite_events(unittest.skip("whole class")(T)), suite_events(T, debug=True)]

    @differential(25)
    def test_classes_that_take_turns(self, base: Base) -> object:
        """Point 25: a suite that mixes two classes sets each up again when it comes back."""

        class One(base):
            events: Events = []

            @classmethod
            def setUpClass(cls) -> None:
                One.events.append(f"{cls.__name__} up")

            @classmethod
            def tearDownClass(cls) -> None:
                One.events.append(f"{cls.__name__} down")

            async def test(self) -> None:
                One.events.append(type(self).__name__)

        class Two(One):
            pass

        unittest.TestSuite([One("test"), Two("test"), One("test")]).run(unittest.TestResult())
        return One.events


class Modules(ContractTest):
    """Points 24 and 25: modules and the loader."""

    @differential(25)
    def test_module_fixtures(self, base: Base) -> object:
        """Point 25: setUpModule, tearDownModule, module cleanups and ``enterModuleContext``."""

        @contextlib.contextmanager
        def manager() -> Iterator[str]:
            yield "module context entered"
            events.append("module context left")

        def set_up() -> None:
            events.append("setUpModule")
            unittest.addModuleCleanup(events.append, "module cleanup")
            events.append(unittest.enterModuleContext(manager()))

        class T(base):
            async def test(self) -> None:
                events.append("test")

        events: Events = []
        module = types.ModuleType("module_of_the_contract")
        T.__module__ = module.__name__
        setattr(module, "setUpModule", set_up)
        setattr(module, "tearDownModule", lambda: events.append("tearDownModule"))
        with mock.patch.dict(sys.modules, {module.__name__: module}):
            unittest.defaultTestLoader.loadTestsFromTestCase(T).run(RecordingResult(events))
            setattr(module, "setUpModule", lambda: 1 / 0)
            unittest.defaultTestLoader.loadTestsFromTestCase(T).run(RecordingResult(events))
        return events

    @differential(24)
    def test_loading_by_name(self, base: Base) -> object:
        """Point 24: ``module.Class.method`` and the ids of what a module holds load again; ``load_tests`` is asked."""

        class T(base):
            async def test_a(self) -> None:
                pass

            def test_b(self) -> None:
                pass

            async def helper(self) -> None:
                pass

        class Child(T):
            async def test_c(self) -> None:
                pass

        module = types.ModuleType("module_of_the_contract")
        for test_class in (T, Child):
            test_class.__module__, test_class.__qualname__ = module.__name__, test_class.__name__
            setattr(module, test_class.__name__, test_class)
        # What ``from ... import`` of the base leaves in a test module must not add tests to it.
        setattr(module, base.__name__, base)
        loader = unittest.TestLoader()
        with mock.patch.dict(sys.modules, {module.__name__: module}):
            ids = _ids(loader.loadTestsFromModule(module))
            prefix = f"{module.__name__}."
            again = [_ids(loader.loadTestsFromName(name.removeprefix(prefix), module)) for name in ids]
            loader.testNamePatterns = ["*T.test_*"]
            filtered = _ids(loader.loadTestsFromModule(module))
            setattr(module, "load_tests", lambda loader, tests, pattern: unittest.TestSuite([T("helper")]))
            chosen = _ids(loader.loadTestsFromModule(module))
        return [ids, again, filtered, chosen, loader.getTestCaseNames(T)]

    @differential(24)
    def test_the_base_itself_has_no_tests(self, base: Base) -> object:
        """Point 24: nothing on the base class is taken for a test."""
        loader = unittest.TestLoader()
        return [list(loader.getTestCaseNames(base)), _ids(loader.loadTestsFromTestCase(base))]


def _ids(tests: unittest.TestSuite | unittest.TestCase) -> list[str]:
    if isinstance(tests, unittest.TestCase):
        return [f"{tests.id()}"]
    return [name for test in tests for name in _ids(test)]
