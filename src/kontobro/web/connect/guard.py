"""Who may go on with a setup: the person who began it, while they may connect; one page of it at a time."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from kontobro.core.errors import KontobroError
from kontobro.web.models import Setup, Step
from kontobro.web.process import process
from kontobro.web.site.aside import ask
from kontobro.web.telling import told
from kontobro.web.tenancy import Member, member_of

PATIENCE = 30
"""Seconds that a second tab waits for the first."""

View = Callable[[HttpRequest, Member, Setup], HttpResponse]


def of_setup(*steps: Step, asks: bool = False) -> Callable[[View], Any]:
    """For a view whose URL has `setup`: it gets the Member and the Setup, which no one else works on meanwhile.

    A setup that is at none of these steps (none named: any) went on in another tab: the reader is sent there. A
    fault is told on the setup's own page, where it can be fixed. `asks`: Pleo or an accounting system is asked.
    """

    def wrap(view: View) -> Any:
        @login_required
        @wraps(view)
        def checked(request: HttpRequest, setup: uuid.UUID) -> HttpResponse:
            _setup, member = setup_of(request.user, setup)  # a stranger takes no lock

            def alone(request: HttpRequest) -> HttpResponse:
                return _alone(view, steps, request, setup)

            return ask(request, str(member.organisation.id), alone) if asks else alone(request)

        return checked

    return wrap


def _alone(view: View, steps: Collection[str], request: HttpRequest, setup: uuid.UUID) -> HttpResponse:
    with process.app.store.lock(f"setup {setup}", wait=PATIENCE):
        found, member = setup_of(request.user, setup)
        request.member = member  # type: ignore[attr-defined]
        if not _is_at(found, steps):
            messages.info(request, _("This step is already done. Continue here."))
            return redirect("connect_setup", found.id)
        return _run(view, request, member, found)


def _is_at(setup: Setup, steps: Collection[str]) -> bool:
    return not steps or setup.step in steps


def _run(view: View, request: HttpRequest, member: Member, setup: Setup) -> HttpResponse:
    try:
        return view(request, member, setup)
    except KontobroError as fault:
        if request.method != "POST":
            raise
        messages.error(request, told(request, fault))
        return redirect("connect_setup", setup.id)


def setup_of(user: Any, setup: uuid.UUID) -> tuple[Setup, Member]:
    """A person's own setup. Raises Http404 for any other, NotAllowed when the role does not suffice any more."""
    found = Setup.objects.select_related("organisation").filter(id=setup, user=user).first()
    if found is None:
        raise Http404
    member = member_of(user, found.organisation_id)
    member.require("bookkeeper")
    return found, member
