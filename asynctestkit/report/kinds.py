"""The kinds of findings: what a policy speaks of, whether there is ever a finding or not."""

from __future__ import annotations

import enum
from typing import Final


class Kind(enum.Enum):
    """The kinds of findings, by the words that users write."""

    PENDING_TASKS = "pending_tasks"
    UNAWAITED = "unawaited"
    UNHANDLED = "unhandled"
    UNCLOSED = "unclosed"
    ASYNC_GENERATORS = "async_generators"
    THREADS = "threads"
    TIMERS = "timers"
    SLOW_CALLBACKS = "slow_callbacks"

    __hash__ = object.__hash__  # that of Enum is written in Python, and each test asks for it several times

    @property
    def anchor(self) -> str:
        """Where the documentation tells more."""
        return f"docs/checks.md#{self.value.replace('_', '-')}"


KINDS: Final = {kind.value: kind for kind in Kind}
"""Kinds by the words that users write."""
