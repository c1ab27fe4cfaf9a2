"""What the database itself refuses of documents: a number given twice, an impossible move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from kontobro.core.documents import DocumentState

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MOVES: Final[Mapping[DocumentState, tuple[DocumentState, ...]]] = {
    "rendering": ("sealed",),
    "sealed": ("delivering", "released"),
    "delivering": ("delivering", "sealed", "unsure", "delivered", "released"),
    "unsure": ("delivering", "delivered", "released"),
    "delivered": ("delivering", "released"),  # a file that vanished from its folder is delivered again
    "released": (),
}
"""The moves of a document. `delivering` again: by the run after one that was killed."""

_MOVE = (
    "NOT ("
    + " OR ".join(
        f"(OLD.state = '{old}' AND NEW.state IN ({', '.join(map(repr, news))}))" for old, news in MOVES.items() if news
    )
    + ")"
)
_BOTH = "(OLD.imported_at IS NOT NULL AND NEW.state = 'released')"
_FACTS = ("connection_id", "number", "label", "job_id", "moment", "first", "last", "vouchers")
_CHANGED = " OR ".join(f"NEW.{name} <> OLD.{name}" for name in _FACTS)
_KEPT = " OR ".join(
    f"NEW.{name} <> OLD.{name}"
    for name in ("connection_id", "document_id", "series", "year", "number", "reference", "facts")
)

RULES: Final = (
    (
        "document_moves",
        "UPDATE OF state ON kontobro_document",
        f"{_MOVE} OR {_BOTH}",
        "not in the diagram of documents",
    ),
    (
        "document_keeps",
        f"UPDATE OF {', '.join(_FACTS)} ON kontobro_document",
        f"OLD.state <> 'rendering' AND ({_CHANGED})",
        "a sealed document is not changed",
    ),
    ("file_keeps", "UPDATE ON kontobro_documentfile", "TRUE", "a sealed file is not changed"),
    (
        "voucher_keeps",
        "UPDATE ON kontobro_voucher",
        f"{_KEPT} OR (OLD.released AND NOT NEW.released)",
        "a voucher is not changed",
    ),
    ("series_goes_up", "UPDATE OF last ON kontobro_series", "NEW.last <= OLD.last", "a number is given once"),
)
"""Trigger, when, what it refuses, and in which words."""


def create_document_guards(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """A migration's step: create the triggers."""
    for statement in _statements(editor.connection.vendor):
        editor.execute(statement, params=None)


def drop_document_guards(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """The step backwards."""
    on_table = editor.connection.vendor == "postgresql"
    for name, when, _, _ in RULES:
        on = f" ON {when.rpartition(' ')[2]}" if on_table else ""
        editor.execute(f"DROP TRIGGER kontobro_{name}{on}", params=None)


def _statements(vendor: str) -> Sequence[str]:
    if vendor == "postgresql":
        return [
            f"CREATE TRIGGER kontobro_{name} BEFORE {when} FOR EACH ROW WHEN ({refused})"
            f" EXECUTE FUNCTION kontobro_refuse('{words}')"
            for name, when, refused, words in RULES
        ]
    return [
        f"CREATE TRIGGER kontobro_{name} BEFORE {when} WHEN {refused}"
        f" BEGIN SELECT RAISE(ABORT, 'impossible move: {words}'); END"
        for name, when, refused, words in RULES
    ]
