"""`python -m sandbox --world DIR`: both twins until Ctrl-C."""

import argparse
import json
import os
import signal
import sys
import threading
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from sandbox import Twins, running


def main() -> None:
    """Ends with 1 and a sentence where the world cannot be read or a port is taken."""
    try:
        _run(_options())
    except (OSError, ValueError) as wrong:
        sys.exit(f"sandbox: {wrong}")


def _run(options: argparse.Namespace) -> None:
    stopped = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda *_: stopped.set())
    with running(
        options.world,
        seed=options.seed,
        mirakl_port=options.mirakl_port,
        netsuite_port=options.netsuite_port,
        expect_violations=True,
    ) as twins:
        if options.ready:
            _write_privately(options.ready, json.dumps(ready_form(twins), indent=1))
        print(f"Mirakl twin    {twins.mirakl.url}  ({', '.join(twins.mirakl.marketplaces)})", flush=True)
        print(f"NetSuite twin  {twins.netsuite.url}  (account {twins.netsuite.account})", flush=True)
        stopped.wait()


def ready_form(twins: Twins) -> dict[str, Any]:
    """Where to call and with which credentials, as the ready file says it."""
    return {"mirakl": _form(twins.mirakl), "netsuite": _form(twins.netsuite)}


def _form(access: object) -> dict[str, Any]:
    if not is_dataclass(access):
        raise TypeError(f"a twin's access is a dataclass, not {access!r}")
    shown = {field.name: getattr(access, field.name) for field in fields(access) if field.name != "state"}
    return {name: _plain(value) for name, value in shown.items()}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _write_privately(place: Path, text: str) -> None:
    """Credentials are for their owner alone, and the file appears whole or not at all."""
    begun = place.with_name(place.name + ".begun")
    with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    begun.replace(place)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Twins of Mirakl and NetSuite on 127.0.0.1.")
    parser.add_argument("--world", type=Path, help="export folder to start from (default: an empty world)")
    parser.add_argument("--mirakl-port", type=int, default=0, help="default: a free one")
    parser.add_argument("--netsuite-port", type=int, default=0, help="default: a free one")
    parser.add_argument("--ready", type=Path, help="write addresses and credentials there once both listen")
    parser.add_argument("--seed", type=int, help="make the credentials repeatable")
    return parser.parse_args()


if __name__ == "__main__":
    main()
