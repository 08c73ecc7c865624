"""What a client sent, read from the request as it went out."""

from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest


def query_of(request: PreparedRequest) -> dict[str, str]:
    """The query's parameters by name; one that was sent twice fails, since a system may read either."""
    pairs = parse_qsl(urlsplit(request.url or "").query, keep_blank_values=True)
    sent = dict(pairs)
    assert len(sent) == len(pairs), f"a parameter was sent twice: {request.url}"
    return sent


def body_of(request: PreparedRequest) -> str:
    """The body as text; a request without one fails."""
    assert request.body, f"{request.method} {request.url} was sent without a body"
    return request.body if isinstance(request.body, str) else request.body.decode()
