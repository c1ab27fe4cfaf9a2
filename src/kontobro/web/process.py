"""What pages work with: this process's application, and the runner that does what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from kontobro.bootstrap import App
from kontobro.core.errors import Misconfigured
from kontobro.core.ports import Store
from kontobro.core.ports.runner import Runner

if TYPE_CHECKING:
    from kontobro.store.read.firm import Firm
    from kontobro.store.read.overview import Overview


def change(store: Store, connection_id: str, secrets: Mapping[str, str] | None = None, **parts: Any) -> None:
    """Store parts of a connection, and `secrets` given for it, over what is stored of it by now: while the accounting
    system was asked, someone may have disconnected it, or its login may have ended. Raises Misconfigured when it is
    gone."""
    stored = store.connection(connection_id)
    if stored is None:
        raise Misconfigured(_("This connection no longer exists."), _("Connect the company again."))
    store.save_connection(replace(stored, **parts), secrets=secrets)


class WebContext:
    """One of each for a process. `use` sets them: when the process starts, or for a test."""

    def __init__(self) -> None:
        self._app: App | None = None
        self._runner: Runner | None = None

    def use(self, app: App, runner: Runner) -> None:
        self._app, self._runner = app, runner

    @property
    def app(self) -> App:
        if self._app is None:
            raise RuntimeError("the service has not been started: kontobro.web.process.use was not called")
        return self._app

    @property
    def overview(self) -> Overview:
        """What the store tells of many connections at once."""
        from kontobro.store.read.overview import overview_of  # Django's models, which need Django set up

        return overview_of(self.app.store)

    @property
    def firm(self) -> Firm:
        """What lists of all of a firm's companies read."""
        from kontobro.store.read.firm import firm_of  # Django's models, which need Django set up

        return firm_of(self.app.store)

    @property
    def runner(self) -> Runner:
        if self._runner is None:
            raise RuntimeError("the service has not been started: kontobro.web.process.use was not called")
        return self._runner


process = WebContext()
