"""The table of docs/service/environment.md, from the service's settings (`scripts/docs_from_code.py` writes it)."""

from __future__ import annotations

from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from kontobro.service.config import PREFIX, ServiceConfig

HEADS = "| variable | takes | default | |\n|---|---|---|---|\n"


def table() -> str:
    """Every variable of the service."""
    return HEADS + "".join(row(name, field) for name, field in ServiceConfig.model_fields.items())


def row(name: str, field: FieldInfo) -> str:
    cells = (f"`{PREFIX}{name.upper()}`", kind(field.annotation), default(field), field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def kind(annotation: Any) -> str:
    """What a person may write."""
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if isinstance(annotation, UnionType):
        raise TypeError("a setting takes one kind of value")
    words = {str: "text", int: "number", bool: "`true`, `false`", Path: "folder", SecretStr: "secret"}
    return words[annotation]


def default(field: FieldInfo) -> str:
    """The default as it is written, or what stands for it."""
    if field.default_factory is not None:
        return "the user's data folder"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else ""
