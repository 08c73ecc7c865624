"""Token-based authentication: an OAuth 1.0a signature (HMAC-SHA256) on every request (RFC 5849 section 3.4)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

_OLDEST_SECONDS = 300
_PARAMETER = re.compile(r'\s*([A-Za-z_]+)="([^"]*)"\s*(?:,|$)')
_NEEDED = ("oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature_method")


@dataclass(frozen=True)
class TbaKeys:
    """The keys of a token and its integration."""

    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


class TbaRefused(Exception):
    """The signature or what it signs is not good; the words are for the audit trail."""


def signature(keys: TbaKeys, method: str, url: str, parameters: Sequence[tuple[str, str]]) -> str:
    """The signature over a request: `url` without its query, `parameters` the query's and the oauth_ ones."""
    encoded = sorted((_encoded(name), _encoded(value)) for name, value in parameters)
    normal = "&".join(f"{name}={value}" for name, value in encoded)
    base = "&".join(_encoded(part) for part in (method.upper(), url, normal))
    key = f"{_encoded(keys.consumer_secret)}&{_encoded(keys.token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


class TbaVerifier:
    """Checks `Authorization: OAuth ...` headers for one account; remembers nonces so that none is used twice."""

    def __init__(self, account: str, keys: TbaKeys) -> None:
        self._account = account
        self._keys = keys
        self._nonces: dict[tuple[str, int], None] = {}

    def check(self, header: str, method: str, url: str, query: Sequence[tuple[str, str]], now: float) -> None:
        """Raises TbaRefused. The JSON body is not part of what is signed."""
        given = oauth_parameters(header)
        missing = [name for name in (*_NEEDED, "realm", "oauth_signature") if name not in given]
        if missing:
            raise TbaRefused(f"missing {', '.join(missing)}")
        if given["realm"] != self._account:
            raise TbaRefused(f"realm {given['realm']!r} is not the account {self._account!r}")
        if given["oauth_signature_method"] != "HMAC-SHA256" or given.get("oauth_version", "1.0") != "1.0":
            raise TbaRefused("only HMAC-SHA256 and version 1.0 are taken")
        known = (self._keys.consumer_key, self._keys.token_id)
        if (given["oauth_consumer_key"], given["oauth_token"]) != known:
            raise TbaRefused("unknown consumer key or token")
        signed = [(name, value) for name, value in given.items() if name not in ("realm", "oauth_signature")]
        expected = signature(self._keys, method, url, [*query, *signed])
        if not hmac.compare_digest(expected, given["oauth_signature"]):
            raise TbaRefused("the signature does not match")
        self._check_freshness(given["oauth_timestamp"], given["oauth_nonce"], now)

    def _check_freshness(self, timestamp: str, nonce: str, now: float) -> None:
        if not timestamp.isdecimal() or abs(now - int(timestamp)) > _OLDEST_SECONDS:
            raise TbaRefused(f"timestamp {timestamp} is not within {_OLDEST_SECONDS} s of now")
        used = (nonce, int(timestamp))
        if used in self._nonces:
            raise TbaRefused("this nonce has been used")
        self._nonces[used] = None


def oauth_parameters(header: str) -> dict[str, str]:
    """The parameters of an `OAuth ...` header, decoded. Raises TbaRefused for anything else."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        raise TbaRefused("not an OAuth header")
    found: dict[str, str] = {}
    place = 0
    while place < len(rest):
        part = _PARAMETER.match(rest, place)
        if part is None:
            raise TbaRefused("malformed OAuth header")
        found[part[1]] = unquote(part[2])
        place = part.end()
    return found


def _encoded(text: str) -> str:
    return quote(text, safe="~")
