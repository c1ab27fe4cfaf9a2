"""An accounting system of 100 ms a call that takes one document a call; it counts its calls in a file."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bench import books
from kontobro.testing.connector.memory import CAPABILITIES, MemoryConnector

SECONDS: Final = 0.1
CALLS: Final = frozenset(["check", "read", "validate", "find", "book", "attach", "post", "write", "withdraw"])

_companies: dict[str, MemoryConnector] = {}


class SlowErp:
    """One company of it. `company` names it, `calls` is the file that grows by a byte each call."""

    capabilities = replace(CAPABILITIES, batch_size=1)

    def __init__(self, options: Mapping[str, str]) -> None:
        self._company = _companies.setdefault(options["company"], MemoryConnector(books.CHART, self.capabilities))
        self._calls = options["calls"]

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._company, name)
        if name not in CALLS:
            return method

        def slowly(*args: Any) -> Any:
            _count(self._calls)
            time.sleep(SECONDS)
            return method(*args)

        return slowly


def _count(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b".")
    os.close(descriptor)
