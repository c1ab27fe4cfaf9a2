"""A connector with a bug."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn


def connector(options: Mapping[str, str]) -> NoReturn:
    raise ZeroDivisionError("a secret")
