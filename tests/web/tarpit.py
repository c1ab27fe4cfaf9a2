"""A connector whose accounting system takes a call and does not answer, until the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from kontobro.core.errors import Unreachable
from kontobro.core.model.masterdata import Company
from kontobro.net.deadline import seconds_left

LONGEST = 60
"""Seconds after which a test that fails lets go."""

answers = threading.Event()
left: list[float | None] = []
"""Of each call, the seconds within which it had to end."""
opens = threading.Event()
"""Set: what answers late says that all is well."""


class TarPit:
    """Only `check` is ever called."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options

    def check(self) -> Any:
        left.append(seconds_left())
        answers.wait(LONGEST)
        if opens.is_set():
            return Company(id="1", name="Tar", currency="DKK")
        raise Unreachable("The tar pit let go.", "Nothing to do.")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)
