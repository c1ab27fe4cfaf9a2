"""All addresses. `o/` is an organisation, `c/` one of its connections; `tenancy.py` guards both."""

from __future__ import annotations

from django.urls import include, path

from kontobro.web.api import pages as api_pages
from kontobro.web.api import views as api
from kontobro.web.connect import views as connect
from kontobro.web.connect import views_books as connect_books
from kontobro.web.connect import views_erp as connect_erp
from kontobro.web.connect import views_whose as connect_whose
from kontobro.web.connection import elsewhere, plan, settings, sync, webhooks
from kontobro.web.connection import views as connection
from kontobro.web.demo import views as demo
from kontobro.web.documents import actions as document_actions
from kontobro.web.documents import release as document_release
from kontobro.web.documents import template as document_template
from kontobro.web.documents import views as documents
from kontobro.web.exports import again, booking, bookings, job_list, jobs, problems, tie_out
from kontobro.web.firm import settings as firm_settings
from kontobro.web.mails import preview, unsubscribe
from kontobro.web.members import first_visit, preferences
from kontobro.web.members import views as members
from kontobro.web.month import firm as firm_month
from kontobro.web.month import views as month
from kontobro.web.month import workbook as month_workbook
from kontobro.web.organisation import assigning, audit, home, notifications, overview, privacy
from kontobro.web.site import aside_page as aside
from kontobro.web.site import health

