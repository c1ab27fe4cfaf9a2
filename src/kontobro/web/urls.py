"""All addresses. `o/` is an organisation, `c/` one of its connections; `tenancy.py` guards both."""

from __future__ import annotations

from django.urls import include, path

from kontobro.web.views import audit, home, members

urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("o/new/", home.new_organisation, name="new_organisation"),
    path("o/<uuid:organisation>/members/", members.members, name="members"),
    path("o/<uuid:organisation>/members/<int:membership>/", members.change, name="change_member"),
    path("o/<uuid:organisation>/invitations/", members.invite, name="invite"),
    path("o/<uuid:organisation>/invitations/<uuid:invitation>/", members.withdraw, name="withdraw_invitation"),
    path("invitations/<str:secret>/", members.accept, name="accept_invitation"),
    path("o/<uuid:organisation>/audit/", audit.trail, name="audit"),
]

handler404 = "kontobro.web.views.errors.not_found"
handler403 = "kontobro.web.views.errors.forbidden"
handler400 = "kontobro.web.views.errors.bad_request"
handler500 = "kontobro.web.views.errors.broken"
