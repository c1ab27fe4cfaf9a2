"""Local mode's first visit: the link that `kontobro serve` gives opens the sign-up, for one person."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from kontobro.service.config import config
from kontobro.service.first_visit import is_valid, redeem
from kontobro.web.demo.running import is_offered
from kontobro.web.members.accounts import FIRST_VISIT
from kontobro.web.process import process


@login_not_required
@require_http_methods(["GET", "POST"])
def first_visit(request: HttpRequest, secret: str) -> HttpResponse:
    """Looking uses nothing up (browsers fetch ahead); the button does."""
    now = process.app.clock.now()
    known = redeem if request.method == "POST" else is_valid
    if not known(config(), secret, now):
        return render(request, "members/first_visit_void.html", status=404)
    if request.method == "GET":
        return render(request, "members/first_visit.html", {"demo_possible": is_offered(config())})
    request.session[FIRST_VISIT] = True
    return redirect("account_signup")
