"""Questions that are asked of the job that was named: first what changes nothing, then what ends the job."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kontobro.pleo.http import endpoints
from kontobro.pleo.probe.asker import Answer, NoAnswer
from kontobro.pleo.probe.ground import Found, Ground, good, no_id

REASON: Final = "Asked by kontobro probe."
UNTOUCHED: Final = {"status": "in_progress"}
FAILED: Final = {"status": "failed", "failureReason": REASON, "failureReasonType": "validation_failure"}
LATER: Final = (1, 2, 4, 8)
"""Seconds between looks at a job whose event was accepted."""
APART: Final = 2
"""Seconds between two actions whose moments are compared."""


def pending_takes_updates(ground: Ground) -> Found:
    if ground.job_now().get("status") != "pending":
        raise NoAnswer("the job has been started")
    answer = ground.put({"accountingEntryId": no_id(), "status": "in_progress"})
    if answer.status == 422:
        return Found("no")
    good(answer, endpoints.REPORT)
    return Found("yes")


def job_key(ground: Ground) -> Found:
    """A job that is in progress refuses `started` with 422, under the right name only."""
    pending = ground.job_now().get("status") == "pending"
    usual = ground.spoken
    for key in ("jobId", "exportJobId"):
        ground.spoken = replace(usual, job_key=key)
        answer = ground.event("started")
        if answer.good and pending:
            ground.after_start = str(ground.read(endpoints.JOB, id=ground.job).data.get("status"))
        if answer.good or answer.status == 422:
            return Found(key, f"status {answer.status}")
    ground.spoken = usual
    raise NoAnswer("both names are refused")


def accepted_is_done(ground: Ground) -> Found:
    if not ground.after_start:
        raise NoAnswer("the job had been started before")
    if ground.after_start == "in_progress":
        return Found("yes")
    waited = 0
    for seconds in LATER:
        ground.asker.clock.sleep(seconds)
        waited += seconds
        if ground.job_now().get("status") == "in_progress":
            return Found("later", f"after at most {waited} seconds")
    raise NoAnswer(f"it was not true after {waited} seconds")


def update_batch(ground: Ground) -> Found:
    """A 400 may have any reason: it is the number's, where a single one is taken."""
    answer = ground.put_unknown(11, UNTOUCHED)
    if answer.status == 400:
        good(ground.put_unknown(1, UNTOUCHED), endpoints.REPORT)
    if answer.status in (400, 413):
        return Found("10", f"status {answer.status}")
    good(answer, endpoints.REPORT)
    return Found("100")


def update_limit(ground: Ground) -> Found:
    status = ground.put_unknown(101, UNTOUCHED).status
    return Found("yes") if status == 413 else Found("other", f"status {status}")


def keep_alive_by_item(ground: Ground) -> Found:
    ground.started()
    entries = ground.open_entries()
    if not entries:
        raise NoAnswer("no item of the job is open")
    before = ground.job_now().get("lastUpdatedAt")
    ground.asker.clock.sleep(APART)
    answer = good(ground.put({"accountingEntryId": entries[0], "status": "in_progress"}), endpoints.REPORT)
    if _errors(answer):
        raise NoAnswer("the update was refused")
    after = ground.job_now().get("lastUpdatedAt")
    if after is None:
        raise NoAnswer("the job has no lastUpdatedAt")
    return Found("yes" if after != before else "no")


def unknown_reasons(ground: Ground) -> Found:
    return _taken(ground, {"failureReason": REASON, "failureReasonType": "account_unknown"})


def longest_reason(ground: Ground) -> Found:
    facts = {"failureReasonType": "validation_failure"}
    found = _taken(ground, {"failureReason": "x" * 1000, **facts})
    if found.answer == "yes":
        return Found("1000")
    if _taken(ground, {"failureReason": "x" * 255, **facts}).answer == "no":
        raise NoAnswer("255 characters are refused too")
    return Found("255")


def failed_needs_reason(ground: Ground) -> Found:
    return _turned(_taken(ground, {}))


