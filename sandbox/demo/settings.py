"""The settings of a local run: a deployment's own file, with the twins' addresses and with less patience."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox import Twins
from sandbox.demo.owing import principals
from sandbox.local_aws import ROOT
from tieout.config import Config, read_config

SELLERS, OPERATORS = ROOT / "config/gift-shop.yaml", ROOT / "config/gift-shop-operator.yaml"
"""Settings that are run where no others are named."""
READ_TIMEOUT_SECONDS = 15.0
"""Of NetSuite writes; longer than any fault hangs."""


@dataclass(frozen=True)
class LocalSettings:
    """What the stack is deployed with, and how that differs from the deployment's own file."""

    config: Config
    file: Path
    sandbox_file: Path
    whole_file: Path
    """Both in one, as the functions have it and the CLI takes it."""
    differences: tuple[str, ...]


def local_settings(source: Path, twins: Twins, role: str, folder: Path, *, trouble: bool) -> LocalSettings:
    """Write the run's settings into `folder`.

    Everything that decides what is booked stays as `source` has it; only waiting gets shorter. Raises ConfigError.
    """
    read_config(source)
    data: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    told: list[str] = []
    changes: dict[tuple[str, ...], Any] = {
        # A worker that is killed keeps its postings this long.
        ("reliability", "lease_seconds"): 20 if trouble else 60,
        ("reliability", "backoff_base_seconds"): 0.2,
        ("reliability", "backoff_cap_seconds"): 2,
        ("reliability", "breaker_open_seconds"): 1 if trouble else 5,
        # The twins do a thing before they forget to answer, or not at all.
        ("reliability", "late_write_minutes"): 0.05,
        ("netsuite", "read_timeout_seconds"): READ_TIMEOUT_SECONDS,
    }
    for name, marketplace in data["marketplaces"].items():
        if role == "operator" and marketplace.get("role") != "operator" and marketplace.get("settlement"):
            # How a seller's books are kept; an operator's account map is another one.
            marketplace["settlement"] = _operators().get(name)
            told.append(f"marketplaces.{name}.settlement: as {OPERATORS.name} has it")
        if marketplace.get("settlement"):
            # Lines of the twin have settled when they are written, and nobody is there to approve journals.
            changes[("marketplaces", name, "settlement", "settled_hours")] = 0
            changes[("marketplaces", name, "settlement", "approve_journals")] = True
        if marketplace.get("stock") and role == "operator":
            # Stock of the operator's own shop only, and this one's shops are all other people's.
            changes[("marketplaces", name, "stock")] = None
            changes[("marketplaces", name, "listings")] = None
        elif marketplace.get("stock"):
            # The twins' clock stands still while a function runs: the next run sees what became of a file.
            changes[("marketplaces", name, "stock", "follow_seconds")] = 0
        if role == "operator":
            changes[("marketplaces", name, "role")] = "operator"
            # Sellers accept their orders; an operator only watches.
            changes[("marketplaces", name, "orders", "acceptance", "mode")] = "off"
    differences = told + [line for place, value in changes.items() if (line := _set(data, place, value))]
    file, sandbox_file = folder / "config.yaml", folder / "sandbox.json"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    addresses = {
        "mirakl": {name: one.url for name, one in twins.mirakl.marketplaces.items() if name in data["marketplaces"]},
        "netsuite": twins.netsuite.url,
    }
    sandbox_file.write_text(json.dumps(addresses), encoding="utf-8")
    whole_file = folder / "settings.yaml"
    whole_file.write_text(yaml.safe_dump({**data, "sandbox": addresses}, sort_keys=False), encoding="utf-8")
    return LocalSettings(read_config(whole_file), file, sandbox_file, whole_file, tuple(differences))


def bought_at(source: Path, role: str) -> list[str]:
    """Marketplaces whose operator buys what the shops sell, in a run of this role. Raises ConfigError."""
    config = read_config(source)
    if role == "operator" and all(one.role != "operator" for one in config.marketplaces.values()):
        return [name for name in principals(read_config(OPERATORS)) if name in config.marketplaces]
    return principals(config)


def _operators() -> dict[str, Any]:
    """How the operator's own example books, by marketplace."""
    data = yaml.safe_load(OPERATORS.read_text(encoding="utf-8"))
    return {name: marketplace["settlement"] for name, marketplace in data["marketplaces"].items()}


def _set(data: dict[str, Any], place: tuple[str, ...], value: object) -> str | None:
    """Set one value; says what changed, if anything did."""
    for key in place[:-1]:
        data = data.setdefault(key, {})
    former = data.get(place[-1])
    data[place[-1]] = value
    if former == value:
        return None
    if value is None:
        return f"{'.'.join(place)}: left out"
    return f"{'.'.join(place)}: {'(default)' if former is None else former} -> {value}"
