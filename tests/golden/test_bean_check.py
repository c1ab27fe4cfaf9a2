"""What the golden files expect is a ledger."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_bean_check_accepts_all_of_them(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.beancount"
    ledger.write_text("".join(f'include "{path}"\n' for path in sorted(HERE.glob("*.beancount"))), encoding="utf-8")
    checked = subprocess.run(
        [str(Path(sys.executable).with_name("bean-check")), "--no-cache", str(ledger)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