def external_url_is_checked(ground: Ground) -> Found:
    facts = {"failureReason": REASON, "failureReasonType": "validation_failure", "externalUrl": "no address"}
    return _turned(_taken(ground, facts))


def _taken(ground: Ground, facts: dict[str, str]) -> Found:
    """Whether an update with these facts is taken: no for 400, as long as one that is surely right is taken."""
    answer = ground.put_unknown(1, {"status": "failed", **facts})
    if answer.good:
        return Found("yes")
    if answer.status != 400:
        raise NoAnswer(f"Pleo answered with {answer.status}")
    good(ground.put_unknown(1, FAILED), endpoints.REPORT)
    return Found("no")


def _turned(found: Found) -> Found:
    return replace(found, answer="no" if found.answer == "yes" else "yes")


def successful_is_final(ground: Ground) -> Found:
    ground.started()
    entries = ground.open_entries()
    if not entries:
        raise NoAnswer("no item of the job is open")
    item = {"accountingEntryId": entries[0]}
    done = good(ground.put({**item, "status": "successful", "externalId": "kontobro-probe"}), endpoints.REPORT)
    if _errors(done):
        raise NoAnswer("the item could not be reported as successful")
    answer = ground.put({**item, **FAILED})
    if not answer.good and answer.status != 422:
        raise NoAnswer(f"Pleo answered with {answer.status}")
    return Found("yes" if not answer.good or _errors(answer) else "no")


def _errors(answer: Answer) -> bool:
    return bool(isinstance(answer.body, dict) and answer.body.get("errors"))


# ------------------------------------------------------------------------------------------ what ends the job


def final_event_fits_items(ground: Ground) -> Found:
    _require_open_items(ground)
    status = ground.event("completed").status
    if status in (400, 422):
        return Found("yes", f"status {status}")
    if status == 202:
        return Found("no")
    raise NoAnswer(f"Pleo answered with {status}")


def reason_on_errors(ground: Ground) -> Found:
    """Where both are refused alike, the lack of a reason is not what is refused."""
    _require_open_items(ground)
    without = ground.event("completed_with_errors").status
    if without == 202:
        return Found("no")
    if without not in (400, 422):
        raise NoAnswer(f"Pleo answered with {without}")
    given = ground.event("completed_with_errors", failureReason=REASON, failureReasonType="validation_failure").status
    return Found("no" if given == without else "yes", f"{without} without a reason, {given} with one")


def _require_open_items(ground: Ground) -> None:
    ground.started()
    if not ground.open_entries():
        raise NoAnswer("no item of the job is open")


def login_reason(ground: Ground) -> Found:
    _fail_items(ground)
    reason = "accounting_system_authentication_failure"
    status = ground.event("failed", failureReason=REASON, failureReasonType=reason).status
    if status == 400:
        return Found("accounting_system_unreachable")
    if status not in (202, 422):
        raise NoAnswer(f"Pleo answered with {status}")
    ground.ended_by = status
    return Found(reason)


def all_failed(ground: Ground) -> Found:
    reason = {"failureReason": REASON, "failureReasonType": "validation_failure"}
    if ground.ended_by is None:
        _fail_items(ground)
        ground.ended_by = ground.event("failed", **reason).status
    if ground.ended_by == 202:
        return Found("failed")
    if ground.ended_by != 422:
        raise NoAnswer(f"Pleo answered with {ground.ended_by}")
    good(ground.event("completed_with_errors", **reason), endpoints.EVENTS)
    return Found("completed_with_errors")


def _fail_items(ground: Ground) -> None:
    """All items of the job have failed. Raises NoAnswer where one can't, or has succeeded."""
    ground.started()
    entries, most = ground.open_entries(), min(ground.spoken.update_batch, 100)
    for first in range(0, len(entries), most):
        batch = [{"accountingEntryId": entry, **FAILED} for entry in entries[first : first + most]]
        if _errors(good(ground.put(*batch), endpoints.REPORT)):
            raise NoAnswer("not all items could be reported as failed")
    if any(item.get("status") != "failed" for item in ground.control_items(ground.job)):
        raise NoAnswer("an item of the job has not failed")
