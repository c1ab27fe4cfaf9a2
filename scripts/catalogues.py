"""What can be translated: each domain's English, taken from the code, and where its `.po` files are.

Templates are read as Django reads them (`templatize`), and Babel finds the texts: no GNU gettext is needed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.conf import settings as django_settings
from typer.main import get_command

import kontobro
from kontobro.cli.app import app
from kontobro.cli.common.show import PHASES
from kontobro.cli.common.tables import HEADS
from kontobro.cli.common.words import helps
from kontobro.cli.sync.show import PLAN_FIELDS, PLAN_VALUES
from kontobro.core import words
from kontobro.core.settings.catalogue import catalogue as settings_catalogue
from kontobro.core.settings.catalogue import row_catalogue
from kontobro.core.tieout.compare import MEANINGS as VERDICTS
from kontobro.core.words import catalogue
from kontobro.erp.registry import OURS, Registry
from kontobro.install.level import KIND_WORDS, MEANINGS
from kontobro.service.notices.notify import ONCE_A_DAY, WORDS
from kontobro.sync.shown import DECISIONS

SOURCE = Path(kontobro.__file__).parent
SINCE = datetime(2026, 11, 28, tzinfo=UTC)
"""In each header, so that a file changes with its sentences only."""

KEYWORDS: dict[str, Any] = DEFAULT_KEYWORDS | {
    f"{name}{ending}": DEFAULT_KEYWORDS[name]
    for name in ("gettext", "ngettext", "pgettext", "npgettext")
    for ending in ("_lazy", "_noop")
}


@dataclass(frozen=True)
class Domain:
    """Texts with files of their own. `po`: where a language's is; its `.mo` is beside it."""

    name: str
    about: str
    english: Callable[[], Catalog]
    po: Callable[[str], Path]


def empty() -> Catalog:
    return Catalog(project="Kontobro", creation_date=SINCE, revision_date=SINCE, fuzzy=False)


def problems() -> Catalog:
    """All that problems, errors and names say, each with where it is used: sentences, parts of sentences and names."""
    made, english = empty(), catalogue()
    for name, said in [*english.problems.items(), *english.faults.items()]:
        for sentence in said:
            made.add(sentence, auto_comments=[name])
    for name, text in english.phrases.items():
        made.add(text, context="phrase", auto_comments=[name])
    for name, text in english.names.items():
        made.add(text, context="name", auto_comments=[name])
    for place, text in said_elsewhere():
        if place.startswith("connector"):
            made.add(text, context="option", auto_comments=[place])
    for name, forms in (*settings_texts(), *mail_texts()):
        made.add(forms, context="mail" if name.startswith("mail") else "setting", auto_comments=[name])
    return made


def settings_texts() -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Label, help, choices and group of each setting, and of each key of a posting rule: a page shows all of them."""
    for kind, entries in (("setting", settings_catalogue()), ("rule's", row_catalogue())):
        for entry in entries.values():
            group = entry.group if entry.page else ""
            for text in filter(None, (group, entry.label, entry.help, *entry.choices.values())):
                yield f"{kind} {entry.key}", text


def mail_texts() -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Those that have a number are two: for one, and for many."""
    for cause, said in WORDS.items():
        for form, text in said.items():
            if not form.endswith("_one"):
                one = said.get(f"{form}_one")
                yield f"mail {cause}", (one, text) if one else text
    yield "mail", ONCE_A_DAY


def pages() -> Catalog:
    """What the pages' templates and Python files mark."""
    folder = SOURCE / "web"
    made = empty()
    _add(made, (path for path in sorted(folder.rglob("*.py")) if "migrations" not in path.parts), _as_it_is)
    _add(made, (path for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.txt")])), templatized)
    for place, text in said_elsewhere():
        made.add(text, auto_comments=[place])
    return made


def said_elsewhere() -> Iterator[tuple[str, str]]:
    """What pages show that other parts say: levels, and what our own connectors ask for."""
    yield from (("level", text) for text in (*MEANINGS.values(), *KIND_WORDS.values()))
    for name in sorted(OURS):
        connector = Registry(frozenset()).get(name)
        if " " in connector.label:  # else it is a product's name, or a format's
            yield f"connector {name}", connector.label
        for option in (*connector.settings, *connector.secrets):
            named = option.name == "template"  # ready-made ones are called after the systems they are for
            labels = (label for value, label in option.choices if label != value or (label.isalpha() and not named))
            yield from ((f"connector {name}", text) for text in (option.label, option.help, *labels) if text)


def command_line() -> Catalog:
    """What the command line marks, and what its `--help` says."""
    folder = SOURCE / "cli"
    made = empty()
    _add(made, sorted(folder.rglob("*.py")), _as_it_is)
    for holder, name in helps(get_command(app)):
        made.add(getattr(holder, name), auto_comments=["help"])
    for context, texts in (("column", HEADS), ("phase", PHASES), (None, said_by_others())):
        for text in texts:
            made.add(text, context=context)
    return made


def said_by_others() -> Iterator[str]:
    """What the command line shows that other parts say: levels, verdicts of a tie-out, decisions of a plan."""
    yield from (*MEANINGS.values(), *KIND_WORDS.values(), *VERDICTS.values(), *DECISIONS.values())
    yield from (*PLAN_FIELDS, *PLAN_VALUES)


def _add(made: Catalog, paths: Iterable[Path], read: Callable[[str], str]) -> None:
    for path in paths:
        for text, comments, context in marked(read(path.read_text(encoding="utf-8"))):
            made.add(
                text, locations=[(path.relative_to(SOURCE).as_posix(), 0)], auto_comments=comments, context=context
            )


def marked(source: str) -> Iterator[tuple[Any, list[str], str | None]]:
    """The texts that a Python file marks, with the comments for translators ("Translators: ...")."""
    file = io.BytesIO(source.encode())
    for _, text, comments, context in extract("python", file, KEYWORDS, ("Translators:",)):
        yield text, comments, context


def _as_it_is(source: str) -> str:
    return source


def templatized(source: str) -> str:
    """A template as Python that marks the same texts. Its lines lose their indents, which Python would mind."""
    if not django_settings.configured:
        django_settings.configure()
    from django.utils.translation.template import templatize

    return "\n".join(line.strip() for line in templatize(source).splitlines())


def _beside(folder: Path) -> Callable[[str], Path]:
    return lambda language: folder / f"{language}.po"


DOMAINS = (
    Domain(
        "problems",
        "What problems and errors say. English: english.toml.",
        problems,
        _beside(Path(words.__file__).parent),
    ),
    Domain(
        "pages",
        "The pages' texts.",
        pages,
        lambda language: SOURCE / "web" / "locale" / language / "LC_MESSAGES" / "django.po",
    ),
    Domain("cli", "The command line's texts.", command_line, _beside(SOURCE / "cli" / "locale")),
)
