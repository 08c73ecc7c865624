"""The chart of accounts, and which account a form moves by itself when it is not told one."""

from collections.abc import Iterable

from sandbox.netsuite.store import Record, Store

# number, name, type, currency of a bank or clearing account: a bank account has one, all others take any.
CHART = (
    ("1000", "Bank GBP", "Bank", "1"),
    ("1010", "Bank EUR", "Bank", "2"),
    ("1020", "Undeposited Funds", "OthCurrAsset", None),
    ("1050", "Bank in Transit", "OthCurrAsset", None),
    ("1060", "Payment Provider's Wallet", "OthCurrAsset", None),
    ("1090", "Currency Conversion", "OthCurrAsset", None),
    ("1100", "Accounts Receivable", "AcctRec", None),
    ("1110", "Accounts Receivable - Marketplaces", "AcctRec", None),
    ("1115", "Marketplace Clearing Brightside GBP", "Bank", "1"),
    ("1116", "Marketplace Clearing Maison EUR", "Bank", "2"),
    ("1200", "Marketplace Clearing GBP", "Bank", "1"),
    ("1210", "Marketplace Clearing EUR", "Bank", "2"),
    ("1220", "Marketplace Clearing USD", "Bank", "3"),
    ("1300", "Inventory", "OthCurrAsset", None),
    ("1310", "Receivable from Sellers", "AcctRec", None),
    ("1320", "Receivable from Payment Provider", "OthCurrAsset", None),
    ("1330", "Accrued Commission", "OthCurrAsset", None),
    ("1410", "Prepaid Commission", "OthCurrAsset", None),
    ("1420", "Reserve Held by Marketplaces", "OthCurrAsset", None),
    ("1450", "VAT Receivable on Marketplace Fees", "OthCurrAsset", None),
    ("1451", "VAT Receivable, Reverse Charge", "OthCurrAsset", None),
    ("2000", "Accounts Payable", "AcctPay", None),
    ("2100", "Accrued Marketplace Fees", "OthCurrLiab", None),
    ("2150", "Marketplace Orders Not Delivered", "OthCurrLiab", None),
    ("2160", "Payable to Marketplaces", "OthCurrLiab", None),
    ("2170", "Order Fees Passed Through", "OthCurrLiab", None),
    ("2180", "Tax Remitted by Marketplaces", "OthCurrLiab", None),
    ("2200", "VAT Payable", "OthCurrLiab", None),
    ("2210", "VAT Payable, Reverse Charge", "OthCurrLiab", None),
    ("2290", "Tax under Review", "OthCurrLiab", None),
    ("2300", "Payable to Sellers", "OthCurrLiab", None),
    ("2310", "Reserve of Sellers", "OthCurrLiab", None),
    ("2320", "Sellers Below Zero", "OthCurrLiab", None),
    ("2330", "Customers' Money Not Yet Sellers'", "OthCurrLiab", None),
    ("2340", "Refunds Due to Customers", "OthCurrLiab", None),
    ("2350", "Gift Cards", "OthCurrLiab", None),
    ("2360", "Order Fees Payable", "OthCurrLiab", None),
    ("2370", "Order Fees Passed on", "OthCurrLiab", None),
    ("2380", "Tax Withheld from Sellers", "OthCurrLiab", None),
    ("4000", "Revenue - Goods", "Income", None),
    ("4010", "Revenue - Shipping", "Income", None),
    ("4020", "Revenue - Wholesale", "Income", None),
    ("4090", "Revenue - Other", "Income", None),
    ("4100", "Refunds", "Income", None),
    ("4110", "Refunds of Shipping", "Income", None),
    ("4200", "Marketplace Adjustments and Commission", "Income", None),
    ("4210", "Subscriptions of Sellers", "Income", None),
    ("4220", "Fees of Sellers", "Income", None),
    ("4230", "Penalties of Sellers", "Income", None),
    ("4290", "Other Marketplace Revenue", "Income", None),
    ("4300", "Carrier Costs Recovered", "Income", None),
    ("4900", "Marketplace Adjustments", "OthIncome", None),
    ("5000", "Cost of Goods Sold", "COGS", None),
    ("6100", "Marketplace Commission", "Expense", None),
    ("6110", "Marketplace Subscriptions", "Expense", None),
    ("6120", "Order Fees", "Expense", None),
    ("6130", "Marketplace Penalties", "Expense", None),
    ("6140", "Other Marketplace Fees", "Expense", None),
    ("6150", "Marketing", "Expense", None),
    ("6160", "Freight Out", "Expense", None),
    ("6170", "Currency Conversion Cost", "Expense", None),
    ("6200", "Promotions", "Expense", None),
    ("6210", "Adjustments to Sellers", "Expense", None),
    ("6220", "Payment Provider Fees", "Expense", None),
    ("7100", "Foreign Exchange Gain or Loss", "OthExpense", None),
    ("7200", "Rounding", "OthExpense", None),
)

# Where a form posts unless it is told otherwise: the account of this number, else the first of the type.
_DEFAULTS = {
    "receivable": ("1100", "AcctRec"),
    "payable": ("2000", "AcctPay"),
    "income": ("4000", "Income"),
    "shipping": ("4010", "Income"),
    "sales tax": ("2200", "OthCurrLiab"),
    "purchase tax": ("1450", "OthCurrAsset"),
    "undeposited": ("1020", "OthCurrAsset"),
    "exchange": ("7100", "OthExpense"),
}


def default_account(store: Store, purpose: str) -> str | None:
    """Id of the account for a purpose; None in a chart that has none."""
    number, kind = _DEFAULTS[purpose]
    accounts = store.all("account")
    found = _first(accounts, "acctNumber", number) or _first(accounts, "acctType", kind)
    return None if found is None else found.id


def _first(accounts: Iterable[Record], name: str, wanted: str) -> Record | None:
    return next((one for one in accounts if one.values.get(name) == wanted), None)
