"""How far each marketplace has been read, kept in the postings table."""

from __future__ import annotations

from datetime import datetime

from tieout.aws.rows import instant, read_instant
from tieout.aws.table import RefusedError, RowKey, Table, Update, changes


class DynamoWatermarks:
    """Fits `flows.ports.Watermarks`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, marketplace: str) -> datetime | None:
        """The last watermark, as last written."""
        row = self._table.read(_key(marketplace))
        return read_instant(row["watermark"]) if row else None

    def advance(self, marketplace: str, to: datetime) -> None:
        """Move it forward; a slower poller that comes later moves nothing back."""
        fields = {"watermark": instant(to)}
        forward = "attribute_not_exists(#pk) OR #watermark < :watermark"
        try:
            self._table.update(Update(key=_key(marketplace), change=changes(fields), values=fields, condition=forward))
        except RefusedError:
            return


def _key(marketplace: str) -> RowKey:
    return f"WATERMARK#{marketplace}", "WATERMARK"
