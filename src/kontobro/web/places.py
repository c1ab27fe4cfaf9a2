"""What pages work with: this process's open home, and the runner that does what they ask for."""

from __future__ import annotations

from kontobro.bootstrap import Home
from kontobro.core.runner import Runner


class Places:
    """One of each for a process. `use` sets them: when the process starts, or for a test."""

    def __init__(self) -> None:
        self._home: Home | None = None
        self._runner: Runner | None = None

    def use(self, home: Home, runner: Runner) -> None:
        self._home, self._runner = home, runner

    @property
    def home(self) -> Home:
        if self._home is None:
            raise RuntimeError("the service has not been started: kontobro.web.places.use was not called")
        return self._home

    @property
    def runner(self) -> Runner:
        if self._runner is None:
            raise RuntimeError("the service has not been started: kontobro.web.places.use was not called")
        return self._runner


places = Places()
