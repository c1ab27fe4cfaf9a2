"""A connector that ends its process whenever it is asked for anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontobro.testing.faults import kill_this_process


class Deadly:
    """Not even a connector: nothing of it is ever reached alive."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options

    def __getattr__(self, name: str) -> Any:
        kill_this_process()
        raise AttributeError(name)
