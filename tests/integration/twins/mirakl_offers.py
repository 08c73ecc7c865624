"""Offers at a running Mirakl twin: what is for sale, files that change it, files it is read from."""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

import requests

from tests.integration.twins.mirakl import MARKETPLACE, Json, Mirakl

STOCK, PRICES, OFFERS = "/api/offers/stock/imports", "/api/offers/pricing/imports", "/api/offers/imports"
EXPORT = "/api/offers/export/async"
HEADER = '"offer-sku";"quantity";"warehouse-code";"update-delete"'


@dataclass
class Shop:
    """A shop that sells mugs, pots and lamps at a marketplace of three products and one spare."""

    mirakl: Mirakl

    def open(self) -> "Shop":
        # Time passes when a test says so, however slow the machine is.
        self.mirakl.control("POST", "clock", json={"speed": 0})
        offers = [
            {"shop_sku": sku, "product_sku": f"P{sku}", "product_title": sku.title(), "price": price, "quantity": 10}
            for sku, price in (("MUG", 10), ("POT", 25), ("LAMP", 40))
        ]
        spare = {
            "product_sku": "PVASE",
            "product_title": "Vase",
            "product_id": "5012345678900",
            "product_id_type": "EAN",
        }
        self.change(offers=offers, products=[spare])
        return self

    def change(self, **change: Any) -> Json:
        answer: Json = self.mirakl.control("POST", "offers", json={"marketplace": MARKETPLACE, **change})
        return answer

    def offers(self) -> dict[str, Json]:
        """All offers by SKU, as the twin lists them."""
        listed = requests.get(f"{self.mirakl.url}/_twin/records/offers?marketplace={MARKETPLACE}", timeout=5)
        return {row["shop_sku"]: row for row in map(_json, listed.text.splitlines())}

    def quantity(self, sku: str = "MUG") -> int:
        return int(self.offers()[sku]["quantity"])

    def send(self, path: str, content: str | bytes, **fields: str) -> requests.Response:
        return self.mirakl.seller("POST", path, files={"file": ("ours.csv", content, "text/csv")}, data=fields)

    def send_stock(self, *rows: str) -> str:
        answer = self.send(STOCK, "\n".join([HEADER, *rows]))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["import_id"])

    def status(self, import_id: str) -> Json:
        answer = self.mirakl.seller("GET", f"{STOCK}/{import_id}/status")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def take_stock(self, *rows: str) -> Json:
        """Send a file of quantities, wait until it is over; gives STO02's answer."""
        import_id = self.send_stock(*rows)
        self.mirakl.wait(seconds=60)
        return self.status(import_id)

    def report(self, import_id: str, path: str = STOCK) -> list[list[str]]:
        answer = self.mirakl.seller("GET", f"{path}/{import_id}/error_report")
        assert answer.status_code == 200, answer.text
        return list(csv.reader(io.StringIO(answer.text), delimiter=";"))

    def export(self, **asked: Any) -> list[requests.Response]:
        """Ask for an export, wait for it, and fetch its files."""
        answer = self.mirakl.seller("POST", EXPORT, json=asked)
        assert answer.status_code == 200, answer.text
        self.mirakl.wait(seconds=60)
        told = self.mirakl.seller("GET", f"{EXPORT}/status/{answer.json()['tracking_id']}").json()
        assert told["status"] == "COMPLETED", told
        return [self.fetch(url) for url in told["urls"]]

    def exported(self, **asked: Any) -> dict[str, Json]:
        """Rows of an export as JSON, by SKU."""
        files = self.export(**{"export_type": "application/json", **asked})
        return {row["shop_sku"]: row for file in files for row in file.json()}

    def fetch(self, url: str) -> requests.Response:
        return requests.get(url, headers={"Authorization": self.mirakl.access.api_key}, timeout=10)

    def attempt(self, *orders: Json) -> Json:
        told: Json = self.mirakl.control("POST", "attempts", json={"marketplace": MARKETPLACE, "orders": list(orders)})
        return told


def _json(line: str) -> Json:
    return dict(json.loads(line))
