"""gunicorn's log on the way of all others: `logger_class = "kontobro.service.logging.gunicorn.GunicornLogs"`."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger

from kontobro.service.config import config
from kontobro.service.logging.logs import LEVELS, set_up_logs


class GunicornLogs(Logger):  # type: ignore[misc]  # gunicorn has no types
    """No handlers of its own. The access log stays off: its lines have addresses with query strings."""

    def setup(self, cfg: Any) -> None:
        set_up_logs(config())
        self.error_log.propagate, self.access_log.propagate = True, False
        self.error_log.handlers[:] = []
        self.access_log.handlers[:] = [logging.NullHandler()]
        level = LEVELS[config().log_level]
        # its comings and goings tell a person nothing: they are for who debugs
        self.error_log.setLevel(level if level == logging.DEBUG else max(level, logging.WARNING))
