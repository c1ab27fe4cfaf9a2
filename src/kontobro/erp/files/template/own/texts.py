"""The template in use, the one before it, and another kept in its place: the connection's options hold both texts."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.connection import TEMPLATE_BEFORE, TEMPLATE_TEXT
from kontobro.core.words import phrase, told
from kontobro.erp.files.template import READY
from kontobro.erp.files.template.layout import MOST_BYTES, wrong
from kontobro.erp.kit.masters_file import why_unread

DEFAULT: Final = "generic-lines"
KEPT_AS: Final = "kept with this connection"
"""What messages call a template that has no file."""

_OTHERS: Final = ("template", "template_file")
"""The options that name a template instead."""


def ready_text(name: str) -> str:
    """A template that comes with Kontobro, as text. Raises Misconfigured for a name that is none."""
    if name not in READY:
        raise Misconfigured(*told("template_unknown", name=shown(name), names=tuple(READY)))
    return (files("kontobro.erp.files.template") / "ready" / f"{name}.toml").read_text("utf-8")


def file_text(path: Path) -> bytes:
    """A template of one's own. Raises Misconfigured for a file that can't be read."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise wrong(path.name, phrase("file_bytes", most=MOST_BYTES), phrase("file_smaller"))
        return path.read_bytes()
    except (OSError, ValueError) as missing:
        raise wrong(path.name, why_unread(missing), phrase("template_file_set")) from missing


def chosen_text(options: Mapping[str, str]) -> tuple[str | bytes, str]:
    """The template in use and what messages call it: the file or the choice that the options name, else the text that
    is kept, else the default. Raises Misconfigured for a file that can't be read."""
    name, own = (options.get(one, "").strip() for one in _OTHERS)
    if own and name:
        raise Misconfigured(*told("two_templates"))
    if own:
        return file_text(Path(own)), Path(own).name
    if not name and (kept := options.get(TEMPLATE_TEXT)):
        return kept, KEPT_AS
    return ready_text(name or DEFAULT), name or DEFAULT


def text_in_use(options: Mapping[str, str]) -> str:
    """The template in use, as text; empty where its file can't be read."""
    try:
        text, _ = chosen_text(options)
    except Misconfigured:
        return ""
    return text if isinstance(text, str) else text.decode("utf-8", errors="replace")


def text_before(options: Mapping[str, str]) -> str:
    """The template that was in use before; empty where none was kept."""
    return options.get(TEMPLATE_BEFORE, "")


def with_template(options: Mapping[str, str], text: str) -> dict[str, str]:
    """The options with this template kept, instead of any other; the one in use until now is the one before."""
    before = text_in_use(options)
    rest = {name: value for name, value in options.items() if name not in (*_OTHERS, TEMPLATE_TEXT, TEMPLATE_BEFORE)}
    return {**rest, TEMPLATE_TEXT: text} | ({TEMPLATE_BEFORE: before} if before else {})
