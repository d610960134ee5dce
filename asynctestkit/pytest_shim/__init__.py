"""Under pytest: async tests, fixtures and set-up functions on managed loops. Loaded when the first of them is met.

A test item gets a life (`lives`) at its first async need. The order of events is the harness's; pytest still decides
which fixtures there are, when they are set up, in which order they are finalised and how long they are kept.

Rules:

1. Async phases of one test run in one task: its function-scoped async fixtures, its body. Plain code runs outside the
   running loop, called by pytest itself.
2. Context variables: plain code runs in pytest's own context. Before an async phase the test's context takes over what
   has changed there; after it, what the phase has set is set there (`variables`). When a test or a wider fixture
   ends, pytest's context is what it was.
3. An async fixture wider than a test lives in a task of its own, on the shared loop, which tests that use it join.
4. A life is closed after the finalisers of what it opened, before those of anything wider.
"""
