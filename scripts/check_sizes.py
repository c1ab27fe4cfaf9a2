"""Hold the product's code to its sizes: no function over 40 lines, no file over 400, no folder over 12 files, median
function under 10, no line of a page's template over 160 characters.

The habit is design rule 7. Tests, migrations and vendored files are not counted. `make check` runs it.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
FILE_LIMIT = 400
FUNCTION_LIMIT = 40
FOLDER_LIMIT = 12
"""Python files directly in a folder."""
FILE_A_VERB = {"src/kontobro/cli"}
"""Folders with a file for each thing of one kind: a reader knows which to open."""
MEDIAN_LIMIT = 10
TEMPLATE_LIMIT = 160
"""Characters of a line in a template. Between two blocks, or between the attributes of a tag, it can be broken."""
SKIPPED_FOLDERS = {"migrations", "vendor", "node_modules"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def counted_files() -> list[Path]:
    folders = [ROOT / name for name in ("src", "addons", "connectors", "scripts", "erp_lab", "bench", "contract")]
    files = (path for folder in folders for path in folder.rglob("*.py"))
    return sorted(path for path in files if not SKIPPED_FOLDERS & set(path.parts))


def functions(tree: ast.AST) -> Iterator[Function]:
    """Functions with a body; the `...` of a protocol is none, and would flatter the median."""
    return (node for node in ast.walk(tree) if isinstance(node, Function) and not is_signature(node))


def is_signature(node: Function) -> bool:
    last = node.body[-1]
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant)


def length(node: Function) -> int:
    """Lines from `def` to the end, decorators and docstring left out: prose is not what tires a reader."""
    end = node.end_lineno or node.lineno
    first = node.body[0]
    has_docstring = ast.get_docstring(node) is not None
    prose = (first.end_lineno or first.lineno) - first.lineno + 1 if has_docstring else 0
    return end - node.lineno + 1 - prose


def long_lines(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if len(line) > TEMPLATE_LIMIT:
            yield f"{path.relative_to(ROOT)}:{number}: {len(line)} characters, over {TEMPLATE_LIMIT}: break the line"


def full_folders(files: Iterable[Path]) -> Iterator[str]:
    for folder, count in Counter(path.parent.relative_to(ROOT).as_posix() for path in files).items():
        if count > FOLDER_LIMIT and folder not in FILE_A_VERB:
            yield f"{folder}: {count} Python files, over {FOLDER_LIMIT}: make folders by what they are about"


def main() -> int:
    lengths: list[int] = []
    messages = [message for path in sorted((ROOT / "src").rglob("*.html")) for message in long_lines(path)]
    messages += full_folders(counted_files())
    for path in counted_files():
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        if (lines := text.count("\n")) > FILE_LIMIT:
            messages.append(f"{name}: {lines} lines, over {FILE_LIMIT}: split it by what it is about")
        for node in functions(ast.parse(text)):
            lengths.append(length(node))
            if lengths[-1] > FUNCTION_LIMIT:
                messages.append(f"{name}:{node.lineno}: {node.name} has {lengths[-1]} lines, over {FUNCTION_LIMIT}")
    middle = median(lengths) if lengths else 0
    if middle >= MEDIAN_LIMIT:
        messages.append(f"the median function has {middle} lines, not under {MEDIAN_LIMIT}")
    print("\n".join(messages) or f"Sizes: {len(lengths)} functions, median {middle:g} lines, longest {max(lengths)}.")
    return bool(messages)


if __name__ == "__main__":
    sys.exit(main())
