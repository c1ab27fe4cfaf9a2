"""What every template has at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from kontobro.service.config import config
from kontobro.service.first_visit import is_offered
from kontobro.web.language import language_now
from kontobro.web.models import Membership
from kontobro.web.tenancy import Member, memberships


def page(request: HttpRequest) -> dict[str, Any]:
    """The page's language, the signed-in person's organisations, and the one that is meant."""
    language = language_now()
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        nobody = {"mine": (), "member": None, "connection": None}
        return {**nobody, "language": language, "is_local": config().local}
    mine = memberships(user)
    member = getattr(request, "member", None)
    if member is None and len(mine) == 1:
        member = Member(user, mine[0].organisation, mine[0].role)  # type: ignore[arg-type]
    found = getattr(request, "connection", None)
    offered = member is not None and is_offered(config())
    return {
        "language": language,
        "mine": mine,
        "member": member,
        "connection": found,
        "demo_offered": offered,
        "demo_id": _demo_of(mine, member) if member and offered else "",
    }


def _demo_of(mine: Sequence[Membership], member: Member) -> str:
    """The connection that is the organisation's demo company; empty without one."""
    organisation = next((one.organisation for one in mine if one.organisation == member.organisation), None)
    found = getattr(organisation, "democompany", None)  # read with the memberships
    return found.connection_id if found else ""
