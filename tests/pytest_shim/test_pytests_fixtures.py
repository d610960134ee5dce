"""pytest's own fixtures beside async tests and inside async fixtures."""

from __future__ import annotations

import unittest

from tests.pytest_shim.support import PluginTest, tells_subtests


class PytestsOwnFixturesTest(PluginTest):
    """pytest's fixtures beside an async test, and inside async fixtures."""

    def test_output(self) -> None:
        """capsys and capfd see what async fixtures and tests print; what nobody reads stands in the report."""
        source = """
            import os

            @pytest.fixture
            async def says(capsys):
                print("set up")
                yield capsys
                assert capsys.readouterr().out == "after the test\\n"

            async def test_capsys(says):
                await asyncio.sleep(0)
                print("in the test")
                assert says.readouterr().out == "set up\\nin the test\\n"
                print("after the test")

            async def test_capfd(capfd):
                os.write(1, b"by its number")
                await asyncio.sleep(0)
                assert capfd.readouterr().out == "by its number"

            async def test_disabled(capsys):
                with capsys.disabled():
                    print("seen at once")

            @pytest.fixture
            async def loud():
                print("loud set-up")
                yield
                print("loud tear-down")

            async def test_fails(loud):
                print("loud test")
                assert False
        """
        _, said = self.run_pytest(source)
        self.assertIn("1 failed, 3 passed", said)
        for title, words in (
            ("Captured stdout setup", "loud set-up"),
            ("Captured stdout call", "loud test"),
            ("Captured stdout teardown", "loud tear-down"),
        ):
            with self.subTest(title):
                self.assertRegex(said, rf"-+ {title} -+\n{words}\n")
        self.assertIn("seen at once", said)

    def test_caplog(self) -> None:
        """Records are kept by phase; a level set by an async fixture holds until its tear-down."""
        source = """
            import logging

            logger = logging.getLogger("of the test")

            @pytest.fixture
            async def logs(caplog):
                caplog.set_level(logging.INFO)
                logger.info("set up")
                yield caplog
                logger.info("torn down")
                assert [record.message for record in caplog.get_records("call")] == ["called"]
                assert caplog.messages == ["torn down"]

            async def test_it(logs):
                await asyncio.sleep(0)
                logger.info("called")
                assert [record.message for record in logs.get_records("setup")] == ["set up"]
                assert logs.messages == ["called"]

            async def test_level_is_gone(caplog):
                logger.info("not kept")
                assert caplog.messages == []
        """
        self.assert_pass(source, count=2)

    def test_monkeypatch_and_folders(self) -> None:
        """monkeypatch is undone after async fixtures have closed; tmp_path and its factory are the same for both."""
        source = """
            import os

            @pytest.fixture
            async def patched(monkeypatch, tmp_path):
                monkeypatch.setenv("SET_HERE", "yes")
                monkeypatch.chdir(tmp_path)
                yield tmp_path
                assert os.environ["SET_HERE"] == "yes"

            @pytest.fixture(scope="module")
            async def folder(tmp_path_factory):
                yield tmp_path_factory.mktemp("folder")

            async def test_it(patched, tmp_path, monkeypatch, folder):
                assert patched == tmp_path and os.path.samefile(tmp_path, ".")
                monkeypatch.setattr(asyncio, "sleep", None)
                assert folder.is_dir()

            async def test_gone(folder):
                assert "SET_HERE" not in os.environ
                await asyncio.sleep(0)
                assert folder.is_dir()
        """
        self.assert_pass(source, count=2)

    def test_request(self) -> None:
        """request in an async fixture knows its test, and its finalizers run; recwarn and pytest.warns work."""
        source = """
            import warnings

            events = []

            @pytest.fixture
            async def knows(request):
                request.addfinalizer(lambda: events.append("finalised"))
                yield request.node.name
                events.append("closed")

            async def test_it(knows, request):
                assert knows == request.node.name == "test_it"

            async def test_after(recwarn):
                assert events == ["closed", "finalised"]
                warnings.warn("careful")
                await asyncio.sleep(0)
                assert [str(one.message) for one in recwarn] == ["careful"]

            async def test_raises_and_warns():
                with pytest.raises(TimeoutError), pytest.warns(UserWarning, match="late"):
                    async with asyncio.timeout(0):
                        warnings.warn("late")
                        await asyncio.Event().wait()
        """
        self.assert_pass(source, count=3)

    def test_getfixturevalue(self) -> None:
        """Plain code may ask for any; a running async test for what is open and for plain ones, else it is told why."""
        source = """
            @pytest.fixture
            def plain():
                return 1

            @pytest.fixture
            async def opened():
                yield 2

            @pytest.fixture(scope="module")
            async def wide():
                yield 3

            async def test_open(request, opened, wide):
                values = [request.getfixturevalue(name) for name in ("plain", "opened", "wide")]
                assert values == [1, 2, 3]

            @pytest.mark.parametrize("name", ["opened", "wide"])
            async def test_new(request, name):
                request.getfixturevalue(name)

            @pytest.mark.parametrize("name", ["opened", "wide"])
            def test_plain(request, name):
                assert request.getfixturevalue(name) in (2, 3)

            @pytest.fixture
            def by_name(request):
                return request.getfixturevalue("opened")

            async def test_by_name(by_name):
                assert by_name == 2
        """
        lines = self.outcomes(source, "-k", "not test_new[wide]")
        self.assertEqual(lines[-1], "1 failed, 4 passed, 1 deselected")
        self.assertIn("async fixture 'opened' cannot be opened by getfixturevalue() in a running test", lines[0])
        _, said = self.run_pytest(source, "-k", "test_new and wide")
        self.assertIn("async fixture 'wide' cannot be opened by getfixturevalue() in a running test", said)
        self.assertRegex(said, "fix: +take 'wide' as a parameter")

    @unittest.skipUnless(tells_subtests(), "pytest has no subtests of its own before version 9")
    def test_subtests(self) -> None:
        """The `subtests` fixture reports inside an async test, and inside one that uses an async fixture."""
        source = """
            @pytest.fixture
            async def limit():
                yield 2

            async def test_some(subtests, limit):
                for n in range(3):
                    with subtests.test(n=n):
                        await asyncio.sleep(0)
                        assert n < limit
        """
        self.assertIn("SUBFAILED(n=2) test_some - assert 2 < 2", self.outcomes(source))


if __name__ == "__main__":
    unittest.main()
