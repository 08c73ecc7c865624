"""The local AWS is one exact version, because the run mends what that version lacks."""

import subprocess
import sys
from pathlib import Path

from sandbox.local_aws import LAUNCHER


def test_any_other_ministack_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "ministack-9.9.9.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: ministack\nVersion: 9.9.9\n")
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, str(LAUNCHER)], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs ministack 1.5.33, this is 9.9.9: run `make setup`" in done.stderr