urlpatterns = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
    path("doctor/", health.doctor, name="doctor"),
    path("readyz", health.readyz, name="readyz"),
    path("webhooks/pleo/<str:connection>/", webhooks.pleo, name="webhook"),
    path("working/<str:ticket>/", aside.progress, name="aside"),
    path("working/<str:ticket>/page/", aside.page, name="aside_page"),
    path("first-visit/<str:secret>/", first_visit.first_visit, name="first_visit"),
    path("accounts/", include("allauth.urls")),
    path("my/language/", preferences.my_language, name="my_language"),
    path("o/new/", home.new_organisation, name="new_organisation"),
    path("o/<uuid:organisation>/members/", members.members, name="members"),
    path("o/<uuid:organisation>/members/<int:membership>/", members.change, name="change_member"),
    path("o/<uuid:organisation>/members/two-factor/", members.demand, name="demand_mfa"),
    path("o/<uuid:organisation>/invitations/", members.invite, name="invite"),
    path("o/<uuid:organisation>/invitations/<uuid:invitation>/", members.withdraw, name="withdraw_invitation"),
    path("invitations/<str:secret>/", members.accept, name="accept_invitation"),
    path("o/<uuid:organisation>/notifications/", notifications.notifications, name="notifications"),
    path("o/<uuid:organisation>/notifications/preview/", preview.preview, name="mail_preview"),
    path("unsubscribe/<str:secret>/", unsubscribe.unsubscribe, name="unsubscribe"),
    path("o/<uuid:organisation>/notifications/webhook/", notifications.hook, name="hook"),
    path("o/<uuid:organisation>/audit/", audit.trail, name="audit"),
    path("o/<uuid:organisation>/audit/list.<str:form>", audit.trail_file, name="audit_file"),
    # Connect from Pleo: the first three addresses are registered with Pleo, exactly so
    path("connect/pleo/start", connect.start, name="connect_pleo"),
    path("connect/pleo/callback", connect.callback, name="connect_callback"),
    path("connect/pleo/settings", connect.pleo_settings, name="pleo_settings"),
    path("connect/<uuid:setup>/", connect.setup, name="connect_setup"),
    path("connect/<uuid:setup>/level/", connect.level, name="connect_level"),
    path("connect/<uuid:setup>/pleo/", connect.to_pleo, name="connect_to_pleo"),
    path("connect/<uuid:setup>/key/", connect.key, name="connect_key"),
    path("connect/<uuid:setup>/name/", connect_whose.name, name="connect_name"),
    path("connect/<uuid:setup>/taken/", connect_whose.take, name="connect_taken"),
    path("connect/<uuid:setup>/differs/", connect_whose.differs, name="connect_differs"),
    path("connect/<uuid:setup>/erp/", connect_erp.erp, name="connect_erp"),
    path("connect/<uuid:setup>/access/", connect_erp.access, name="connect_access"),
    path("connect/<uuid:setup>/company/", connect_erp.company, name="connect_company"),
    path("connect/<uuid:setup>/settings/", connect_books.settings, name="connect_settings"),
    path("connect/<uuid:setup>/plan/", connect_books.plan, name="connect_plan"),
    path("connect/<uuid:setup>/back/", connect.back, name="connect_back"),
    path("connect/<uuid:setup>/drop/", connect.drop, name="connect_drop"),
    path("c/<str:connection>/", connection.connection, name="connection"),
    path("c/<str:connection>/test/", connection.test, name="test_connection"),
    path("c/<str:connection>/subscribe/", connection.subscribe_now, name="subscribe"),
    path("c/<str:connection>/settle/", connection.settle_now, name="settle_now"),
    path("c/<str:connection>/reconnect/", connection.reconnect, name="reconnect"),
    path("c/<str:connection>/access/", connection.access, name="change_access"),
    path("c/<str:connection>/name/", connection.name_company, name="name_company"),
    path("c/<str:connection>/elsewhere/", elsewhere.book_here, name="book_here"),
    path("c/<str:connection>/let-go/", connect_whose.let_go, name="let_go"),
    path("c/<str:connection>/disconnect/", connection.end, name="disconnect"),
    path("o/<uuid:organisation>/", overview.overview, name="overview"),
    path("o/<uuid:organisation>/days/", overview.days, name="overview_days"),
    path("o/<uuid:organisation>/month-end/", firm_month.page, name="firm_month"),
    path("o/<uuid:organisation>/month-end/month-end.xlsx", firm_month.as_xlsx, name="firm_month_xlsx"),
    path("o/<uuid:organisation>/api/", api_pages.tokens, name="api_tokens"),
    path("o/<uuid:organisation>/api/<int:token>/revoke/", api_pages.revoke, name="revoke_token"),
    path("api/v1/openapi.json", api.document, name="api_document"),
    path("api/v1/companies", api.companies, name="api_companies"),
    path("api/v1/companies/<str:connection>", api.company, name="api_company"),
    path("api/v1/companies/<str:connection>/jobs", api.jobs, name="api_jobs"),
    path("api/v1/companies/<str:connection>/problems", api.problems, name="api_problems"),
    path("api/v1/months/<str:month>", api.month, name="api_month"),
    path("o/<uuid:organisation>/settings/", firm_settings.choose, name="firm_settings"),
    path("o/<uuid:organisation>/settings/preview/", firm_settings.preview, name="firm_settings_preview"),
    path("o/<uuid:organisation>/settings/save/", firm_settings.save, name="firm_settings_save"),
    path("o/<uuid:organisation>/assign/", assigning.assign, name="assign"),
    path("o/<uuid:organisation>/demo/", demo.demo, name="demo"),
    path("o/<uuid:organisation>/demo/start/", demo.start, name="demo_start"),
    path("o/<uuid:organisation>/demo/remove/", demo.end, name="demo_remove"),
    path("o/<uuid:organisation>/jobs/", jobs.jobs, name="jobs"),
    path("o/<uuid:organisation>/jobs/list.<str:form>", job_list.all_file, name="jobs_file"),
    path("o/<uuid:organisation>/problems/", problems.problems, name="problems"),
    path("o/<uuid:organisation>/problems/list.<str:form>", problems.problems_file, name="problems_file"),
    path("c/<str:connection>/bookings/", bookings.bookings, name="bookings"),
    path("c/<str:connection>/bookings/list.<str:form>", bookings.bookings_file, name="bookings_file"),
    path("c/<str:connection>/bookings/totals/", bookings.totals, name="bookings_totals"),
    path("c/<str:connection>/bookings/again/", again.check_many, name="check_many"),
    path("c/<str:connection>/jobs/list.<str:form>", job_list.one_file, name="connection_jobs_file"),
    path("c/<str:connection>/jobs/", jobs.of_one, name="connection_jobs"),
    path("c/<str:connection>/jobs/waiting/", jobs.waiting, name="jobs_waiting"),
    path("c/<str:connection>/documents/", documents.documents, name="documents"),
    path("c/<str:connection>/documents/deliver/", document_actions.deliver_all, name="deliver_documents"),
    path("c/<str:connection>/documents/last/", document_release.last, name="documents_last"),
    path("c/<str:connection>/documents/template/", document_template.template, name="template"),
    path("c/<str:connection>/documents/template/preview/", document_template.preview, name="template_preview"),
    path("c/<str:connection>/documents/template/save/", document_template.save, name="template_save"),
    path("c/<str:connection>/documents/template/restore/", document_template.restore, name="template_restore"),
    path("c/<str:connection>/documents/template/previous/", document_template.previous, name="template_previous"),
    path("c/<str:connection>/documents/<int:number>/", documents.document, name="document"),
    path("c/<str:connection>/documents/<int:number>/all/", documents.everything, name="document_zip"),
    path("c/<str:connection>/documents/<int:number>/files/<path:name>", documents.file, name="document_file"),
    path("c/<str:connection>/documents/<int:number>/imported/", document_actions.imported, name="document_imported"),
    path("c/<str:connection>/documents/<int:number>/deliver/", document_actions.deliver, name="deliver_document"),
    path("c/<str:connection>/documents/<int:number>/delivered/", document_actions.delivered, name="document_delivered"),
    path("c/<str:connection>/documents/<int:number>/release/", document_release.release, name="release_document"),
    path("c/<str:connection>/tie-out/", tie_out.tie_out, name="tie_out"),
    path("c/<str:connection>/tie-out/compared/", tie_out.compared, name="tie_out_compared"),
    path("c/<str:connection>/tie-out/entries.csv", tie_out.as_csv, name="tie_out_csv"),
    path("c/<str:connection>/tie-out/entries.xlsx", tie_out.as_xlsx, name="tie_out_xlsx"),
    path("c/<str:connection>/month-end/", month.page, name="month_end"),
    path("c/<str:connection>/month-end/figures/", month.figures, name="month_end_figures"),
    path("c/<str:connection>/month-end/close/", month.close, name="close_month"),
    path("c/<str:connection>/month-end/reopen/", month.reopen, name="reopen_month"),
    path("c/<str:connection>/month-end/month-end.xlsx", month_workbook.as_xlsx, name="month_end_xlsx"),
    path("c/<str:connection>/settings/", settings.settings, name="settings"),
    path("c/<str:connection>/settings/fitting/", settings.fitting, name="settings_fitting"),
    path("c/<str:connection>/settings/file/", settings.as_file, name="settings_file"),
    path("c/<str:connection>/settings/import/", settings.from_file, name="settings_import"),
    path("c/<str:connection>/settings/clone/", settings.clone, name="settings_clone"),
    path("c/<str:connection>/privacy/", privacy.privacy, name="privacy"),
    path("c/<str:connection>/privacy/export/", privacy.export, name="privacy_export"),
    path("c/<str:connection>/privacy/find/", privacy.find, name="privacy_find"),
    path("c/<str:connection>/privacy/erase/", privacy.erase, name="privacy_erase"),
    path("c/<str:connection>/privacy/delete/", privacy.delete, name="privacy_delete"),
    path("c/<str:connection>/master-data/", sync.sync, name="sync"),
    path("c/<str:connection>/master-data/<str:kind>/", plan.plan, name="sync_plan"),
    path("c/<str:connection>/master-data/<str:kind>/approve/", plan.approve, name="sync_approve"),
    path("c/<str:connection>/master-data/<str:kind>/choose/", plan.choose, name="sync_choose"),
    path("c/<str:connection>/export/", jobs.export, name="export"),
    path("c/<str:connection>/jobs/<str:job>/", jobs.job, name="job"),
    path("c/<str:connection>/jobs/<str:job>/progress/", jobs.progress, name="job_progress"),
    path("c/<str:connection>/jobs/<str:job>/preview/", jobs.preview, name="preview"),
    path("c/<str:connection>/items/<path:reference>/books/", booking.in_the_books, name="booking_standing"),
    path("c/<str:connection>/items/<path:reference>/again/", booking.again, name="check_again"),
    path("c/<str:connection>/items/<path:reference>/", booking.booking, name="booking"),
]

handler404 = "kontobro.web.site.errors.not_found"
handler403 = "kontobro.web.site.errors.forbidden"
handler400 = "kontobro.web.site.errors.bad_request"
handler500 = "kontobro.web.site.errors.broken"
