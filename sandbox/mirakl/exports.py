"""What exports as files have in common: made after a while, fetched where it is said."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sandbox import decimal_json
from sandbox.clock import text_of
from sandbox.mirakl.admission import Admitted
from sandbox.mirakl.desk import Desk
from sandbox.mirakl.refusals import MiraklRefusal
from sandbox.mirakl.state import Json

_A_MEGABYTE = 1_000_000
_SIGNATURE = "as-signed"

File = TypeVar("File")


def state_told(call: Admitted, desk: Desk, ready_at: datetime, urls: Iterable[str], error: Json) -> Json:
    """How far an export is (TL04, OF53): with its files' addresses when it is made, with `error` where exports fail."""
    told: Json = {"last_updated": text_of(min(call.at, ready_at))}
    if call.at < ready_at:
        return told | {"status": "PENDING"}
    if desk.behaviours.is_on("exports_fail"):
        return told | {"status": "FAILED", "error": error}
    if desk.behaviours.is_on("export_files_are_signed"):
        # Another host name is another place to whoever calls: a storage, to which no credential of ours belongs.
        urls = [f"{url.replace('//127.0.0.1:', '//localhost:')}&signature={_SIGNATURE}" for url in urls]
    return told | {"status": "COMPLETED", "urls": list(urls)}


def may_fetch(call: Admitted, desk: Desk) -> None:
    """A signed address takes no credential beside its signature, as storages do; any other takes one.

    Raises MiraklRefusal.
    """
    signed = desk.behaviours.is_on("export_files_are_signed")
    if signed and "authorization" in call.asked.headers:
        raise MiraklRefusal(400, "Only one way of authorization is allowed")
    if signed and call.parameters.get("signature") != _SIGNATURE:
        raise MiraklRefusal(403, "The address is not signed")
    if not signed and call.asked.persona is None:
        raise MiraklRefusal(401, "Unauthorized")


def file_named(call: Admitted, files: Sequence[File], folder: str = "") -> File:
    """The file that the address names by its place, such as `0.json`. Raises MiraklRefusal where there is none."""
    named = str(call.parameters.get("file", ""))
    place = named.removeprefix(folder).partition(".")[0]
    if not place.isdigit() or int(place) >= len(files):
        raise MiraklRefusal(404, f"There is no file {named}")
    return files[int(place)]


def in_files(rows: Iterable[Json], items: int, megabytes: int | None) -> Iterator[list[Json]]:
    """At most so many rows a file, and about so many bytes where a size is given. An export of nothing is one file."""
    part: list[Json] = []
    held = 0
    for row in rows:
        length = len(decimal_json.dumps(row)) if megabytes else 0
        if len(part) >= items or (megabytes and part and held + length > megabytes * _A_MEGABYTE):
            yield part
            part, held = [], 0
        part.append(row)
        held += length
    yield part
