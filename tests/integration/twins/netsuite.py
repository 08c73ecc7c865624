"""Talking to a running NetSuite twin as the integration does, and as whoever holds the strings."""

import base64
import json
import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.netsuite import NetSuiteAccess, NetSuiteTwin
from sandbox.netsuite.periods import period_of
from sandbox.netsuite.tba import TbaKeys, signature
from tests.shared import shared

Json = dict[str, Any]
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
RECORD = "/services/rest/record/v1/"
SUITEQL = "/services/rest/query/v1/suiteql"
MUG, PEN, OLD_LAMP, EURO_PLUG, LISTED_BOOK = "1000", "1001", "1002", "1003", "1004"
_ITEMS: list[Json] = [
    {"id": MUG, "itemid": "MUG", "externalid": "SKU-MUG", "upccode": "500001"},
    {"id": PEN, "itemid": "PEN"},
    {"id": OLD_LAMP, "itemid": "OLD-LAMP", "isinactive": "T"},
    {"id": EURO_PLUG, "itemid": "EURO-PLUG", "subsidiary": ["2"]},
    {"id": LISTED_BOOK, "itemid": "BOOK", "baseprice": 12.5},
]


def write_world(folder: Path) -> Path:
    """A shop with five items; mugs in both places of the UK, pens in one."""
    stock = {MUG: [("1", 10), ("2", 3)], PEN: [("1", 5)]}
    rows = [
        {"displayname": item["itemid"].title(), "itemtype": "InvtPart", "isinactive": "F", "upccode": None}
        | item
        | {"locations": [{"location": place, "quantityavailable": n} for place, n in stock.get(str(item["id"]), [])]}
        for item in _ITEMS
    ]
    (folder / "netsuite").mkdir(parents=True)
    (folder / "netsuite" / "items.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def rows_of(twin: NetSuiteTwin, query: str) -> list[dict[str, str]]:
    """What a twin that does not run yet would answer."""
    rows, _ = twin.account.suiteql.page(query)
    return rows


@dataclass
class NetSuite:
    """The integration's view of one running twin."""

    url: str
    twin: NetSuiteTwin
    access: NetSuiteAccess
    _tokens: list[str] = field(default_factory=list)

    @cached_property
    def session(self) -> requests.Session:
        return requests.Session()

    # -- login ---------------------------------------------------------------------------------------------------

    def claims(self, **changes: Any) -> Json:
        now = int(time.time())
        plain = {
            "iss": self.access.client_id,
            "scope": ["rest_webservices"],
            "aud": self.url + TOKEN_PATH,
            "iat": now - 10,
            "exp": now + 290,
            "jti": str(uuid.uuid4()),
        }
        return {name: value for name, value in (plain | changes).items() if value is not None}

    def assertion(self, key: Any = None, alg: str = "ES256", kid: str | None = None, **changes: Any) -> str:
        signing: Any = key or load_pem_private_key(self.access.private_key.encode(), None)
        return jwt.encode(self.claims(**changes), signing, alg, {"kid": kid or self.access.certificate_id})

    def ask_token(self, assertion: str, **changes: Any) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        return self.session.post(self.url + TOKEN_PATH, data=form | changes, timeout=10)

    def token(self) -> str:
        if not self._tokens:
            answer = self.ask_token(self.assertion())
            assert answer.status_code == 200, answer.text
            self._tokens.append(answer.json()["access_token"])
        return self._tokens[-1]

    def tba_header(self, method: str, target: str, query: Sequence[tuple[str, str]] = (), **changes: Any) -> str:
        """An OAuth 1.0a header; `changes` replace its parameters after signing, or the keys (`keys`) before."""
        keys: TbaKeys = changes.pop("keys", self.access.tba)
        given = {
            "oauth_consumer_key": keys.consumer_key,
            "oauth_token": keys.token_id,
            "oauth_nonce": changes.pop("nonce", secrets.token_hex(10)),
            "oauth_timestamp": str(changes.pop("timestamp", int(time.time()))),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_version": "1.0",
        }
        parts = urlsplit(self.url + target)
        signed = signature(keys, method, f"{parts.scheme}://{parts.netloc}{parts.path}", [*query, *given.items()])
        whole = {"realm": self.access.account, **given, "oauth_signature": signed} | changes
        return "OAuth " + ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in whole.items())

    # -- calls ---------------------------------------------------------------------------------------------------

    def call(self, method: str, target: str, body: Any = None, **headers: str) -> requests.Response:
        """One call with a bearer token; underscores in header names stand for hyphens."""
        sent = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body, default=_number).encode()
        return self.session.request(method, self.url + target, data=data, headers=sent, timeout=10)

    def post(self, kind: str, body: Json, **headers: str) -> requests.Response:
        return self.call("POST", RECORD + kind, body, **headers)

    def create(self, kind: str, body: Json) -> str:
        """Create a record that must be taken; answers its id."""
        answer = self.post(kind, body)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def get(self, kind: str, key: str, **query: str) -> Json:
        parameters = "&".join(f"{name}={value}" for name, value in ({"expandSubResources": "true"} | query).items())
        answer = self.call("GET", f"{RECORD}{kind}/{key}?{parameters}")
        assert answer.status_code == 200, answer.text
        read: Json = json.loads(answer.content, parse_float=Decimal)
        return read

    def transform(self, kind: str, key: str, target: str, body: Json | None = None) -> requests.Response:
        return self.call("POST", f"{RECORD}{kind}/{key}/!transform/{target}", body or {})

    def make(self, kind: str, key: str, target: str, body: Json | None = None) -> str:
        """Transform what must be taken; answers the id of what was made."""
        answer = self.transform(kind, key, target, body)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def patch(self, kind: str, key: str, body: Json, query: str = "") -> requests.Response:
        return self.call("PATCH", f"{RECORD}{kind}/{key}{query}", body)

    def change(self, kind: str, key: str, body: Json, query: str = "") -> None:
        answer = self.patch(kind, key, body, query)
        assert answer.status_code == 204, answer.text

    def status(self, kind: str, key: str) -> str:
        return str(self.get(kind, key)["status"]["id"])

    def close_period(self, **flags: bool) -> None:
        """The accountant closes (or locks) the month of the twin's clock."""
        account = self.twin.account
        period = period_of(account.store, account.clock.now().date().isoformat())
        assert period is not None
        period.values.update(flags or {"closed": True})
        account.store.note(period)

    def customer(self, external_id: str = "T-shop-CUS-MARKETPLACE", **more: Any) -> str:
        plain = {"companyName": f"Shop {external_id}", "subsidiary": {"id": "1"}, "currency": {"id": "1"}}
        return self.create("customer", plain | {"externalId": external_id} | more)

    def order(self, *lines: Json, **more: Any) -> Json:
        """The body of a sales order of the marketplace's customer, a mug at 10.00 unless told."""
        plain = {
            "entity": {"externalId": "T-shop-CUS-MARKETPLACE"},
            "orderStatus": {"id": "B"},
            "location": {"id": "1"},
            "item": {"items": list(lines) or [line()]},
        }
        return {name: value for name, value in (plain | more).items() if value is not None}

    def query(self, text: str, *parameters: Any, page: str = "") -> requests.Response:
        body = {"q": text, "params": list(parameters)} if parameters else {"q": text}
        return self.call("POST", SUITEQL + page, body, Prefer="transient")

    def rows(self, text: str, *parameters: Any) -> list[dict[str, str]]:
        """The rows of a query that must be taken, without their links."""
        answer = self.query(text, *parameters)
        assert answer.status_code == 200, answer.text
        return [{name: value for name, value in row.items() if name != "links"} for row in answer.json()["items"]]

    def control(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = self.session.request(method, f"{self.url}/_twin/{path}", timeout=10, **options)
        assert answer.status_code == 200, answer.text
        return answer

    def behave(self, **switches: Any) -> None:
        self.control("POST", "behaviours", json=switches)


def line(item: str = MUG, quantity: int = 1, rate: Any = 10, **more: Any) -> Json:
    """A line at its own price; `rate=None` leaves it out."""
    plain = {"item": {"id": item}, "quantity": quantity, "price": {"id": "-1"}, "rate": rate}
    return {name: value for name, value in (plain | more).items() if value is not None}


def refusal(answer: requests.Response, status: int = 400) -> Json:
    """The one detail of an error body, whose envelope must be NetSuite's."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    body = answer.json()
    assert body["status"] == status
    assert {"type", "title", "status", "o:errorDetails"} <= set(body)
    (detail,) = body["o:errorDetails"]
    return dict(detail)


def published(name: str) -> Json:
    """An error body as published."""
    read: Json = json.loads(shared(f"fixtures/netsuite/{name}.json").read_text())
    return read


def unsigned(header: Json, payload: Json) -> str:
    """A JWT with no signature to speak of."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload)]
    return ".".join([*parts, "AAAA"])


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"not JSON: {value!r}")
