"""Questions that GET answers: who the credential is, lists and their pages, what a refusal looks like."""

from __future__ import annotations

from typing import Final

from kontobro.core.dialect import spelling_in
from kontobro.pleo.http import endpoints
from kontobro.pleo.http.calls import Params
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.probe.asker import Answer, NoAnswer
from kontobro.pleo.probe.ground import PAGE, Found, Ground, no_id

STATUSES: Final = ("pending", "in_progress", "failed", "completed", "completed_with_errors")
PROBE_URL: Final = "https://example.com/kontobro-probe"
"""Where nothing is ever delivered: the subscription is inactive."""


def company_key(ground: Ground) -> Found:
    keys = ("company_id", "companyId")
    own = {key: _jobs_of(ground, key, ground.connection.company_id) for key in keys}
    taken = [key for key in keys if own[key].good]
    if not taken:
        raise NoAnswer(f"both are refused ({own[keys[0]].status}, {own[keys[1]].status})")
    if len(taken) == 1:
        return Found(taken[0], f"the other is refused with {own[_other(taken[0])].status}")
    heeded = [key for key in keys if _differs(_jobs_of(ground, key, no_id()), own[key])]
    if not heeded:
        raise NoAnswer("neither changes the answer: ask again when there is an export job")
    return Found(heeded[0], "both are understood" if len(heeded) == 2 else "the other is ignored")


def _jobs_of(ground: Ground, key: str, company: str) -> Answer:
    return ground.asker.get(endpoints.JOBS, params={key: company, "limit": PAGE})


def _other(key: str) -> str:
    return "companyId" if key == "company_id" else "company_id"


def _differs(answer: Answer, own: Answer) -> bool:
    """Whether a company that does not exist makes a difference."""
    return not answer.good or answer.entries != own.entries


def tag_scope(ground: Ground) -> Found:
    spelling = spelling_in(ground.scopes())
    if spelling is None:
        raise NoAnswer("the credential has no permission for tags: create one that has, then ask again")
    return Found(spelling)


def names_subject(ground: Ground) -> Found:
    subject = ground.read(endpoints.INTROSPECT).data.get("subjectURN")
    if not isinstance(subject, str) or not subject:
        return Found("no")
    return Found("company" if subject.startswith("urn:pleo:company:") else "organisation")


def missing_installation(ground: Ground) -> Found:
    answer = ground.asker.get(endpoints.INSTALLATION, params=ground.own())
    if answer.good:
        raise NoAnswer("the integration is installed: ask before connecting, with --environment")
    if answer.status not in (400, 404):
        raise NoAnswer(f"Pleo answered with {answer.status}")
    return Found(str(answer.status))


def starts_as(ground: Ground) -> Found:
    """An installation that we set to wait has the company's name among its metadata."""
    found = ground.read(endpoints.INSTALLATION, params=ground.own()).data
    status = found.get("status")
    if status == "AUTHORIZED" or (status == "PENDING_INTEGRATION" and not found.get("metadata")):
        return Found(str(status))
    raise NoAnswer("the installation is past its beginning: ask right after the first login by OAuth")


def lists_heed_filters(ground: Ground) -> Found:
    listed = {
        status: ground.read(endpoints.JOBS, params=ground.own(statuses=status, limit=PAGE)) for status in STATUSES
    }
    if not any(page.entries for page in listed.values()):
        raise NoAnswer("there is no export job yet")
    heeded = all(entry.get("status") == status for status, page in listed.items() for entry in page.entries)
    return Found("yes" if heeded else "no")


def total_is_length(ground: Ground) -> Found:
    pages = [page for page in _whole_lists(ground) if isinstance(page.pagination.get("total"), int)]
    if not pages:
        raise NoAnswer("no list fits on one page and has a total")
    wrong = [page for page in pages if page.pagination["total"] != len(page.entries)]
    return Found("no" if wrong else "yes", f"{len(pages)} lists looked at")


def _whole_lists(ground: Ground) -> list[Answer]:
    """Lists on one page; those that the credential may not read are left out."""
    asked: list[tuple[Endpoint, str, Params]] = [
        (endpoints.JOBS, "", ground.own(limit=PAGE)),
        (endpoints.SUBSCRIPTIONS, "", {"limit": PAGE}),
    ]
    asked += [(endpoints.CONTROL_ITEMS, str(job.get("id")), {"limit": PAGE}) for job in ground.jobs()[:3]]
    answers = [ground.asker.get(call, id=id, params=params) for call, id, params in asked]
    return [one for one in answers if one.good and one.pagination.get("hasNextPage") is False]


def largest_page(ground: Ground) -> Found:
    return _page_of(ground, 100)


def larger_pages(ground: Ground) -> Found:
    return _page_of(ground, 1000)


