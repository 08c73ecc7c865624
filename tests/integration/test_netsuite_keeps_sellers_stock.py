"""What other shops offer, as our NetSuite client writes it to the NetSuite twin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.netsuite.reference import CUSTOM_FIELDS
from tests.integration.running_twins import Running, running
from tieout.domain.errors import NeedsAttention
from tieout.domain.stock.sellers import NOTHING, Figures, SellerStock
from tieout.netsuite import probes
from tieout.netsuite.client import NetSuite
from tieout.netsuite.seller_stock import SELLER_STOCK

AS_OF = datetime(2026, 3, 2, 1, 20, 30, tzinfo=UTC)
MUG = SellerStock(marketplace="harbour-uk", product="P-MUG", figures=Figures(9, 3, Decimal("4.50"), "GBP"), as_of=AS_OF)
LAMP = SellerStock(marketplace="harbour-uk", product="lamp / 4", figures=Figures(1, 1), as_of=AS_OF)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, []) as found:
        found.set_custom_fields(CUSTOM_FIELDS)
        yield found


@pytest.fixture
def client(twins: Running) -> NetSuite:
    return twins.netsuite()


def kept(twins: Running) -> dict[str, dict[str, Any]]:
    """The account's records, by external id."""
    records = twins.twins.netsuite.state.dump(SELLER_STOCK)
    return {record["externalId"]: record for record in records}


def test_a_record_is_made_and_holds_every_figure(twins: Running, client: NetSuite) -> None:
    client.keep_seller_stock(MUG)
    (record,) = kept(twins).values()
    assert record["externalId"] == "T-harbour-uk-SST-P-MUG"
    assert {name: value for name, value in record.items() if name.startswith("custrecord_tieout_ss_")} == {
        "custrecord_tieout_ss_marketplace": "harbour-uk",
        "custrecord_tieout_ss_product": "P-MUG",
        "custrecord_tieout_ss_units": 9,
        "custrecord_tieout_ss_offers": 3,
        "custrecord_tieout_ss_price": Decimal("4.50"),
        "custrecord_tieout_ss_currency": "GBP",
        "custrecord_tieout_ss_as_of": "2026-03-02T01:20:30Z",
    }


def test_a_replay_changes_nothing_and_makes_no_second_record(twins: Running, client: NetSuite) -> None:
    client.keep_seller_stock(MUG)
    before = kept(twins)
    client.keep_seller_stock(MUG)
    (again,) = kept(twins).values()
    assert again["id"] == before["T-harbour-uk-SST-P-MUG"]["id"]
    assert {**again, "lastModifiedDate": ""} == {**before["T-harbour-uk-SST-P-MUG"], "lastModifiedDate": ""}


def test_a_product_that_is_gone_loses_its_price(twins: Running, client: NetSuite) -> None:
    client.keep_seller_stock(MUG)
    client.keep_seller_stock(SellerStock(marketplace="harbour-uk", product="P-MUG", figures=NOTHING, as_of=AS_OF))
    (record,) = kept(twins).values()
    assert record["custrecord_tieout_ss_units"] == 0
    assert "custrecord_tieout_ss_price" not in record
    assert "custrecord_tieout_ss_currency" not in record


def test_a_product_whose_name_fits_no_external_id_is_found_again(twins: Running, client: NetSuite) -> None:
    client.keep_seller_stock(LAMP)
    client.keep_seller_stock(LAMP)
    (record,) = kept(twins).values()
    assert record["externalId"] == LAMP.external_id
    assert record["custrecord_tieout_ss_product"] == "lamp / 4"


def test_an_account_without_the_record_refuses_and_doctor_finds_out(twins: Running, client: NetSuite) -> None:
    assert probes.hidden_tables(client.connection, [SELLER_STOCK]) == {}
    twins.set_custom_fields({name: kind for name, kind in CUSTOM_FIELDS.items() if not name.startswith("custrecord_")})
    with pytest.raises(NeedsAttention, match=SELLER_STOCK):
        client.keep_seller_stock(MUG)
    assert list(probes.hidden_tables(client.connection, [SELLER_STOCK])) == [SELLER_STOCK]


def test_an_account_whose_record_lacks_a_field_says_which(twins: Running, client: NetSuite) -> None:
    twins.set_custom_fields(
        {name: kind for name, kind in CUSTOM_FIELDS.items() if name != "custrecord_tieout_ss_price"}
    )
    with pytest.raises(NeedsAttention, match="custrecord_tieout_ss_price"):
        client.keep_seller_stock(MUG)
    assert kept(twins) == {}


def test_a_role_that_may_not_is_told_to_ask_doctor(twins: Running, client: NetSuite) -> None:
    url = f"{twins.twins.netsuite.url}/_twin/behaviours"
    assert requests.post(url, json={"role_lacks": SELLER_STOCK}, timeout=5).ok
    with pytest.raises(NeedsAttention, match="permission"):
        client.keep_seller_stock(MUG)
