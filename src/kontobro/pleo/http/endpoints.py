"""The endpoints that the client calls: method, path, and the scope that each needs (`pleo/api.md` A4, B1, C-F, I)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from kontobro.core import dialect


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation; `{id}` in the template is the one id it takes.

    `of_job`: 404 and 422 speak of the export job. `lacking`: statuses that are an answer (there is none), not a fault.
    """

    method: str
    template: str
    scope: str = ""
    of_job: bool = False
    lacking: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """How messages, logs and counts call it; no id in it."""
        return f"{self.method} {self.template}"

    def path(self, id: str = "") -> str:
        return self.template.replace("{id}", quote(id, safe=""))


JOBS: Final = Endpoint("GET", "/v3/export-jobs", "export-jobs:read")
JOB: Final = Endpoint("GET", "/v3/export-jobs/{id}", "export-jobs:read", of_job=True)
CONTROL_ITEMS: Final = Endpoint("GET", "/v3/export-jobs/{id}/items", "export-jobs:read", of_job=True)
REPORT: Final = Endpoint("PUT", "/v3/export-jobs/{id}/items", "export-jobs:write", of_job=True)
EVENTS: Final = Endpoint("POST", "/v3/export-job-events", "export-jobs:write", of_job=True)
ITEMS: Final = Endpoint("GET", "/v3/export-items", "export-items:read", of_job=True)
SEARCH_ENTRIES: Final = Endpoint("POST", "/v1/accounting-entries:search", "accounting-entries:read")
ACCOUNTING_ENTRY: Final = Endpoint("GET", "/v1/accounting-entries/{id}", "accounting-entries:read")
INTROSPECT: Final = Endpoint("GET", "/v1/introspect")
INSTALLATION: Final = Endpoint("GET", "/v1/installations/me", lacking=(404, 400))
"""How Pleo says that there is none is not documented: 404 is not listed, 400 is (`pleo/api.md` I)."""
INSTALL: Final = Endpoint("POST", "/v1/installations/me")
CHANGE_INSTALLATION: Final = Endpoint("PUT", "/v1/installations/me")
ACTIVATE: Final = Endpoint("POST", "/v1/installations/me:activate")
UNINSTALL: Final = Endpoint("DELETE", "/v1/installations/me", lacking=(404,))
COMPANY: Final = Endpoint("GET", "/v1/companies/{id}", "companies:read")

READ_TAGS: Final = dialect.both_spellings(dialect.READ_TAGS)
WRITE_TAGS: Final = dialect.both_spellings(dialect.WRITE_TAGS)

ACCOUNTS: Final = Endpoint("POST", "/v1/chart-of-accounts:search", "accounts:read")
ACCOUNT: Final = Endpoint("GET", "/v1/chart-of-accounts/{id}", "accounts:read")
CREATE_ACCOUNTS: Final = Endpoint("POST", "/v1/chart-of-accounts/batch", "accounts:write")
UPDATE_ACCOUNT: Final = Endpoint("PUT", "/v1/chart-of-accounts/{id}", "accounts:write")

TAX_CODES: Final = Endpoint("POST", "/v0/tax-codes:search", "tax-codes:read")
CREATE_TAX_CODE: Final = Endpoint("POST", "/v0/tax-codes", "tax-codes:write")
UPDATE_TAX_CODE: Final = Endpoint("PUT", "/v0/tax-codes/{id}", "tax-codes:write")

TAG_GROUPS: Final = Endpoint("GET", "/v0/tag-groups", READ_TAGS)
TAG_GROUP: Final = Endpoint("GET", "/v0/tag-groups/{id}", READ_TAGS)
CREATE_TAG_GROUP: Final = Endpoint("POST", "/v0/tag-groups", WRITE_TAGS)
UPDATE_TAG_GROUP: Final = Endpoint("PUT", "/v0/tag-groups/{id}", WRITE_TAGS)
TAGS: Final = Endpoint("POST", "/v0/tags:search", READ_TAGS)
CREATE_TAG: Final = Endpoint("POST", "/v0/tag-groups/{id}/tags", WRITE_TAGS)
UPDATE_TAG: Final = Endpoint("PUT", "/v0/tags/{id}", WRITE_TAGS)
ARCHIVE_TAGS: Final = Endpoint("POST", "/v0/tags/archive", WRITE_TAGS)

VENDORS: Final = Endpoint("POST", "/v1/vendors:search", "vendors:read")
VENDOR: Final = Endpoint("GET", "/v1/vendors/{id}", "vendors:read")
CREATE_VENDOR: Final = Endpoint("POST", "/v1/vendors", "vendors:write")
UPDATE_VENDOR: Final = Endpoint("PUT", "/v1/vendors/{id}", "vendors:write")
ACTIVATE_VENDOR: Final = Endpoint("POST", "/v1/vendors/{id}:activate", "vendors:write")
ARCHIVE_VENDOR: Final = Endpoint("POST", "/v1/vendors/{id}:archive", "vendors:write")

WATCH: Final = "export-jobs:read, and vendors:read for vendor events"
"""Pleo names no scope of its own for subscriptions: those of the events count (`pleo/api.md` A4)."""

SUBSCRIPTIONS: Final = Endpoint("GET", "/v1/subscriptions", WATCH)
SUBSCRIBE: Final = Endpoint("POST", "/v1/subscriptions", WATCH)
CHANGE_SUBSCRIPTION: Final = Endpoint("PUT", "/v1/subscriptions/{id}", WATCH)
UNSUBSCRIBE: Final = Endpoint("DELETE", "/v1/subscriptions/{id}", WATCH, lacking=(404,))
SUBSCRIPTION_SECRET: Final = Endpoint("GET", "/v1/subscriptions/{id}/secret", WATCH)
