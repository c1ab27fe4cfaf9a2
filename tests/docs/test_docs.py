"""The pages say what is so: verbs exist, links lead somewhere, commands are commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

FENCE = re.compile(r"^```(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def page_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The ids that a page's headings get, as the site and as code hosts make them."""
    headings = HEADING.findall(prose(page))
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_pages_were_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/index.md"} <= {page_name(page) for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.is_relative_to(ROOT), f"{target} leads out of the project"
        assert linked.exists(), f"{target} does not exist"
        assert not anchor or anchor in anchors(linked), f"{target}: no such heading"


FILLED = {"<name>": ("beancount", "odoo", "tryton"), "<format>": ("datev", "fec", "sie", "template")}
"""What a placeholder of a path stands for: the path has to exist for each."""


def test_where_a_change_goes_names_files_that_exist() -> None:
    table = (
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Where does my change go?")[1].split("\n## ")[0]
    )
    named = {name for name in re.findall(r"`([\w<>./-]+[/.][\w<>./-]*)`", table) if "/" in name}
    assert len(named) > 20
    verbs = [file.stem for file in (ROOT / "src/kontobro/cli").glob("[a-z]*.py")]
    assert verbs
    for name in named:
        for system in FILLED.get("".join(re.findall("<(?:name|format)>", name)), ("",)):
            path = re.sub("<(name|format)>", system, name).replace("<verb>", verbs[0])
            assert any((root / path).exists() for root in (ROOT, ROOT / "src", ROOT / "src/kontobro")), (name, system)


def makefile_verbs() -> set[str]:
    """The verbs that the Makefile says something about."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_make_verb_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)[^`]*`|^\$ make ([a-z-]+)", text, re.MULTILINE))
    assert {verb for pair in named for verb in pair if verb} <= makefile_verbs()


def test_contributing_names_every_verb() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert makefile_verbs() - {"help"} <= set(re.findall(r"`make ([a-z-]+)", text))


def test_the_readme_opens_with_what_it_is_and_the_two_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20])
    assert re.findall(r"^\$ make (\w+)", first_screen, re.MULTILINE) == ["demo", "test"]
    assert "Pleo" in first_screen
    assert "bookkeeper" in first_screen


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^(?:\w+=\w+ )*make test$", script, re.MULTILINE)
    assert "make check" in script


def test_the_site_has_every_page_and_no_other() -> None:
    navigation = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    in_navigation = set(re.findall(r'"([\w/-]+\.md)"', navigation))
    assert in_navigation == {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
