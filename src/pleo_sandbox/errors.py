"""What the sandbox answers when it refuses: Pleo's `ExceptionInfo {type, message}` (api.md B0)."""

from __future__ import annotations

from collections.abc import Mapping


class PleoError(Exception):
    """One refused request: HTTP status, `type`, `message` and headers of the answer."""

    def __init__(self, status: int, type_: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {type_}: {message}")
        self.status = status
        self.type = type_
        self.message = message
        self.headers = dict(headers or {})


class ResponseLost(ConnectionError):
    """The sandbox was told to drop this connection without an answer."""


def bad_parameter(name: str, value: str | None, remedy: str) -> PleoError:
    return PleoError(400, "PARAMETER_VALIDATION_FAILED", f"{name}: {value!r} is not valid: {remedy}")


def bad_body(message: str) -> PleoError:
    return PleoError(400, "VALIDATION_FAILED", message)


def forbidden(message: str) -> PleoError:
    return PleoError(403, "FORBIDDEN", message)


def unauthorized(message: str) -> PleoError:
    return PleoError(401, "UNAUTHORIZED", message, {"WWW-Authenticate": 'Bearer realm="pleo", Basic realm="pleo"'})
