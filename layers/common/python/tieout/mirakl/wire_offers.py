"""What we read of imports and of exports of offers, as leniently as of orders (see `wire`)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.json import Decoder

from tieout.mirakl.wire_documents import EXPORT_ASKED, EXPORT_STATE

__all__ = ["EXPORT_ASKED", "EXPORT_STATE", "FILE_STATE", "FILE_STATES", "FILE_TAKEN", "FileState"]


class FileTaken(Struct, frozen=True):
    """STO01, OF01, PRI01: a file was taken and waits; OF01 counts its imports by number."""

    import_id: str | int | None = None


class FileState(Struct, frozen=True):
    """STO02, OF02, PRI02: how far a file is."""

    import_id: str | int | None = None
    status: str | None = None
    lines_in_success: int | str | None = None
    lines_in_error: int | str | None = None
    has_error_report: bool | None = None
    reason_status: str | None = None
    date_created: datetime | None = None


class FileStates(Struct, frozen=True):
    """PRI02 lists."""

    data: list[FileState]


FILE_TAKEN = Decoder(FileTaken)
FILE_STATE = Decoder(FileState)
FILE_STATES = Decoder(FileStates)
