"""How Mirakl says no: a status, a sentence, and the code where its documentation names one."""

import math
from typing import Any

from starlette.responses import Response

from sandbox.control import json_response


class MiraklRefusal(Exception):
    """A refusal. `code` is Mirakl's machine code (OR21 lists its own), `field` the place in the request,
    `retry_after` the seconds a 429 asks the client to wait."""

    def __init__(
        self, status: int, message: str, *, code: str = "", field: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.field = field
        self.retry_after = retry_after

    def response(self) -> Response:
        body: dict[str, Any] = {"status": self.status, "message": self.message}
        if self.code:
            body["errors"] = [{"code": self.code, "field": self.field, "message": self.message}]
        response = json_response(body, self.status)
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        return response
