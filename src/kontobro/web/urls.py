"""All addresses. `o/` is an organisation, `c/` one of its connections; `tenancy.py` guards both."""

from __future__ import annotations

from django.urls import include, path

from kontobro.web.views import audit, connect, connect_books, connect_erp, connection, home, members

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
    # Connect from Pleo: the first three addresses are registered with Pleo, exactly so
    path("connect/pleo/start", connect.start, name="connect_pleo"),
    path("connect/pleo/callback", connect.callback, name="connect_callback"),
    path("connect/pleo/settings", connect.pleo_settings, name="pleo_settings"),
    path("connect/<uuid:setup>/", connect.setup, name="connect_setup"),
    path("connect/<uuid:setup>/level/", connect.level, name="connect_level"),
    path("connect/<uuid:setup>/pleo/", connect.to_pleo, name="connect_to_pleo"),
    path("connect/<uuid:setup>/key/", connect.key, name="connect_key"),
    path("connect/<uuid:setup>/erp/", connect_erp.erp, name="connect_erp"),
    path("connect/<uuid:setup>/access/", connect_erp.access, name="connect_access"),
    path("connect/<uuid:setup>/company/", connect_erp.company, name="connect_company"),
    path("connect/<uuid:setup>/settings/", connect_books.settings, name="connect_settings"),
    path("connect/<uuid:setup>/plan/", connect_books.plan, name="connect_plan"),
    path("connect/<uuid:setup>/back/", connect.back, name="connect_back"),
    path("connect/<uuid:setup>/drop/", connect.drop, name="connect_drop"),
    path("c/<str:connection>/", connection.connection, name="connection"),
    path("c/<str:connection>/test/", connection.test, name="test_connection"),
    path("c/<str:connection>/export/", connection.export_now, name="export_now"),
    path("c/<str:connection>/settle/", connection.settle_now, name="settle_now"),
    path("c/<str:connection>/reconnect/", connection.reconnect, name="reconnect"),
    path("c/<str:connection>/access/", connection.access, name="change_access"),
    path("c/<str:connection>/disconnect/", connection.end, name="disconnect"),
]

handler404 = "kontobro.web.views.errors.not_found"
handler403 = "kontobro.web.views.errors.forbidden"
handler400 = "kontobro.web.views.errors.bad_request"
handler500 = "kontobro.web.views.errors.broken"
