"""`python -m sandbox.demo`: see the whole thing work, on this machine, with nobody's real orders."""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from sandbox.demo.command_line import CommandError
from sandbox.demo.day import DayError
from sandbox.demo.outcome import Outcome
from sandbox.demo.run import BusyError, Options, run
from sandbox.demo.screen import show
from sandbox.demo.settings import OPERATORS, SELLERS
from sandbox.local_aws import ROOT, LocalAwsError
from tieout.config import ConfigError

INTERRUPTED = 130


def main() -> int:
    options = _options()
    # Whoever ends us by SIGTERM gets the same clean end as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        outcome = run(options, lambda evening, summary: _report(options, evening, summary))
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended", flush=True)
        return INTERRUPTED
    except (ConfigError, LocalAwsError, DayError, CommandError, BusyError, FileNotFoundError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 1 if outcome.problems else 0


def _report(options: Options, outcome: Outcome, summary: dict[str, Any]) -> None:
    out = options.out or options.folder / "out"
    show(Console(highlight=False), outcome, summary, out, options.folder, keep=options.keep)


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--world", type=Path, help="export folder to play (default: one is made up)")
    parser.add_argument("--out", type=Path, help="where the twins' books go (default: .run/demo/out)")
    parser.add_argument(
        "--faults", type=float, default=0.0, help="probability of each fault of the twins, on each call"
    )
    parser.add_argument("--role", choices=("seller", "operator"), default="seller")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--orders", type=int, default=300, help="of a made-up world")
    parser.add_argument("--config", type=Path, help="settings (default: an example of the role)")
    parser.add_argument(
        "--flash-sale", action=argparse.BooleanOptionalAction, default=True, help="a rush on ten SKUs at the end"
    )
    parser.add_argument("--keep", action="store_true", help="leave everything running after the report, until Ctrl-C")
    parser.add_argument("--folder", type=Path, default=ROOT / ".run/demo", help="where the run keeps its state")
    given = parser.parse_args()
    if not 0 <= given.faults < 1:
        parser.error(f"--faults is a probability below 1, not {given.faults}")
    if given.world is not None and not given.world.is_dir():
        parser.error(f"there is no world at {given.world}: it is a folder with mirakl/ and netsuite/ in it")
    given.config = given.config or (OPERATORS if given.role == "operator" else SELLERS)
    folder = given.folder.resolve()
    return Options(**{**vars(given), "folder": folder, "out": given.out.resolve() if given.out else None})


if __name__ == "__main__":
    sys.exit(main())
