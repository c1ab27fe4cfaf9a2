"""The endpoints that the client calls: method, path, and the scope that each needs (`pleo/api.md` A4, B1, I)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation; `{id}` in the template is the one id it takes.

    `of_job`: 404 and 422 speak of the export job. `may_lack`: 404 is an answer, not a fault.
    """

    method: str
    template: str
    scope: str = ""
    of_job: bool = False
    may_lack: bool = False

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
INTROSPECT: Final = Endpoint("GET", "/v1/introspect")
INSTALLATION: Final = Endpoint("GET", "/v1/installations/me", may_lack=True)
INSTALL: Final = Endpoint("POST", "/v1/installations/me")
CHANGE_INSTALLATION: Final = Endpoint("PUT", "/v1/installations/me")
ACTIVATE: Final = Endpoint("POST", "/v1/installations/me:activate")
UNINSTALL: Final = Endpoint("DELETE", "/v1/installations/me", may_lack=True)
COMPANY: Final = Endpoint("GET", "/v1/companies/{id}", "companies:read")
