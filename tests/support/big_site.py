"""A partner's service of two organisations: a small one of five connections, a large one of all others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import cast

from django.test import Client

from kontobro.store.django_store import DjangoStore
from kontobro.web.models import ConnectionOwner, Organisation
from tests.support.big_store import END, fill, named
from tests.support.site import Site

SMALL, (ONE,) = named(6)[:5], named(6)[5:]
"""The connection whose pages are asked for. Its first job and item carry its number."""

BY_ORGANISATION = (
    "",
    "?sort=oldest&state=waits",
    "days/",
    "jobs/",
    "jobs/?page=40",
    "jobs/?sort=-items",
    "problems/",
    "problems/?q=nothing+of+it",
    "problems/?q=Payee",
    "members/",
    "notifications/",
    "audit/",
    "month-end/?month={month}",
)
BY_CONNECTION = (
    "",
    "jobs/",
    "jobs/job-5/",
    "jobs/job-5/?state=failed",
    "jobs/job-5/progress/",
    "items/ref-5/",
    "settings/",
    "tie-out/",
    "month-end/",
    "bookings/?first=",
    "bookings/?first=&q=Payee&sort=-amount",
    "master-data/",
)


def crowd(
    site: Site, owners: int = 500, bookings: int | None = None, end: dt.datetime = END, firm: int = 0
) -> tuple[Organisation, Organisation]:
    """Fill an empty site: the large organisation, and the small one. Connections' pages belong to the large, which has
    the first `firm` of them (all of them: 0) but those of the small; the rest is of other organisations as large."""
    fill(cast(DjangoStore, site.app.store), owners, bookings, end)
    large, small = site.organisation("Partner"), site.organisation("Small")
    size = firm or owners
    others = {at: site.organisation(f"Partner {at}") for at in range(1, -(-owners // size))}
    owned = [
        ConnectionOwner(organisation=small if id in SMALL else others.get(number // size, large), connection_id=id)
        for number, id in enumerate(named(owners))
    ]
    ConnectionOwner.objects.bulk_create(owned, batch_size=500)
    return large, small


def pages(organisation: Organisation, end: dt.datetime = END) -> Mapping[str, str]:
    """What a page is called, and its address in this organisation; the month's end is the one before `end`."""
    month = f"{end.replace(day=1) - dt.timedelta(days=1):%Y-%m}"
    found = {
        f"organisation/{rest.partition('?month')[0]}": f"/o/{organisation.id}/{rest.format(month=month)}"
        for rest in BY_ORGANISATION
    }
    return found | {f"connection/{rest}": f"/c/{ONE}/{rest}" for rest in BY_CONNECTION}


def signed_in(site: Site, organisation: Organisation) -> Client:
    return site.browser(site.member(organisation, "owner"))
