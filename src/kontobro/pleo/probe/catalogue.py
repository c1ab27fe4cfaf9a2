"""The questions: what is open, where Pleo's documents say so, how it is asked, what each answer means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from kontobro.core.dialect import SWITCHES, spelled_answer

Needs = Literal["read", "write", "job", "ends", "watch", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `answers`: answer → what it means. `switch`: which one the answer sets, if any."""

    key: str
    question: str
    source: str
    asked: str
    needs: Needs
    answers: Mapping[str, str] = field(default_factory=dict)
    switch: str = ""
    named: bool = False

    def setting(self, answer: str) -> object:
        """What the answer sets the switch to."""
        return next(value for value in SWITCHES[self.switch] if spelled_answer(value) == answer)


@cache
def questions() -> tuple[Question, ...]:
    """All of them, in the order in which they are asked."""
    read: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))
    return tuple(Question(key=key, **facts) for key, facts in read.items())
