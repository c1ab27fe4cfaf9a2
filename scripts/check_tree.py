"""Refuse what must never be in a tracked file: a package registry's host, a machine's path, a private key, a token.

`make check` runs it. Every rule names what it found and where; the remedy is in the message.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Written in pieces, so that this file passes its own check.
RULES: dict[str, re.Pattern[str]] = {
    "a package registry's host: leave it to the machine's own configuration": re.compile(
        r"(?:pypi|pythonhosted|npmjs|yarnpkg|crates)\." + r"(?:org|com|io)", re.IGNORECASE
    ),
    "a path of one machine: use a relative path or tmp_path": re.compile(
        r"(?<![\w./-])/(?:root|work|home/\w+|Users/\w+|opt/(?:pypi|wheels))" + r"(?=/|\b(?![\w.-]))"
    ),
    "a private key: remove it and revoke it": re.compile(r"-----BEGIN [A-Z ]*" + r"PRIVATE KEY-----"),
    "what looks like a live Pleo API key: remove it and revoke it": re.compile(r"\bplp_" + r"[A-Za-z0-9_-]{40,}"),
    "a merge left unfinished": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}

PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)


def tracked_files() -> list[Path]:
    """The files that git tracks or would track: ignored ones are no one's business."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def faults(path: Path) -> Iterator[str]:
    """One message per finding. Binary files are skipped: they can't be read as text."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for rule, pattern in RULES.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path.relative_to(ROOT)}:{line}: {rule} (found: {match.group(0)[:40]!r})"


def drifted_pins() -> Iterator[str]:
    """What is tried by `make test` is what runs: the versions of app.txt, service.txt and docs.txt are dev.txt's."""
    pins = {name: pinned(ROOT / "requirements" / f"{name}.txt") for name in ("app", "service", "dev", "docs")}
    for name in ("app", "service", "docs"):
        for package, versions in pins[name].items():
            if package in pins["dev"] and pins["dev"][package] != versions:
                yield f"requirements/{name}.txt: {package} differs from dev.txt; compile both again (CONTRIBUTING)"


def pinned(path: Path) -> dict[str, frozenset[str]]:
    """Package -> the versions a requirements file pins (several when they depend on the Python version)."""
    found: dict[str, frozenset[str]] = {}
    for package, version in PIN.findall(path.read_text(encoding="utf-8")):
        found[package] = found.get(package, frozenset()) | {version}
    return found


def main() -> int:
    messages = [message for path in tracked_files() for message in faults(path)]
    messages += drifted_pins()
    print("\n".join(messages) or "Tree: no registry host, no machine path, no key; the pins agree.")
    return bool(messages)


if __name__ == "__main__":
    sys.exit(main())
