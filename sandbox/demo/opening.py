"""Before the day begins: its world, and the stack's connections to it."""

import json
import random
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sandbox import Twins, decimal_json, generate
from sandbox.demo.settings import LocalSettings
from sandbox.demo.twin_control import TwinControl, rows
from sandbox.local_aws import LocalAws
from sandbox.world import World
from tieout.config import Config
from tieout.domain.ids import external_id

ORDERS = 300
LIVE_SHARE = 0.1


@dataclass(frozen=True)
class Morning:
    """The world as the twins start from it, and the orders that buyers place during the day."""

    folder: Path
    to_come: dict[str, list[dict[str, Any]]]


def invented_morning(folder: Path, seed: int, orders: int = ORDERS, shops: Sequence[int] = ()) -> Morning:
    """A generated world; a tenth of its orders is held back, to arrive while the stack runs.

    `shops` are those that the orders are spread over; left out, all are of one.
    """
    shutil.rmtree(folder, ignore_errors=True)
    world = generate.world(seed, orders, folder)
    dice = random.Random(seed)
    to_come: dict[str, list[dict[str, Any]]] = {}
    for file in sorted((world / "mirakl").glob("*/orders.ndjson")):
        every = [order | ({"shop_id": dice.choice(shops)} if shops else {}) for order in rows(file.read_bytes())]
        later = set(dice.sample(range(len(every)), round(len(every) * LIVE_SHARE)))
        file.write_bytes(decimal_json.ndjson([order for place, order in enumerate(every) if place not in later]))
        to_come[file.parent.name] = [every[place] for place in sorted(later)]
    return Morning(world, to_come)


def taken_over(world: Path, folder: Path, config: Config) -> Morning:
    """A world as it is, but that NetSuite's customer of each marketplace bears our external id already.

    It is what a shop does whose predecessor system has billed the marketplace: payments settle that customer's bills.
    """
    wanted = {name: marketplace.orders.sales_orders.customer.name for name, marketplace in config.marketplaces.items()}
    customers = [
        {
            "entityid": entity,
            "companyname": wanted[entity] or entity,
            "externalid": external_id(entity, "CUS", "MARKETPLACE"),
        }
        for entity in sorted({str(row.get("entity")) for row in World(world).netsuite("documents")} & wanted.keys())
    ]
    if not customers or World(world).netsuite("customers"):
        return Morning(world, {})
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(world, folder, copy_function=shutil.copyfile)
    (folder / "netsuite").chmod(0o755)
    (folder / "netsuite" / "customers.ndjson").write_bytes(decimal_json.ndjson(customers))
    return Morning(folder, {})


def write_environment(file: Path, aws: LocalAws, settings: LocalSettings) -> None:
    """What the CLI needs to speak to the running stack, for a shell to read: `. .run/demo/environment`."""
    lines = {**aws.environment(), "TIEOUT_CONFIG": str(settings.whole_file)}
    file.write_text("".join(f"export {name}={value}\n" for name, value in lines.items()))


def fill_secrets(aws: LocalAws, config: Config, twins: Twins) -> None:
    """Write the twins' credentials where the functions look for the vendors'."""
    netsuite = twins.netsuite
    secrets: dict[str, dict[str, Any]] = {
        "netsuite": {
            "client_id": netsuite.client_id,
            "certificate_id": netsuite.certificate_id,
            "private_key": netsuite.private_key,
            "certificate": netsuite.certificate,
        }
        if config.netsuite.auth == "oauth2"
        else asdict(netsuite.tba)
    }
    for name, marketplace in config.marketplaces.items():
        access = twins.mirakl.marketplaces[name]
        seller = marketplace.role == "seller"
        secrets[f"mirakl/{name}"] = {"api_key": access.api_key} if seller else {"bearer_token": access.operator_token}
    manager = aws.client("secretsmanager")
    for name, value in secrets.items():
        manager.put_secret_value(SecretId=f"tieout/{config.deployment}/{name}", SecretString=json.dumps(value))


def register_webhooks(aws: LocalAws, config: Config, outputs: dict[str, str], control: TwinControl, copies: int) -> int:
    """Tell the Mirakl twin where its events go, with the secret that the deployment generated."""
    manager = aws.client("secretsmanager")
    wanted = [name for name, marketplace in config.marketplaces.items() if marketplace.webhooks.enabled]
    for name in wanted:
        held = manager.get_secret_value(SecretId=f"tieout/{config.deployment}/webhooks/{name}")
        secret = json.loads(held["SecretString"])["current"]
        control.register_webhook(name, events_url(aws, outputs, name), secret, copies)
    return len(wanted)


def netsuite_hook(aws: LocalAws, config: Config, outputs: dict[str, str]) -> dict[str, str] | None:
    """Where NetSuite's script rings, and the secret that it signs with; None where the deployment has no such door."""
    if not config.netsuite.events or "NetSuiteEventsUrl" not in outputs:
        return None
    held = aws.client("secretsmanager").get_secret_value(SecretId=f"tieout/{config.deployment}/webhooks/netsuite")
    secret = json.loads(held["SecretString"])["current"]
    return {"url": _door(aws, outputs["NetSuiteEventsUrl"], "netsuite/events"), "secret": secret}


def events_url(aws: LocalAws, outputs: dict[str, str], marketplace: str) -> str:
    """Where a marketplace's events go."""
    return _door(aws, outputs["EventsUrl"], f"mirakl/{marketplace}/events")


def _door(aws: LocalAws, output: str, path: str) -> str:
    """The deployed name has no DNS here: MiniStack takes the same API by path."""
    api = re.search(r"//([a-z0-9]+)\.execute-api", output)
    if api is None:
        raise ValueError(f"the output is {output!r}; expected an HTTP API's address")
    return f"{aws.url}/_aws/execute-api/{api[1]}/$default/{path}"
