"""Answers that were recorded elsewhere, as shapes: made into answers again, with values of our own.

A recording (`kontobro probe --record`) has no value of Pleo's: kinds of values by path. What is made of it has one
entry a list, and is the same each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pleo_sandbox.model import Json

Shape = Mapping[str, list[str]]

# The first of these that a field was seen as is what it becomes: words and values tell more than their absence.
_VALUES: tuple[tuple[str, object], ...] = (
    ("object", {}),
    ("list", []),
    ("id", "5f0b3c4e-6c0a-4c53-9d0e-6f1f6e0d2a11"),
    ("instant", "2026-10-05T11:22:33Z"),
    ("instant without zone", "2026-10-05T11:22:33"),
    ("day", "2026-10-05"),
    ("address", "https://app.example.com/recorded"),
    ("urn", "urn:pleo:company:5f0b3c4e-6c0a-4c53-9d0e-6f1f6e0d2a11"),
    ("currency", "DKK"),
    ("text", "recorded"),
    ("positive whole number", 3600),
    ("negative whole number", -3600),
    ("positive fraction", 0.25),
    ("negative fraction", -0.25),
    ("zero whole number", 0),
    ("zero fraction", 0),
    ("true", True),
    ("false", False),
    ("blank", ""),
    ("empty list", []),
    ("null", None),
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One answer. `call` as operations are called, with `{id}` for every id in its path."""

    call: str
    status: int
    seen: Shape

    def body(self, company_id: str | None) -> Any:
        """An answer of this shape; companies are the caller's own, so that it looks at them."""
        return _made(self.seen, "", company_id)


def plain_call(name: str) -> str:
    """`GET /v3/export-jobs/{jobId}` as recordings have it."""
    return re.sub(r"\{\w+\}", "{id}", name)


def recorded_of(recording: Json) -> list[Recorded]:
    """The successes of a recording. Raises ValueError for one of another format."""
    if recording.get("format") != 1:
        raise ValueError("a recording has the format 1")
    return [
        Recorded(one["call"], one["status"], one["seen"])
        for one in recording["exchanges"]
        if 200 <= one["status"] < 300 and one["seen"]
    ]


def _made(seen: Shape, path: str, company_id: str | None) -> Any:
    value = _value(seen.get(path, ["null"]))
    if value == []:
        return [_made(seen, f"{path}[]", company_id)] if f"{path}[]" in seen else []
    if value == {}:
        return {name: _made(seen, below, company_id) for name, below in _names(seen, path)}
    if path.rpartition(".")[2] == "companyId" and company_id and value:
        return company_id
    if path == "pagination.hasNextPage":
        return False  # there is one page of each
    return 1 if path == "pagination.total" else value


def _names(seen: Shape, path: str) -> list[tuple[str, str]]:
    prefix = f"{path}." if path else ""
    below = [each for each in seen if each and each.startswith(prefix)]
    names = {each.removeprefix(prefix).split(".")[0].partition("[")[0] for each in below}
    return [(name, f"{prefix}{name}") for name in sorted(names - {"", "?"})]


def _value(kinds: list[str]) -> object:
    words = [kind.strip('"') for kind in kinds if kind.startswith('"')]
    if words:
        return words[0]
    return next((value for kind, value in _VALUES if kind in kinds), None)
