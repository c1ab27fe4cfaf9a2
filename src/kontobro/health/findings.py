"""What a look at a connection, the installation or the data folder finds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kontobro.core.errors import KontobroError
from kontobro.core.words import catalogue, note_in, worded

Verdict = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `message` with numbers; `remedy` where there is something to do: English that says the same
    in every language (`worded`); `fault` when it was one side's answer. `subject` is in English, for programs."""

    subject: str
    verdict: Verdict
    message: str
    remedy: str = ""
    fault: KontobroError | None = None

    def subject_in(self, language: str | None) -> str:
        """What was looked at, in that language; of a setting the setting's name behind it."""
        name, colon, rest = self.subject.partition(":")
        key = "look_" + re.sub(r"\W+", "_", name.casefold())
        return f"{note_in(worded(key), language)}{colon}{rest}" if key in catalogue().phrases else self.subject

    @property
    def good(self) -> bool:
        """A warning is good: it says what would fail, and only if it ever comes."""
        return self.verdict != "bad"

    @property
    def warning(self) -> bool:
        return self.verdict == "warn"


def worst(findings: Sequence[Finding]) -> Verdict:
    """The verdict on all of it."""
    verdicts = {each.verdict for each in findings}
    return "bad" if "bad" in verdicts else "warn" if "warn" in verdicts else "ok"
