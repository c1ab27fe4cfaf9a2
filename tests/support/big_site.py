"""A partner's service: 100,000 bookings of 500 connections, all of one organisation; another has five of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from django.test import Client

from kontobro.store.django_store import DjangoStore
from kontobro.web.models import ConnectionOwner, Organisation
from tests.support.big_store import CONNECTIONS, fill
from tests.support.site import Site

SMALL = CONNECTIONS[:5]
ONE = CONNECTIONS[5]
"""The connection whose pages are asked for. Its first job and item carry its number."""

BY_ORGANISATION = (
    "",
    "?sort=oldest&state=waits",
    "jobs/",
    "jobs/?page=40",
    "jobs/?sort=-items",
    "problems/",
    "members/",
    "notifications/",
    "audit/",
    "month-end/?month=2026-02",
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


def crowd(site: Site) -> tuple[Organisation, Organisation]:
    """Fill an empty site: the large organisation, and the small one. Connections' pages belong to the large."""
    fill(cast(DjangoStore, site.app.store))
    large, small = site.organisation("Partner"), site.organisation("Small")
    owners = [ConnectionOwner(organisation=small if id in SMALL else large, connection_id=id) for id in CONNECTIONS]
    ConnectionOwner.objects.bulk_create(owners)
    return large, small


def pages(organisation: Organisation) -> Mapping[str, str]:
    """What a page is called, and its address in this organisation."""
    found = {f"organisation/{rest}": f"/o/{organisation.id}/{rest}" for rest in BY_ORGANISATION}
    return found | {f"connection/{rest}": f"/c/{ONE}/{rest}" for rest in BY_CONNECTION}


def signed_in(site: Site, organisation: Organisation) -> Client:
    return site.browser(site.member(organisation, "owner"))
