"""An accounting system that someone else wrote a connector for: it wants one secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from kontobro.core.errors import LoginFailed
from kontobro.testing.connector.memory import CAPABILITIES, MemoryConnector


def from_options(options: Mapping[str, str], secrets: Callable[[str], str | None]) -> MemoryConnector:
    if secrets("token") != "open sesame":
        raise LoginFailed("The token is refused.", "Give the right one.")
    lacks = frozenset(filter(None, options.get("not_kept", "").split(",")))
    return MemoryConnector(capabilities=replace(CAPABILITIES, not_kept=lacks))
