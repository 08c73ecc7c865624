"""The function that keeps other shops' stock works a day in this process, and its calls are held against its role."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws
from msgspec.json import encode

from sandbox.netsuite.reference import CUSTOM_FIELDS
from tests.infra.deployed import Deployed
from tests.infra.test_permissions_suffice import ACCOUNT, NOT_CALLED_BY_OUR_CODE, REGION, SOMEBODY, Call, Day, allowed
from tests.integration.aws.rehearsal import new_table
from tests.integration.running_twins import Running, running
from tieout.aws.stock_book import S3StockBook
from tieout.domain.stock.offer import Offer
from tieout.flows.stock.listed import offers_name
from tieout.netsuite.seller_stock import SELLER_STOCK

HARBOUR = "harbour-uk"
EVENT = {"schedule": f"keep-sellers-{HARBOUR}", "marketplace": HARBOUR}


class OperatorsDay(Day):
    """The same at an operator's, where nothing but NetSuite is asked."""

    def _write_settings(self, twins: Running, folder: Path) -> Path:
        config = self.deployed.config.model_dump(mode="json", exclude_none=True)
        config["netsuite"]["account"] = ACCOUNT
        config["sandbox"] = {"mirakl": {}, "netsuite": twins.twins.netsuite.url}
        file = folder / "settings.json"
        file.write_text(json.dumps(config))
        return file

    def _make_resources(self, twins: Running) -> None:
        new_table(boto3.client("dynamodb"), self._ids["PostingsTable"])
        boto3.client("s3").create_bucket(
            Bucket=self._ids["ArchiveBucket"], CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        parts = ("client_id", "certificate_id", "private_key", "certificate")
        boto3.client("secretsmanager").create_secret(
            Name=f"tieout/{self.deployed.config.deployment}/netsuite",
            SecretString=json.dumps({part: getattr(twins.twins.netsuite, part) for part in parts}),
        )
        self._urls = {}

    def _asked(self, service: str, operation: str, arguments: dict[str, Any]) -> Iterator[Call]:
        if (service, operation) == ("s3", "PutObject") and arguments["Key"].startswith("stock/reports/"):
            yield "s3:PutObject", f"{arguments['Bucket']}/stock/reports/*"
        else:
            yield from super()._asked(service, operation, arguments)

    def read_offers(self, asked_at: int, *offers: Offer) -> None:
        """The nightly push kept these."""
        book = S3StockBook(boto3.client("s3"), self._ids["ArchiveBucket"], "stock")
        book.replace(offers_name(HARBOUR), (encode(each) + b"\n" for each in (asked_at, *offers)))


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Running]:
    with patch.dict(os.environ, SOMEBODY), mock_aws(), running(tmp_path / "world", []) as found:
        os.environ.pop("AWS_ENDPOINT_URL", None)
        found.set_custom_fields(CUSTOM_FIELDS)
        yield found


def an_offer(product: str, quantity: int) -> Offer:
    price = Decimal("5.00")
    return Offer(
        sku=product, offer_id=product, quantity=quantity, price=price, currency="GBP", product=product, shop_id="2002"
    )


def test_it_writes_what_changed_and_its_role_allows_that_and_no_more(
    operator: Deployed, twins: Running, tmp_path: Path
) -> None:
    day = OperatorsDay(operator, twins, tmp_path)
    nothing = {"written": 0, "refused": 0, "unknown": 0, "waiting": 0, "refused_hours": 0}
    assert day.run("keep_sellers", EVENT) == {"written": 0}
    day.read_offers(1_772_414_400, an_offer("P-MUG", 7), an_offer("P-LAMP", 2))
    assert day.run("keep_sellers", EVENT) == nothing | {"written": 2}
    assert day.run("keep_sellers", EVENT) == nothing
    day.read_offers(1_772_500_800, an_offer("P-MUG", 7))
    assert day.run("keep_sellers", EVENT) == nothing | {"written": 1}
    records = twins.twins.netsuite.state.dump(SELLER_STOCK)
    assert {one["externalId"]: one["custrecord_tieout_ss_units"] for one in records} == {
        f"T-{HARBOUR}-SST-P-MUG": 7,
        f"T-{HARBOUR}-SST-P-LAMP": 0,
    }
    may, asked = allowed(operator, "keep_sellers"), day.calls["keep_sellers"]
    assert asked - may == set()
    ends = {name for name in operator.of_type("AWS::SQS::Queue") if "GivenUp" in name}
    assert {each for each in may - asked if each[0] not in NOT_CALLED_BY_OUR_CODE and each[1] not in ends} == set()
