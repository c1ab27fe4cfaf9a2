"""What a look at a connection, the installation or the data folder finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kontobro.core.errors import KontobroError

Verdict = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `message` with numbers; `remedy` where there is something to do; `fault` when it was one
    side's answer."""

    subject: str
    verdict: Verdict
    message: str
    remedy: str = ""
    fault: KontobroError | None = None

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
