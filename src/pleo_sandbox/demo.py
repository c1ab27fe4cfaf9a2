"""The sandbox as `make demo` and people meet it: the demo company, with a key and an OAuth client made anew."""

from __future__ import annotations

from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state import Sandbox

REDIRECT_URI = "http://localhost:8765/callback"


class DemoSandbox(Sandbox):
    """A sandbox of one company, and the credentials to reach it."""

    def __init__(self, company: SandboxCompany, *, rate_limit: int | None = 600) -> None:
        super().__init__(company, rate_limit=rate_limit)
        self.company_id = company.id
        self.redirect_uri = REDIRECT_URI
        self.api_key = self.add_api_key(company.id)
        self.client = self.register_client([REDIRECT_URI], name="Kontobro")

    @property
    def client_id(self) -> str:
        return self.client.client_id

    @property
    def client_secret(self) -> str:
        return self.client.secret


def demo_sandbox() -> DemoSandbox:
    """The demo company, all its expenses queued; Export is not pressed yet."""
    from pleo_sandbox.demo_company import demo_company  # its receipts need the imaging libraries: load them late

    return DemoSandbox(demo_company())
