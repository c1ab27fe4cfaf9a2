"""What both modules are tested with: a file that says what Pleo's documents leave open, a Pleo that answers so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

from pleo_sandbox.server import DemoSandbox
from tests.support.pleo_company import a_line, an_item

SOME: Final = 3
"""Expenses of the small export, more than HEEDED lets an update have."""

HEEDED: Final[Mapping[str, object]] = {"job_key": "exportJobId", "update_batch": 2}
"""Without the first no job is started, without the second no result of several is taken."""

FILE: Final = r"(?s)kontobro/pleo\.toml"
BROKEN: Final[Mapping[str, str]] = {
    '[sandbox\njob_key = "exportJobId"': FILE + r" in the data folder can't be read: .*line 1.*Correct the file",
    '[sandbx]\njob_key = "exportJobId"': FILE + r" .*: sandbx is not an environment of Pleo.*Correct that line",
    "[sandbox]\nnonsense = true": FILE + r" \[sandbox\]: nonsense is not a known switch\. Known: tag_scope",
    '[sandbox]\nupdate_batch = "2"': FILE + r" \[sandbox\]: update_batch can't be 2\. Known: 100, 10.*Correct",
}
"""Content and what is told of it: the file, the place in it, what to do."""


LEFT: Final = "Kontobro is disconnected, but Pleo refused the API key, so the integration may still be there"
"""What is told of a login that had ended before the connection."""


def write_answers(data: Path, answers: str | Mapping[str, object]) -> None:
    """Put the file where the module looks for it, below the accounting system's own data folder."""
    if not isinstance(answers, str):
        lines = (f"{name} = {answer!r}" for name, answer in answers.items())
        answers = "\n".join(["[sandbox]", *lines])
    (data / "kontobro").mkdir(exist_ok=True)
    (data / "kontobro" / "pleo.toml").write_text(answers + "\n")


def a_few(sandbox: DemoSandbox, account: str, wallet: str) -> None:
    """An export of a few purchases on accounts that the accounting system has of its own: all
    that the demo names takes long to make."""
    codes = {"account": account, "wallet": wallet}
    known = {name: {"id": str(uuid4()), "name": name, "code": code, "identifier": None} for name, code in codes.items()}
    company = {"companyId": sandbox.company_id, "contraAccount": known["wallet"]}
    items = [an_item(number, accountingEntryLines=[a_line(10_000, account=known["account"])]) for number in range(SOME)]
    ids = [sandbox.add_expense(sandbox.company_id, item | company) for item in items]
    sandbox.press_export(sandbox.company_id, ids)
