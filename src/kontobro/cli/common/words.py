"""The command line in its reader's language: `--lang de`, else LC_ALL, LC_MESSAGES or LANG. JSON is always English.

The texts are in `cli/locale/`, read when the first of them is said in another language than English: a start costs
nothing. What `--help` says is translated as it is shown (`in_language`): docstrings and helps stay as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from kontobro.core.words import LANGUAGES

if TYPE_CHECKING:
    import gettext

    from kontobro.core.errors import KontobroError, Problem

OPTION: Final = "--lang"
_chosen: Final[dict[str, str]] = {}
_read: Final[dict[str, gettext.NullTranslations]] = {}


def choose(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> None:
    """Take the language from the command's words, else from the environment."""
    _chosen["language"] = _given(arguments) or next(
        (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), ""
    )


def _given(arguments: Sequence[str]) -> str:
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if word == "--":
            break
        if word == OPTION:
            return following
        if word.startswith(f"{OPTION}="):
            return word.partition("=")[2]
    return ""


def language() -> str:
    """`da`, `de`, `fr` or `sv`; empty for English and what we have no translation for."""
    name = re.split(r"[-_.@]", _chosen.get("language", ""))[0].lower()
    return name if name in LANGUAGES else ""


def _(text: str) -> str:
    """A text in the reader's language."""
    chosen = language()
    return _translations(chosen).gettext(text) if chosen and text else text


def ngettext(one: str, many: str, number: int) -> str:
    chosen = language()
    return _translations(chosen).ngettext(one, many, number) if chosen else (one if number == 1 else many)


def pgettext(context: str, text: str) -> str:
    """A text in the reader's language, of a context: a column's head, a phase of long work."""
    chosen = language()
    return _translations(chosen).pgettext(context, text) if chosen and text else text


def gettext_noop(text: str) -> str:
    """Marks a text that is said with `_` elsewhere."""
    return text


def code_words(code: str) -> str:
    """A state, a kind or a type as lists name it; in English as the code says it."""
    from kontobro.core.words import name_in

    return name_in(code, language()) if language() else code.replace("_", " ")


def _translations(name: str) -> gettext.NullTranslations:
    if name not in _read:
        import gettext
        from pathlib import Path

        with (Path(__file__).parent.parent / "locale" / f"{name}.mo").open("rb") as file:
            _read[name] = gettext.GNUTranslations(file)
    return _read[name]


def problem_words(problem: Problem) -> tuple[str, str]:
    """Message and remedy."""
    return problem.said(language() or None)


def fix_words(problem: Problem) -> tuple[str, str]:
    """Message and remedy before an export: in English without "then export it again"."""
    return problem_words(problem) if language() else (problem.message, problem.fix)


def note_words(note: str) -> str:
    from kontobro.core.words import note_in

    return note_in(note, language() or None)


def fault_words(fault: KontobroError) -> tuple[str, str]:
    """Message and remedy; of an error whose words are English only what its kind says, with the English below it."""
    from kontobro.core.errors import fault_code
    from kontobro.core.words import Noted, fault_said, note_in

    chosen = language()
    kind = fault_said(fault_code(fault), chosen) if chosen and not isinstance(fault.message, Noted) else None
    if kind:
        return kind.message, f"{kind.remedy}\n  {fault}"
    return note_in(fault.message, chosen), note_in(fault.remedy, chosen)


def in_language(command: Any) -> None:
    """Put what `--help` says of a command, its options and the commands below it into the reader's language."""
    if language():
        for holder, name in helps(command):
            setattr(holder, name, _(getattr(holder, name)))


def helps(command: Any) -> Iterator[tuple[Any, str]]:
    """Where the texts of `--help` are: a command or an option, and the attribute."""
    for holder in (command, *command.params):
        for name in ("help", "short_help", "rich_help_panel"):
            if isinstance(getattr(holder, name, None), str):
                yield holder, name
    for below in getattr(command, "commands", {}).values():
        yield from helps(below)
