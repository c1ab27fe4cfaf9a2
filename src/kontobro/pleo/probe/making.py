"""Questions that make something of the probe's own in Pleo, outside production, and remove it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

from kontobro.pleo.http import endpoints
from kontobro.pleo.http.endpoints import Endpoint
from kontobro.pleo.probe.asker import Answer, NoAnswer
from kontobro.pleo.probe.ground import Found, Ground, good, removing

CREATE_ACCOUNT: Final = Endpoint("POST", "/v1/chart-of-accounts", "accounts:write")
DELETE_ACCOUNT: Final = Endpoint("DELETE", "/v1/chart-of-accounts/{id}", "accounts:write")
DELETE_TAX_CODE: Final = Endpoint("DELETE", "/v0/tax-codes/{id}", "tax-codes:write")
DELETE_TAG_GROUP: Final = Endpoint("DELETE", "/v0/tag-groups/{id}", endpoints.WRITE_TAGS)
NAME: Final = "kontobro-probe"
TOO_LONG: Final = "kontobro-probe " * 20
"""300 characters: Pleo states 255 for the name of an account."""


def account_match(ground: Ground) -> Found:
    with _an_account(ground) as (account, _):
        again = _create(ground, account).status
        if again == 409:
            return Found("never")
        if again not in (200, 201):
            raise NoAnswer(f"the second time Pleo answered with {again}")
        renamed = _create(ground, {**account, "name": f"{NAME} renamed"}).status
    if renamed not in (200, 201, 409):
        raise NoAnswer(f"under another name Pleo answered with {renamed}")
    return Found("identical" if renamed == 409 else "identical_or_archived", f"the second time {again}")


def tax_code_must_be_known(ground: Ground) -> Found:
    with _an_account(ground) as (account, id):
        changed = {"archived": True, "name": account["name"], "taxCodeExternalId": f"{NAME}-{uuid4().hex[:8]}"}
        answer = ground.asker.send(endpoints.UPDATE_ACCOUNT, id=id, body=changed)
    return _refused(answer)


def _refused(answer: Answer) -> Found:
    """Yes for a 400, no for a success."""
    if answer.status != 400 and not answer.good:
        raise NoAnswer(f"Pleo answered with {answer.status}")
    return Found("no" if answer.good else "yes")


def _create(ground: Ground, account: dict[str, Any]) -> Answer:
    return ground.asker.send(CREATE_ACCOUNT, body=account)


@contextmanager
def _an_account(ground: Ground) -> Iterator[tuple[dict[str, Any], str]]:
    """An archived account, and its id. It is deleted at the end."""
    account = {
        "companyId": ground.connection.company_id,
        "externalId": f"{NAME}-{uuid4().hex[:12]}",
        "name": NAME,
        "archived": True,
    }
    id = str(good(_create(ground, account), CREATE_ACCOUNT).data.get("id"))
    with removing(lambda: ground.asker.send(DELETE_ACCOUNT, id=id)):
        yield account, id


def batch_items_fail_alone(ground: Ground) -> Found:
    item = {"externalId": f"{NAME}-{uuid4().hex[:12]}", "name": TOO_LONG, "archived": True}
    body = {"companyId": ground.connection.company_id, "items": [item]}
    answer = ground.asker.send(endpoints.CREATE_ACCOUNTS, body=body)
    for made in answer.data.get("created") or []:
        ground.asker.send(DELETE_ACCOUNT, id=str(made.get("id")))
    if answer.data.get("created"):
        raise NoAnswer("the long name was taken; the account was deleted again")
    if answer.good and answer.data.get("failed"):
        return Found("yes")
    if answer.status == 400:
        return Found("no")
    raise NoAnswer(f"Pleo answered with {answer.status}")


def exclusive_tax_codes(ground: Ground) -> Found:
    body = {
        "companyId": ground.connection.company_id,
        "archived": True,
        "name": NAME,
        "code": f"{NAME}-{uuid4().hex[:8]}",
        "rate": 0,
        "type": "exclusive",
    }
    answer = ground.asker.send(endpoints.CREATE_TAX_CODE, body=body)
    if answer.good:
        with removing(lambda: ground.asker.send(DELETE_TAX_CODE, id=str(answer.data.get("id")))):
            return Found("yes")
    if answer.status != 400:
        good(answer, endpoints.CREATE_TAX_CODE)
    return Found("no")


def twins_are_refused(ground: Ground) -> Found:
    body = {"archived": True, "name": NAME, "code": f"{NAME}-{uuid4().hex[:8]}", "metadata": {}}
    first = good(_create_group(ground, body), endpoints.CREATE_TAG_GROUP)
    with removing(lambda: ground.asker.send(DELETE_TAG_GROUP, id=str(first.data.get("id")))):
        second = _create_group(ground, body)
        if second.good:
            ground.asker.send(DELETE_TAG_GROUP, id=str(second.data.get("id")))
            return Found("no")
    if second.status not in (400, 409):
        raise NoAnswer(f"Pleo answered with {second.status}")
    return Found("yes", f"status {second.status}")


def _create_group(ground: Ground, body: dict[str, Any]) -> Answer:
    return ground.asker.send(endpoints.CREATE_TAG_GROUP, params=ground.own(), body=body)
