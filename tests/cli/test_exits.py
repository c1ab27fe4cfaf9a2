"""Exit codes: documented, and what each fault and each job's end comes to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kontobro.cli.common.exits import MEANINGS, Exit, epilog, exit_of, exit_of_result
from kontobro.core import errors
from kontobro.export.engine import JobResult
from tests.cli.fakes import Bench

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


def test_the_page_says_what_the_code_does() -> None:
    rows = re.findall(r"^\| (\d) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(str(code.value), meaning) for code, meaning in MEANINGS.items()]
    assert set(MEANINGS) == set(Exit)


def test_the_help_ends_with_the_codes(bench: Bench) -> None:
    shown = " ".join(bench.run("--help").stdout.split())
    assert " ".join(epilog().split()) in shown


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.LoginFailed("x"), Exit.NEEDS_FIX),
        (errors.NotAllowed("x"), Exit.NEEDS_FIX),
        (errors.Misconfigured("x"), Exit.NEEDS_FIX),
        (errors.Unreachable("x"), Exit.UNREACHABLE),
        (errors.Timeout("x"), Exit.UNREACHABLE),
        (errors.RateLimited("x"), Exit.UNREACHABLE),
        (errors.Busy("x"), Exit.BUSY),
        (errors.Uncertain("x"), Exit.UNFINISHED),
        (errors.JobGone("x"), Exit.UNFINISHED),
        (errors.Conflict("x"), Exit.PROBLEMS),
        (errors.TooManyChanges("x"), Exit.DECISION),
        (errors.EmptySource("x"), Exit.DECISION),
        (errors.NotApproved("x"), Exit.DECISION),
        (errors.BadAnswer("x"), Exit.FAULT),
        (errors.ConnectorFault("x"), Exit.FAULT),
        (ValueError(), Exit.FAULT),
    ],
)
def test_each_fault_has_its_code(error: BaseException, code: Exit) -> None:
    assert exit_of(error) is code


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (JobResult(job_id="j", event="completed", booked=3), Exit.OK),
        (JobResult(job_id="j", event="completed_with_errors", booked=3, failed=1), Exit.PROBLEMS),
        (JobResult(job_id="j", event="completed_with_errors", booked=3, uncertain=1), Exit.UNFINISHED),
        (JobResult(job_id="j", event="unfinished"), Exit.UNFINISHED),
        (JobResult(job_id="j", event="failed", failure_type="accounting_system_unreachable"), Exit.UNREACHABLE),
        (JobResult(job_id="j", event="failed", failure_type="accounting_system_timeout"), Exit.UNREACHABLE),
        (JobResult(job_id="j", event="failed", failure_type="authorization_failure"), Exit.NEEDS_FIX),
        (JobResult(job_id="j", event="failed", failed=3, failure_type="validation_failure"), Exit.PROBLEMS),
    ],
)
def test_each_end_of_a_job_has_its_code(result: JobResult, code: Exit) -> None:
    assert exit_of_result(result) is code
