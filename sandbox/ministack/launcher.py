"""MiniStack as Tieout's local AWS, run by MiniStack's own Python: `GATEWAY_PORT=p python launcher.py`.

It mends what MiniStack drops and our stack needs, and then hands over to MiniStack's own main():

* a table's expiry attribute and a function's reserved concurrency, which its CloudFormation loses without a word;
* EventBridge Scheduler, which would fire by this machine's clock: a day of the sandbox runs on the twins' clock, and
  whoever directs the day fires the deployed schedules (TIEOUT_OWN_SCHEDULES=1 leaves them to MiniStack);
* layers, which every new worker would unpack for itself: they are unpacked once and shared;
* and, on demand (TIEOUT_DOUBLE_MESSAGES=1), every message of a queue is delivered twice, as SQS may.

All of it is private to one MiniStack version, so any other is refused. It ends when the process that started it does:
a run that is killed leaves nothing behind.
"""

import hashlib
import importlib.metadata
import io
import os
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

MINISTACK = "1.5.33"

Properties = dict[str, Any]


def main() -> None:
    installed = importlib.metadata.version("ministack")
    if installed != MINISTACK:
        sys.exit(f"the local AWS needs ministack {MINISTACK}, this is {installed}: run `make setup`")
    mend_tables()
    mend_functions()
    share_layers(Path(os.environ["STATE_DIR"]) / "layers")
    if os.environ.get("TIEOUT_OWN_SCHEDULES") != "1":
        leave_schedules_to_the_director()
    if os.environ.get("TIEOUT_DOUBLE_MESSAGES") == "1":
        double_messages()
    end_with_the_parent(int(os.environ["TIEOUT_PARENT"]))

    import ministack.app  # noqa: PLC0415 - the repairs come first

    sys.argv = sys.argv[:1]
    ministack.app.main()


def after_create(resource: str, mend: Callable[[str, Properties], None]) -> None:
    """Run `mend(physical id, properties)` each time CloudFormation has made such a resource."""
    from ministack.services.cloudformation import provisioners  # noqa: PLC0415

    handlers = provisioners._RESOURCE_HANDLERS[resource]  # noqa: SLF001 - a pinned version's own table
    create = handlers["create"]

    def create_and_mend(logical_id: str, properties: Properties, stack: str) -> Any:
        made = create(logical_id, properties, stack)
        mend(made[0], properties)
        return made

    handlers["create"] = create_and_mend


def mend_tables() -> None:
    from ministack.services import dynamodb  # noqa: PLC0415

    def mend(table: str, properties: Properties) -> None:
        wanted = properties.get("TimeToLiveSpecification")
        if wanted:
            expiry = {"Enabled": str(wanted.get("Enabled", True)).lower() == "true"}
            expiry["AttributeName"] = wanted["AttributeName"]
            dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": expiry})  # noqa: SLF001

    for resource in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        after_create(resource, mend)


def mend_functions() -> None:
    from ministack.services import lambda_svc  # noqa: PLC0415

    def mend(function: str, properties: Properties) -> None:
        reserved = properties.get("ReservedConcurrentExecutions")
        if reserved is not None:
            lambda_svc._functions[function]["concurrency"] = int(reserved)  # noqa: SLF001

    after_create("AWS::Lambda::Function", mend)


def share_layers(shared: Path) -> None:
    """Unpack each layer once; workers get a layer that only says where it is.

    A worker adds `<layer>/python/lib/<any>/site-packages` as a site directory, and a `.pth` file in it adds the rest.
    """
    from ministack.services import lambda_svc  # noqa: PLC0415

    resolve = lambda_svc._resolve_layer_zip  # noqa: SLF001
    lock = threading.Lock()
    pointers: dict[str, bytes] = {}

    def resolve_to_pointer(attachment: Any) -> bytes | None:
        layer: bytes | None = resolve(attachment)
        if not layer:
            return layer
        digest = hashlib.sha256(layer).hexdigest()
        with lock:
            if digest not in pointers:
                place = shared / digest
                with zipfile.ZipFile(io.BytesIO(layer)) as packed:
                    packed.extractall(place)
                pointers[digest] = _pointer_to(place / "python")
        return pointers[digest]

    lambda_svc._resolve_layer_zip = resolve_to_pointer  # noqa: SLF001


def _pointer_to(place: Path) -> bytes:
    pointer = io.BytesIO()
    with zipfile.ZipFile(pointer, "w") as packed:
        # In front of what the interpreter brings itself, as a layer is.
        packed.writestr(
            "python/lib/python3/site-packages/layer.pth", f"import sys; sys.path.insert(0, {str(place)!r})\n"
        )
    return pointer.getvalue()


def leave_schedules_to_the_director() -> None:
    from ministack.services import scheduler  # noqa: PLC0415

    scheduler._tick_schedules = lambda: None  # noqa: SLF001


def double_messages() -> None:
    """Every message twice, except those that were given up: SQS delivers at least once."""
    from ministack.services import sqs  # noqa: PLC0415

    send = sqs._act_send_message  # noqa: SLF001

    def send_twice(data: Properties, url: str) -> Any:
        if not str(data.get("QueueUrl", url)).endswith("-given-up"):
            send(data, url)
        return send(data, url)

    sqs._act_send_message = send_twice  # noqa: SLF001
    handlers = next(
        table for table in vars(sqs).values() if isinstance(table, dict) and table.get("SendMessage") is send
    )
    handlers["SendMessage"] = send_twice


def end_with_the_parent(parent: int) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        # Workers are in our process group: none of them outlives us.
        os.killpg(0, signal.SIGTERM)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


if __name__ == "__main__":
    main()
