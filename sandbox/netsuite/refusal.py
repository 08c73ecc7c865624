"""How NetSuite says no: one error envelope for everything but the token endpoint."""

from collections.abc import Mapping
from typing import Any

_RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
# Oracle's samples point some refusals at the paragraph on 400, others at the whole section.
_ON_400 = "#sec10.4.1"
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    429: "Bad Request",  # as published, and with a stray top-level code
    500: "Internal Server Error",
}


class Refusal(Exception):
    """An answer other than 2xx. `path` names the offending property, `parameter` the offending query parameter."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        path: str | None = None,
        parameter: str | None = None,
        headers: Mapping[str, str] | None = None,
        anchor: str = "",
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.path = path
        self.parameter = parameter
        self.headers = dict(headers or {})
        self.anchor = anchor

    def body(self) -> dict[str, Any]:
        found = {"detail": self.detail, "o:errorCode": self.code}
        if self.path is not None:
            found["o:errorPath"] = self.path
        if self.parameter is not None:
            found["o:errorQueryParam"] = self.parameter
        envelope: dict[str, Any] = {
            "type": _RFC + self.anchor,
            "title": _TITLES[self.status],
            "status": self.status,
            "o:errorDetails": [found],
        }
        if self.status == 429:
            envelope["o:errorCode"] = "USER_ERROR"
        return envelope


def user_error(words: str, *, path: str | None = None) -> Refusal:
    """What a user would be told on the form: most business refusals arrive so."""
    return Refusal(400, "USER_ERROR", f"Error while accessing a resource. {words}", path=path, anchor=_ON_400)


def invalid_value(value: object, field: str, path: str) -> Refusal:
    """A reference that is missing, inactive or not usable here, or a value of the wrong kind."""
    words = f"Error while accessing resource: You have entered an Invalid Field Value {value} for the following field: "
    return Refusal(400, "INVALID_CONTENT", words + field, path=path, anchor=_ON_400)


def invalid_key(words: str, path: str) -> Refusal:
    """A reference that exists, but not for this subsidiary."""
    return Refusal(400, "INVALID_KEY_OR_REF", f"Error while accessing a resource. {words}", path=path)


def missing_value(label: str) -> Refusal:
    return user_error(f"Please enter value(s) for: {label}")


def may_not_set(field: str, path: str) -> Refusal:
    return user_error(
        f"You do not have permissions to set a value for element {field} due to one of the following reasons: "
        "1) The field is read-only; 2) An associated feature is disabled; 3) The field is available either when a "
        "record is created or updated, but not in both cases.",
        path=path,
    )


def no_such_record() -> Refusal:
    return Refusal(404, "NONEXISTENT_ID", "Record does not exist.")


def no_permission() -> Refusal:
    return Refusal(403, "INSUFFICIENT_PERMISSION", "You do not have permission to access this record.")


def role_may_not() -> Refusal:
    """A gap in the role is answered 400 by some operations."""
    return Refusal(400, "USER_ERROR", "Your current role does not have permission to perform this action.")


def invalid_request(
    words: str = "The request could not be understood by the server due to malformed syntax.",
) -> Refusal:
    return Refusal(400, "INVALID_REQUEST", words)


def too_many_at_once() -> Refusal:
    return Refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")


def unexpected(error_id: str = "jrgbpyylphhishmmlxyt") -> Refusal:
    return Refusal(500, "UNEXPECTED_ERROR", f"An unexpected error occurred. Error ID: {error_id}")
