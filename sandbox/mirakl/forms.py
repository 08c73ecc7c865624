"""Requests as forms (multipart/form-data): how Mirakl takes files."""

from typing import Any, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, create_form_parser

from sandbox.mirakl.refusals import MiraklRefusal

_LARGEST_IN_MEMORY = 256 * 1024 * 1024


class Form(NamedTuple):
    """A form as it was sent: its fields, the content of its part `file`, and what the fields say once they are read."""

    fields: list[tuple[str, str]]
    file: bytes
    values: dict[str, Any] = {}  # noqa: RUF012 - nobody writes in it


def read_form(content_type: str, body: bytes) -> Form:
    """Raises MiraklRefusal: 415 for what is no form, 400 for a broken one, for one without a file, and for a file whose
    name is not plain ASCII."""
    if not content_type.startswith("multipart/form-data"):
        raise MiraklRefusal(415, "Unsupported media type: send multipart/form-data")
    fields: list[tuple[str, str]] = []
    files: list[tuple[str, bytes]] = []

    def take_field(field: Field) -> None:
        fields.append(((field.field_name or b"").decode(), (field.value or b"").decode()))

    def take_file(file: File) -> None:
        if not (file.file_name or b"").isascii():
            raise MiraklRefusal(400, "The name of a file is plain ASCII")
        file.file_object.seek(0)
        files.append(((file.field_name or b"").decode(), file.file_object.read()))

    headers = {"Content-Type": content_type.encode()}
    try:
        parser = create_form_parser(headers, take_field, take_file, {"MAX_MEMORY_FILE_SIZE": _LARGEST_IN_MEMORY})
        parser.write(body)
        parser.finalize()
    except (FormParserError, UnicodeDecodeError) as broken:
        raise MiraklRefusal(400, f"Malformed multipart/form-data: {broken}") from broken
    named = [content for name, content in files if name == "file"]
    if len(named) != 1:
        raise MiraklRefusal(400, "The form has one part named file", code="VALIDATION_ERROR", field="file")
    return Form(fields, named[0])
