"""Write docs/service/environment.md from the service's settings: `python -m scripts.environment_page`.

A test compares the page with what this gives, so that it can't fall behind.
"""

from __future__ import annotations

from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from kontobro.service.config import PREFIX, ServiceConfig

PAGE = Path(__file__).resolve().parent.parent / "docs" / "service" / "environment.md"
HEAD = """\
# Environment variables

What the service (`kontobro serve`, `web`, `worker`, `doctor`) reads. All have a default; a wrong one stops the start,
with a message that names it. Settings of a connection are not here: see its page, and [Settings](../settings.md).

This page is made from the code by `python -m scripts.environment_page`; a test holds the two equal.

| variable | takes | default | |
|---|---|---|---|
"""


def page() -> str:
    return HEAD + "".join(row(name, field) for name, field in ServiceConfig.model_fields.items())


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


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
