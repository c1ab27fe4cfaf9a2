"""Installations: which application is connected to which company, and how far (api.md I)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from pleo_sandbox.clock import Clock, stamp
from pleo_sandbox.company.oauth import Credential
from pleo_sandbox.errors import PleoError
from pleo_sandbox.model import Json
from pleo_sandbox.rules import Rules


@dataclass(slots=True)
class Installation:
    application_id: str
    resource: str
    status: str
    created_at: datetime
    updated_at: datetime
    metadata: Json = field(default_factory=dict)
    error_code: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "applicationId": self.application_id,
            "resource": self.resource,
            "status": self.status,
            "metadata": self.metadata,
            "createdAt": stamp(self.created_at),
            "updatedAt": stamp(self.updated_at),
            **({"errorCode": self.error_code} if self.error_code else {}),
        }


class Installations:
    """One installation per client (or key) and resource."""

    def __init__(self, clock: Clock, rules: Rules) -> None:
        self._clock = clock
        self._rules = rules
        self._known: dict[tuple[str, str], Installation] = {}

    def find(self, credential: Credential, missing: int | None = None) -> Installation:
        """Raises PleoError with the status `missing`, else as `Rules.missing_installation` has it."""
        installation = self._known.get((credential.client_id, credential.subject))
        if installation is None:
            status = missing or self._rules.missing_installation
            raise PleoError(status, "INSTALLATION_NOT_FOUND", f"{credential.application} is not installed here")
        return installation

    def all(self) -> list[Installation]:
        return list(self._known.values())

    def install(self, credential: Credential, status: str, metadata: Json | None = None) -> Installation:
        """Create the installation, or bring the one that is there to this status."""
        key = (credential.client_id, credential.subject)
        now = self._clock.now()
        if key not in self._known:
            self._known[key] = Installation(credential.client_id, credential.subject, status, now, now)
        return self.change(self._known[key], status, metadata=metadata)

    def change(
        self, installation: Installation, status: str, *, error_code: str | None = None, metadata: Json | None = None
    ) -> Installation:
        installation.status = status
        installation.error_code = error_code
        installation.updated_at = self._clock.now()
        if metadata is not None:
            installation.metadata = metadata
        return installation

    def remove(self, credential: Credential) -> None:
        """Raises PleoError 404."""
        self.drop(self.find(credential, 404))

    def drop(self, installation: Installation) -> None:
        """Whoever ends the connection."""
        del self._known[(installation.application_id, installation.resource)]
