"""All addresses. `o/` is an organisation, `c/` one of its connections; `tenancy.py` guards both."""

from __future__ import annotations

from django.urls import include, path

from kontobro.web.views import (
    audit,
    booking,
    health,
    home,
    jobs,
    members,
    overview,
    problems,
    settings,
    sync,
    tie_out,
    webhooks,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("webhooks/pleo/<str:connection>/", webhooks.pleo, name="webhook"),
    path("accounts/", include("allauth.urls")),
    path("o/new/", home.new_organisation, name="new_organisation"),
    path("o/<uuid:organisation>/members/", members.members, name="members"),
    path("o/<uuid:organisation>/members/<int:membership>/", members.change, name="change_member"),
    path("o/<uuid:organisation>/invitations/", members.invite, name="invite"),
    path("o/<uuid:organisation>/invitations/<uuid:invitation>/", members.withdraw, name="withdraw_invitation"),
    path("invitations/<str:secret>/", members.accept, name="accept_invitation"),
    path("o/<uuid:organisation>/audit/", audit.trail, name="audit"),
    path("o/<uuid:organisation>/", overview.overview, name="overview"),
    path("o/<uuid:organisation>/jobs/", jobs.jobs, name="jobs"),
    path("o/<uuid:organisation>/problems/", problems.problems, name="problems"),
    path("c/<str:connection>/jobs/", jobs.of_one, name="connection_jobs"),
    path("c/<str:connection>/jobs/waiting/", jobs.waiting, name="jobs_waiting"),
    path("c/<str:connection>/tie-out/", tie_out.tie_out, name="tie_out"),
    path("c/<str:connection>/tie-out/compared/", tie_out.compared, name="tie_out_compared"),
    path("c/<str:connection>/tie-out/entries.csv", tie_out.as_csv, name="tie_out_csv"),
    path("c/<str:connection>/tie-out/entries.xlsx", tie_out.as_xlsx, name="tie_out_xlsx"),
    path("c/<str:connection>/settings/", settings.settings, name="settings"),
    path("c/<str:connection>/settings/fitting/", settings.fitting, name="settings_fitting"),
    path("c/<str:connection>/settings/file/", settings.as_file, name="settings_file"),
    path("c/<str:connection>/settings/import/", settings.from_file, name="settings_import"),
    path("c/<str:connection>/settings/clone/", settings.clone, name="settings_clone"),
    path("c/<str:connection>/master-data/", sync.sync, name="sync"),
    path("c/<str:connection>/master-data/<str:kind>/", sync.plan, name="sync_plan"),
    path("c/<str:connection>/master-data/<str:kind>/approve/", sync.approve, name="sync_approve"),
    path("c/<str:connection>/export/", jobs.export, name="export"),
    path("c/<str:connection>/jobs/<str:job>/", jobs.job, name="job"),
    path("c/<str:connection>/jobs/<str:job>/progress/", jobs.progress, name="job_progress"),
    path("c/<str:connection>/jobs/<str:job>/preview/", jobs.preview, name="preview"),
    path("c/<str:connection>/items/<path:reference>/books/", booking.standing, name="booking_standing"),
    path("c/<str:connection>/items/<path:reference>/again/", booking.again, name="check_again"),
    path("c/<str:connection>/items/<path:reference>/", booking.booking, name="booking"),
]

handler404 = "kontobro.web.views.errors.not_found"
handler403 = "kontobro.web.views.errors.forbidden"
handler400 = "kontobro.web.views.errors.bad_request"
handler500 = "kontobro.web.views.errors.broken"
