"""What the doctor finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `what` with numbers; `remedy` where there is something to do."""

    name: str
    verdict: Verdict
    what: str
    remedy: str = ""


def worst(findings: Sequence[Finding]) -> Verdict:
    """The verdict on all of it."""
    verdicts = {each.verdict for each in findings}
    return "bad" if "bad" in verdicts else "warn" if "warn" in verdicts else "ok"
