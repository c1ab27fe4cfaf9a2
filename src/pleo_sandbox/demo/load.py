"""The sandbox as `make demo` and people meet it: the demo company, with a key and an OAuth client made again."""

from __future__ import annotations

from dataclasses import dataclass

from pleo_sandbox.demo.company import demo_company
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox

REDIRECT_URI = "http://localhost:8765/callback"
"""Of a command line."""
SERVICE = "http://127.0.0.1:8765"
SERVICE_REDIRECT = f"{SERVICE}/connect/pleo/callback"
START_URL = f"{SERVICE}/connect/pleo/start"


@dataclass(frozen=True, slots=True)
class Integration:
    """How the demo's OAuth client is registered: where Connect and Settings lead, and further redirects."""

    start_url: str = START_URL
    settings_url: str = f"{SERVICE}/"
    redirect_uris: tuple[str, ...] = (SERVICE_REDIRECT,)


class DemoSandbox(Sandbox):
    """A sandbox of one company, and the credentials to reach it."""

    def __init__(
        self, company: SandboxCompany, *, rate_limit: int | None = 600, integration: Integration | None = None
    ) -> None:
        super().__init__(company, rate_limit=rate_limit)
        self.company_id = company.id
        self.redirect_uri = REDIRECT_URI
        self.api_key = self.add_api_key(company.id)
        self.integration = integration or Integration()
        self.client = self.register_client(
            dict.fromkeys([REDIRECT_URI, *self.integration.redirect_uris]),
            name="Kontobro",
            start_url=self.integration.start_url,
            settings_url=self.integration.settings_url,
        )

    @property
    def client_id(self) -> str:
        return self.client.client_id

    @property
    def client_secret(self) -> str:
        return self.client.secret


def demo_sandbox(integration: Integration | None = None) -> DemoSandbox:
    """The demo company, all its expenses queued; Export is not pressed yet."""
    return DemoSandbox(demo_company(), integration=integration)
