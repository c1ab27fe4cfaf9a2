"""A connector whose accounting system takes a call and does not answer, until the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from kontobro.core.errors import Misconfigured

LONGEST = 100
"""Seconds after which a test that fails lets go."""

answers = threading.Event()
asked: list[str] = []


class TarPit:
    """Only `check` is ever called."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options

    def check(self) -> Any:
        asked.append("check")
        answers.wait(LONGEST)
        raise Misconfigured("The tar pit let go.", "Nothing to do.")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)
