"""What Oracle's SDF XML reference says of the objects that the SuiteCloud project has: ids, fields and values.

Only what the project uses is here, so that anything else in it is looked up in the reference before it is added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

_LONGEST_ID = 40


@dataclass(frozen=True)
class Kind:
    """What Oracle's SDF XML reference says of one element: its id, and the fields it must and may have."""

    prefix: str
    longest_id: int
    required: frozenset[str]
    optional: frozenset[str]


def _kind(prefix: str, longest_id: int, required: str, optional: str) -> Kind:
    return Kind(prefix, longest_id, frozenset(required.split()), frozenset(optional.split()))


_ANY_FIELD = "description storevalue accesslevel searchlevel displaytype maxlength help ismandatory"
TOP_LEVEL = {
    "transactionbodycustomfield": _kind(
        "custbody", 38, "fieldtype label", f"{_ANY_FIELD} bodyitemfulfillment bodyitemreceipt bodysale"
    ),
    "transactioncolumncustomfield": _kind("custcol", 37, "fieldtype label", f"{_ANY_FIELD} colsale"),
    "itemcustomfield": _kind(
        "custitem",
        38,
        "fieldtype label",
        f"{_ANY_FIELD} appliestoinventory appliestoitemassembly appliestokit appliestononinventory",
    ),
    "customrecordtype": _kind(
        "customrecord",
        40,
        "recordname",
        "description accesstype includename showid customrecordcustomfields permissions",
    ),
    "role": _kind("customrole", 40, "centertype name", "coreadminpermission issalesrole issupportrole permissions"),
    "usereventscript": _kind(
        "customscript",
        40,
        "name scriptfile",
        "description isinactive notifyadmins notifyowner notifyuser scriptcustomfields scriptdeployments",
    ),
}
_NESTED = {
    "customrecordcustomfield": _kind("custrecord", 40, "fieldtype label", f"{_ANY_FIELD} showinlist"),
    "scriptcustomfield": _kind("custscript", 40, "fieldtype label", f"{_ANY_FIELD} setting"),
    "scriptdeployment": _kind(
        "customdeploy",
        40,
        "status recordtype",
        "allemployees allroles alllocalizationcontexts eventtype executioncontext isdeployed loglevel runasrole",
    ),
    "permission": _kind("", 0, "permkey permlevel", "restriction"),
}
_PERMISSION_OF_A_RECORD = _kind("", 0, "permittedlevel permittedrole", "restriction")
_LISTS = {
    "customrecordcustomfields": "customrecordcustomfield",
    "permissions": "permission",
    "scriptcustomfields": "scriptcustomfield",
    "scriptdeployments": "scriptdeployment",
}
_FLAGS = frozenset({"T", "F"})
_VALUES = {
    "fieldtype": frozenset({"TEXT", "DATETIMETZ", "FLOAT", "INTEGER", "CHECKBOX"}),
    "centertype": frozenset({"BASIC"}),
    "permlevel": frozenset({"VIEW", "CREATE", "EDIT", "FULL"}),
    "permittedlevel": frozenset({"VIEW", "CREATE", "EDIT", "FULL"}),
    "accesstype": frozenset({"CUSTRECORDENTRYPERM", "NONENEEDED", "USEPERMISSIONLIST"}),
    "status": frozenset({"TESTING", "RELEASED"}),
    "loglevel": frozenset({"DEBUG", "AUDIT", "ERROR", "EMERGENCY"}),
    "setting": frozenset({"COMPANY", "USER", "PORTLET"}),
    "accesslevel": frozenset("012"),
    "searchlevel": frozenset("012"),
} | dict.fromkeys(
    (
        *("storevalue", "ismandatory", "bodyitemfulfillment", "bodyitemreceipt", "bodysale", "colsale"),
        *("appliestoinventory", "appliestoitemassembly", "appliestokit", "appliestononinventory"),
        *("coreadminpermission", "issalesrole", "issupportrole", "includename", "showid", "showinlist"),
        *("isinactive", "notifyadmins", "notifyowner", "notifyuser", "allemployees", "allroles", "isdeployed"),
    ),
    _FLAGS,
)
CONTEXTS = frozenset(
    {
        "ACTION",
        "ADVANCEDREVREC",
        "BUNDLEINSTALLATION",
        "CLIENT",
        "CSVIMPORT",
        "CUSTOMMASSUPDATE",
        "DEBUGGER",
        "EMAILCAPTURE",
        "MAPREDUCE",
        "OTHER",
        "PORTLET",
        "RECORDACTION",
        "RESTLET",
        "RESTWEBSERVICES",
        "SCHEDULED",
        "SDFINSTALLATION",
        "SHIPPINGPARTNERS",
        "SUITELET",
        "USEREVENT",
        "USERINTERFACE",
        "WEBAPPLICATION",
        "WEBSERVICES",
        "WEBSTORE",
        "WORKFLOW",
    }
)


def faults_of(element: Element, expected: Kind) -> list[str]:
    """Everything in which an element differs from its kind, within its lists too."""
    who = f"{element.tag} {element.get('scriptid', '')}".strip()
    names = [child.tag for child in element]
    faults = [f"{who}: twice {name}" for name in sorted({each for each in names if names.count(each) > 1})]
    faults += [f"{who}: without {name}" for name in sorted(expected.required - set(names))]
    faults += [f"{who}: {child.tag} is empty" for child in element if child.tag in expected.required and not child.text]
    faults += [f"{who}: {name} is not known" for name in names if name not in expected.required | expected.optional]
    if expected.prefix and not _valid_id(element.get("scriptid", ""), expected):
        faults.append(f"{who}: wrong script id")
    for child in element:
        if child.tag in _LISTS:
            faults += [f"{who}: {each.tag} in {child.tag}" for each in child if each.tag != _LISTS[child.tag]]
            nested = _NESTED[_LISTS[child.tag]]
            if (element.tag, child.tag) == ("customrecordtype", "permissions"):
                nested = _PERMISSION_OF_A_RECORD
            faults += [fault for each in child for fault in faults_of(each, nested)]
        elif child.text not in _VALUES.get(child.tag, {child.text}):
            faults.append(f"{who}: {child.tag} is {child.text}")
    return faults


def _valid_id(scriptid: str, expected: Kind) -> bool:
    shape = re.fullmatch(rf"{expected.prefix}_tieout[0-9a-z_]*", scriptid)
    return shape is not None and len(scriptid) <= min(expected.longest_id, _LONGEST_ID)
