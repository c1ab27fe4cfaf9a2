"""No page, message, help text, document or screen of a module uses an old word of `old_words.toml`."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from kontobro.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
LIST = tomllib.loads((ROOT / "tests" / "docs" / "old_words.toml").read_text(encoding="utf-8"))

PYTHON = ("src", "addons", "connectors", "bench", "contract", "erp_lab", "scripts")
"""Folders whose string constants are texts that people read."""

BESIDE = ("deploy/**/*", "*.toml", "addons/**/*.toml", "src/**/*.js", "src/**/*.css", "src/**/*.beancount")
"""Examples, metadata, configuration that people read, comments and all."""


class Text(NamedTuple):
    """A text that a person reads, and where it is."""

    file: str
    line: int
    text: str


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def files(folder: str, *endings: str) -> Iterator[Path]:
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix in endings and not {"vendor", "migrations", "tests", "__pycache__"} & set(path.parts):
            yield path


def lines_of(path: Path) -> Iterator[Text]:
    """A text as paragraphs, so that a phrase over two lines is found."""
    for match in re.finditer(r"(?:[^\n]+\n?)+", path.read_text(encoding="utf-8")):
        line = match.string.count("\n", 0, match.start()) + 1
        yield Text(named(path), line, match.group())


def texts_in(value: object) -> Iterator[str]:
    """The texts of a TOML document; its keys are code."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, str):
        yield value


def documents() -> Iterator[Text]:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("[!.]*/**/*.md")]:
        if not {"node_modules", "site"} & set(path.parts):  # of others, and what the docs are built into
            yield from lines_of(path)
    for path in (ROOT / "src/kontobro").rglob("*.toml"):
        yield from (Text(named(path), 1, text) for text in texts_in(tomllib.loads(path.read_text(encoding="utf-8"))))
    for path in sorted({path for beside in BESIDE for path in ROOT.glob(beside)}):
        if path.is_file() and "vendor" not in path.parts:
            yield from lines_of(path)
    for number, line in enumerate((ROOT / "Makefile").read_text(encoding="utf-8").splitlines(), 1):
        if "  ## " in line:
            yield Text("Makefile", number, line.partition("  ## ")[2])


TEMPLATE_CODE = re.compile(r"\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}", re.DOTALL)
READ_ALOUD = re.compile(r"""\b(?:aria-label|title|placeholder|alt|data-confirm|string|help|confirm)="([^"]*)\"""")
IN_CODE = re.compile(r"""\{%[^%]*?"([^"]* [^"]*)"[^%]*%\}""")
TAG = re.compile(r"<[^<>]*>", re.DOTALL)


def shown(source: str) -> Iterator[tuple[int, str]]:
    """What a browser shows of some HTML, line by line, and what a screen reader reads out besides."""
    for number, line in enumerate(TAG.sub(lambda tag: " " + "\n" * tag.group().count("\n"), source).splitlines()):
        yield number, unescape(line)
    for match in READ_ALOUD.finditer(source):
        yield source.count("\n", 0, match.start()), unescape(match.group(1))


def templates() -> Iterator[Text]:
    for path in files("src/kontobro", ".html", ".txt"):
        source = path.read_text(encoding="utf-8")
        code_free = TEMPLATE_CODE.sub(lambda code: "…" + "\n" * code.group().count("\n"), source)
        yield from (Text(named(path), 1 + line, text) for line, text in shown(code_free) if text.strip())
        for match in IN_CODE.finditer(source):
            yield Text(named(path), 1 + source.count("\n", 0, match.start()), unescape(match.group(1)))


def strings_of(path: Path) -> Iterator[Text]:
    """The string constants of a module, f-strings whole. Docstrings are not among them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            text = "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
            yield Text(named(path), node.lineno, text)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield Text(named(path), node.lineno, node.value)


def messages() -> Iterator[Text]:
    for folder in PYTHON:
        for path in files(folder, ".py"):
            for one in strings_of(path):
                if " " in one.text.strip():
                    yield from (Text(one.file, one.line + line, text) for line, text in shown(one.text))


def screens() -> Iterator[Text]:
    """Views, menus and translatable texts of the modules; of a translation only what is translated."""
    for path in files("addons", ".xml"):
        source = re.sub(
            r"<!--.*?-->", lambda gone: "\n" * gone.group().count("\n"), path.read_text("utf-8"), flags=re.DOTALL
        )
        yield from (Text(named(path), 1 + line, text) for line, text in shown(source) if text.strip())
    for path in files("addons", ".pot", ".po"):
        source = path.read_text(encoding="utf-8")
        for match in re.finditer(r'^msgid ((?:".*"\n)+)', source, re.MULTILINE):
            text = "".join(ast.literal_eval(part) for part in match.group(1).splitlines())
            yield Text(named(path), 1 + source.count("\n", 0, match.start()), text)


def helps() -> Iterator[Text]:
    """Every verb's own help, which comes from its docstring."""

    def walk(name: str, command: Any) -> Iterator[Text]:
        yield Text(f"{name} --help", 0, command.help or "")
        for verb, one in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {verb}", one)

    yield from walk("kontobro", typer.main.get_command(app))


@cache
def old_words() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What is refused, and what is allowed although an old word is in it."""
    old, allowed = (
        "|".join(f"(?:{phrase})" for phrase in LIST[name]).replace(" ", r"\s+") for name in ("old", "allowed")
    )
    return re.compile(rf"\b(?:{old})\b", re.IGNORECASE), re.compile(rf"\b(?:{allowed})\b", re.IGNORECASE)


def old_in(text: str) -> list[str]:
    """The old words of a text. Names of placeholders are code."""
    old, allowed = old_words()
    text = re.sub(r"%\(\w+\)s|\{\w+\}", "…", text)
    return [match.group() for match in old.finditer(allowed.sub("…", text))]


PLACES = {"documents": documents, "templates": templates, "messages": messages, "screens": screens, "helps": helps}


@pytest.mark.parametrize("place", PLACES)
def test_no_old_word_is_read(place: str) -> None:
    texts = list(PLACES[place]())
    assert len(texts) > 20
    wrong = [
        f"{one.file}:{one.line}: {old!r} in: {' '.join(one.text.split())[:140]}"
        for one in texts
        for old in old_in(one.text)
    ]
    assert not wrong, f"{len(wrong)} old words:\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("Nothing to mend", ["mend"]),
        ("An amendment stands for itself.", []),
        ("Pleo is in\nstep: it goes on.", ["in\nstep", "goes on"]),
        ("%(list)s, line 1: %(fault)s", []),
        ("It is not kept any more.", ["not kept any more"]),
    ],
)
def test_old_words_are_found_as_whole_phrases(text: str, old: list[str]) -> None:
    assert old_in(text) == old


def test_every_allowed_phrase_is_needed() -> None:
    old, _ = old_words()
    assert all(old.search(re.sub(r"[?\\]", "", phrase)) for phrase in LIST["allowed"])
