"""The command line, as a person uses it on the running stack."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from sandbox.demo.settings import LocalSettings
from sandbox.local_aws import ROOT, LocalAws

SECONDS = 300


class CommandError(Exception):
    """A command did not do what it was asked for; the message has its own words."""


@dataclass(frozen=True)
class CommandLine:
    """`tieout`, with the stack's settings and address."""

    aws: LocalAws
    settings: LocalSettings

    def tieout(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
        """What the command prints. Raises CommandError when it ends with another code than those accepted."""
        done = subprocess.run(
            [sys.executable, "-m", "tieout.cli", *arguments],
            env={
                "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "PYTHONPATH": str(ROOT / "layers/common/python"),
                "TIEOUT_CONFIG": str(self.settings.whole_file),
                "COLUMNS": "140",
                "NO_PROXY": "127.0.0.1",
                **self.aws.environment(),
            },
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            timeout=SECONDS,
        )
        if done.returncode not in accepted:
            said = (done.stdout + done.stderr).strip()[-2_000:]
            raise CommandError(f"`tieout {' '.join(arguments)}` ended with {done.returncode}: {said}")
        return done.stdout

    def asked(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> Any:
        """Its answer as JSON."""
        return json.loads(self.tieout(*arguments, "--json", accepted=accepted))
