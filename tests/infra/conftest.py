"""Each deployment is synthesised once a session; every rule then reads its template."""

import pytest

from infra.layers import LAMBDA, LOCAL, ROOT
from tests.infra.deployed import Deployed, deploy
from tieout.config import Config, config_from, read_config

SHOP = ROOT / "config" / "gift-shop.yaml"
OPERATOR = ROOT / "config" / "example-operator.yaml"
TWINS = {
    "mirakl": {"brightside-uk": "http://127.0.0.1:8001", "maison-eu": "http://127.0.0.1:8002"},
    "netsuite": "http://127.0.0.1:8003",
}


def with_stock(config: Config) -> Config:
    """The same, with its stock and its listings kept at every marketplace."""
    data = config.model_dump(exclude_none=True)
    for one in data["marketplaces"].values():
        one.setdefault("stock", {"push_minutes": 5})
        one["listings"] = {"sync": True, "approval_field": "custitem_tieout_approved", "strict": True}
    return config_from(data)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The gift shop of the demo, for AWS."""
    return deploy(with_stock(read_config(SHOP)), LAMBDA, tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """An operator with Cloud Events, on-call addresses and a second subsidiary."""
    return deploy(read_config(OPERATOR), LAMBDA, tmp_path_factory.mktemp("operator"))


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The gift shop on the local AWS."""
    config = with_stock(config_from({**read_config(SHOP).model_dump(), "sandbox": TWINS}))
    return deploy(config, LOCAL, tmp_path_factory.mktemp("local"))


@pytest.fixture(params=["shop", "operator", "local"])
def deployed(request: pytest.FixtureRequest) -> Deployed:
    """Each of them: a rule holds for every deployment."""
    chosen: Deployed = request.getfixturevalue(request.param)
    return chosen
