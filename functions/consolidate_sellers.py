"""Schedule consolidate-sellers-<marketplace>: what every shop of an operator has in stock, from the nightly offers."""

from aws_lambda_powertools.utilities.typing import LambdaContext

from tieout.config import deployed_config
from tieout.flows.stock.sellers import consolidate
from tieout.wiring import logger, meter, observed, stock_book


@observed
def handler(event: dict[str, str], context: LambdaContext) -> dict[str, int]:
    """Write the report; a marketplace whose offers were not read yet has none, and its heartbeat stops."""
    found = consolidate(event["marketplace"], deployed_config(), stock_book())
    if found is None:
        logger.warning("no offers to add up yet", extra={"marketplace": event["marketplace"]})
        return {"shops": 0, "rows": 0}
    meter().count("RunCompleted", schedule=event["schedule"])
    logger.info("sellers' stock added up", extra={"shops": found.shops, "rows": found.rows, "units": found.units})
    return {"shops": found.shops, "rows": found.rows}
