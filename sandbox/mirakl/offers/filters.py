"""Parameters of the operations about offers, as the contract declares them."""

from sandbox.mirakl.operation import Persona
from sandbox.mirakl.parameters import Reader, flag, moment, one_of, repeated, repeated_of, text, texts, whole

PRICING_FILTERS: dict[str, Reader] = {"pricing_channel_code": text, "pricing_customer_organization_id": text}
OFFER_FILTERS: dict[str, Reader] = {
    "offer_state_codes": texts,
    "sku": text,
    "product_id": text,
    "favorite": flag,
    **PRICING_FILTERS,
}
CONDITION_FILTERS: dict[str, Reader] = {"active": flag}
PRODUCT_FILTERS: dict[str, Reader] = {"product_references": texts, "products": texts}
FILE_FILTERS: dict[str, Reader] = {"file": text, "signature": text}
PRICE_IMPORT_FILTERS: dict[str, Reader] = {
    "import_id": repeated,
    "start_date": moment,
    "end_date": moment,
    "status": one_of("WAITING", "RUNNING", "COMPLETE", "FAILED"),
    "origins": repeated_of("API", "FTP", "SFTP", "HTTP", "HTTPS", "FRONT", "PENDING_OFFERS"),
}

Fields = dict[Persona, dict[str, Reader]]
STOCK_FORM: Fields = {"seller": {}, "operator": {"shop_id": whole}}
PRICE_FORM: Fields = {"seller": {}}
OFFER_FORM: Fields = {
    "seller": {"import_mode": one_of("NORMAL", "REPLACE"), "with_products": flag, "operator_format": flag}
}