def _page_of(ground: Ground, size: int) -> Found:
    answer = ground.asker.get(endpoints.JOBS, params=ground.own(limit=size))
    if answer.status == 400:
        return Found("refused")
    if not answer.good:
        raise NoAnswer(f"Pleo answered with {answer.status}")
    echoed = (answer.pagination.get("currentRequestPagination") or {}).get("limit")
    if isinstance(echoed, int) and echoed < size:
        return Found("cut", f"to {echoed}")
    if echoed == size or len(answer.entries) == size:
        return Found("taken")
    if answer.pagination.get("hasNextPage"):
        return Found("cut", f"to {len(answer.entries)}")
    raise NoAnswer("the list is too short to tell, and the answer does not repeat the limit")


def next_page(ground: Ground) -> Found:
    first = ground.read(endpoints.JOBS, params=ground.own(limit=1))
    cursor = first.pagination.get("endCursor")
    if not first.pagination.get("hasNextPage") or not isinstance(cursor, str) or not first.entries:
        raise NoAnswer("there are fewer than two export jobs")
    second = ground.asker.get(endpoints.JOBS, params=ground.own(limit=1, after=cursor))
    moved = second.good and bool(second.entries) and second.entries[0].get("id") != first.entries[0].get("id")
    return Found("yes" if moved else "no")


def unknown_job(ground: Ground) -> Found:
    status = ground.asker.get(endpoints.JOB, id=no_id()).status
    return Found(str(status)) if status in (400, 403, 404) else Found("other", f"status {status}")


def error_bodies(ground: Ground) -> Found:
    answer = ground.asker.get(endpoints.JOBS, params=ground.own(), login=False)
    if answer.status not in (400, 401, 403):
        raise NoAnswer(f"a call without a credential was answered with {answer.status}")
    documented = isinstance(answer.body, dict) and isinstance(answer.body.get("type"), str)
    return Found("yes" if documented else "no", f"status {answer.status}")


def entries_scope(ground: Ground) -> Found:
    has = endpoints.SEARCH_ENTRIES.scope in ground.scopes()
    if not ground.writes:
        if has:
            return Found("own", "by its name among the permissions; not tried: the search is a POST")
        raise NoAnswer("the credential lacks accounting-entries:read; with --write the search itself is tried")
    body = {"includeDeleted": False}
    answer = ground.asker.send(endpoints.SEARCH_ENTRIES, params=ground.own(limit=1), body=body)
    if answer.status == 403:
        return Found("other")
    if not answer.good:
        raise NoAnswer(f"Pleo answered with {answer.status}")
    return Found("own" if has else "export")


def subscriptions_scope(ground: Ground) -> Found:
    return _allowed(ground.asker.get(endpoints.SUBSCRIPTIONS, params={"limit": 1}))


def companies_scope(ground: Ground) -> Found:
    return _allowed(ground.asker.get(endpoints.COMPANY, id=ground.connection.company_id))


def _allowed(answer: Answer) -> Found:
    if answer.good or answer.status == 403:
        return Found("yes" if answer.good else "no")
    raise NoAnswer(f"Pleo answered with {answer.status}")


def event_name(ground: Ground) -> Found:
    names = ("v1.export-job.created", "v1.export.job-created")
    listed = ground.read(endpoints.SUBSCRIPTIONS, params={"limit": PAGE}).entries
    used = [event for each in listed for event in each.get("eventTypes") or []]
    if taken := [name for name in names if name in used]:
        return Found(taken[0], "a subscription has it")
    if not ground.writes:
        raise NoAnswer("there is no subscription yet; with --write an inactive one is made and deleted again")
    for name in names:
        body = {"endpointUrl": PROBE_URL, "eventTypes": [name], "status": "INACTIVE"}
        made = ground.asker.send(endpoints.SUBSCRIBE, body=body)
        if made.good:
            ground.asker.send(endpoints.UNSUBSCRIBE, id=str(made.data.get("id")))
            return Found(name)
    raise NoAnswer("both names are refused")


def refresh_rotates(ground: Ground) -> Found:
    if ground.connection.auth != "oauth":
        raise NoAnswer("an API key is not renewed")
    if ground.writes:
        ground.renew()
    before, now = ground.before, ground.tokens()
    if before is None or now is None or before.access == now.access:
        raise NoAnswer("the token was not renewed meanwhile")
    lasts = round((now.expires_at - ground.asker.clock.now()).total_seconds() / 60) if now.expires_at else 0
    detail = f"the access token lasts about {lasts} minutes" if lasts else "the access token has no stated life"
    return Found("yes" if now.refresh != before.refresh else "no", detail)


def client_auth(ground: Ground) -> Found:
    if ground.connection.auth != "oauth":
        raise NoAnswer("an API key has no client")
    for way in ("basic", "form"):
        if ground.introspects(way):
            return Found(way)
    raise NoAnswer("both ways are refused")
