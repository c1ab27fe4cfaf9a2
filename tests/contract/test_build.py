"""The overlay adds error answers, each with its source, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.build import DOCUMENTS, LEFT_OUT, OVERLAY, build, general_answers, merged, operations, read_yaml

pytestmark = pytest.mark.contract

ANSWERS = general_answers(read_yaml(OVERLAY))


def test_every_general_answer_is_an_error_with_its_source_and_pleos_error_body() -> None:
    for status, answer in ANSWERS.items():
        assert status[0] in "45", status
        assert set(answer) == {"description", "x-source", "content"}, status
        assert answer["x-source"].strip(), status
        (media_type,) = answer["content"]
        assert media_type == "application/json;charset=UTF-8"
        assert answer["content"][media_type]["schema"] == {"$ref": "#/components/schemas/ExceptionInfo"}


def without_answers(document: dict[str, Any]) -> dict[str, Any]:
    for _path, _method, operation in operations(document):
        for status in ANSWERS:
            operation["responses"].pop(status, None)
    return document


def test_the_overlay_changes_nothing_that_pleo_wrote(shared: Path) -> None:
    folder = shared / "pleo" / "openapi"
    plain, whole = merged([read_yaml(folder / name) for name in DOCUMENTS]), build(folder)
    for (_path, _method, before), (_same, _too, after) in zip(operations(plain), operations(whole), strict=True):
        assert before["responses"].items() <= after["responses"].items()
        assert set(after["responses"]) == set(before["responses"]) | set(ANSWERS)
    assert without_answers(whole) == without_answers(plain)


def test_documents_that_disagree_are_refused() -> None:
    one = {"info": {"version": "1"}, "paths": {}, "components": {"schemas": {"Money": {"type": "object"}}}}
    other = {"paths": {}, "components": {"schemas": {"Money": {"type": "string"}}}}
    with pytest.raises(ValueError, match="disagree about schemas Money"):
        merged([one, other])


def test_only_what_pleo_hides_is_left_out(shared: Path) -> None:
    hidden: set[str] = set()
    for name in DOCUMENTS:
        paths = yaml.safe_load((shared / "pleo" / "openapi" / name).read_text(encoding="utf-8"))["paths"]
        left_out = {path: item for path, item in paths.items() if path.startswith(tuple(LEFT_OUT))}
        assert all(operation["x-exclude"] for item in left_out.values() for operation in item.values())
        hidden |= set(left_out)
    assert hidden
    assert not hidden & set(build(shared / "pleo" / "openapi")["paths"])
