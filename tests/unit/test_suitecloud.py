"""The SuiteCloud project agrees with Oracle's reference of its XML, with the code, and with its page.

Oracle's own validation needs an account; here is what can be known without one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from fnmatch import fnmatch
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pytest

from sandbox.netsuite.reference import CUSTOM_FIELDS
from tests.unit.sdf_reference import CONTEXTS, TOP_LEVEL, faults_of
from tieout.netsuite.payloads import BODY_FIELDS, KEY, LINE_FIELDS, MARKETPLACE, ORDER_ID
from tieout.netsuite.seller_stock import RECORD_FIELDS, SELLER_STOCK

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "netsuite"
SOURCE = PROJECT / "src"
OBJECTS = sorted((SOURCE / "Objects").iterdir())
SCRIPT = SOURCE / "FileCabinet/SuiteScripts/tieout/fulfilment_hook.js"
PAGE = (ROOT / "docs/operations/netsuite-bundle.md").read_text(encoding="utf-8")

SHIPPING_CONTEXTS = {"USERINTERFACE", "CSVIMPORT", "RESTWEBSERVICES", "WEBSERVICES", "RESTLET", "MAPREDUCE"}
KINDS = {"TEXT": "text", "DATETIMETZ": "datetime", "FLOAT": "decimal", "INTEGER": "integer", "CHECKBOX": "checkbox"}
APPROVED = "custitem_tieout_approved"
TOO_MUCH = {"ADMI_PERIODOVERRIDE", "ADMI_MANAGE_OAUTH2", "ADMI_MANAGEROLES", "ADMI_KERNEL", "TRAN_JOURNALAPPRV"}


def root_of(path: Path) -> Element:
    return ET.parse(path).getroot()


def text_of(element: Element, name: str) -> str:
    found = element.findtext(name)
    assert found, f"{element.tag} {element.get('scriptid')} has no {name}"
    return found


def objects(tag: str) -> list[Element]:
    return [root for root in map(root_of, OBJECTS) if root.tag == tag]


def all_fields() -> list[Element]:
    kinds = ("transactionbodycustomfield", "transactioncolumncustomfield", "itemcustomfield")
    return [each for kind in kinds for each in objects(kind)]


def only(tag: str) -> Element:
    (found,) = objects(tag)
    return found


def rows_of_page(heading: str) -> list[list[str]]:
    """The rows of the table under a heading of the page, without its head."""
    section = re.search(rf"^### {heading}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None, f"the page has no section {heading}"
    rows = re.findall(r"^\| (.+) \|$", section.group(1), re.MULTILINE)[2:]
    return [[cell.strip().strip("`") for cell in row.split(" | ")] for row in rows]


def test_the_project_is_an_account_customization_that_names_the_features_of_its_objects() -> None:
    manifest = root_of(SOURCE / "manifest.xml")
    assert (manifest.tag, manifest.get("projecttype")) == ("manifest", "ACCOUNTCUSTOMIZATION")
    assert [child.tag for child in manifest] == ["projectname", "frameworkversion", "dependencies"]
    assert (text_of(manifest, "projectname"), text_of(manifest, "frameworkversion")) == ("Tieout", "1.0")
    features = [(each.text, each.get("required")) for each in manifest.findall("dependencies/features/feature")]
    assert features == [
        *(("ACCOUNTING", "true"), ("ADVRECEIVING", "false"), ("ASSEMBLIES", "false"), ("CUSTOMRECORDS", "true")),
        *(("INVENTORY", "false"), ("SERVERSIDESCRIPTING", "true")),
    ]


def test_every_file_of_the_project_is_deployed_and_every_path_has_files() -> None:
    deploy = root_of(SOURCE / "deploy.xml")
    assert [child.tag for child in deploy] == ["files", "objects"]
    patterns = [(each.text or "").replace("~/", "") for each in deploy.iter("path")]
    files = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*")
        if path.is_file() and path.name not in {"manifest.xml", "deploy.xml"}
    ]
    assert [file for file in files if not any(fnmatch(file, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatch(file, pattern) for file in files)] == []


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.stem)
def test_an_object_has_only_what_oracle_documents_and_bears_its_files_name(path: Path) -> None:
    root = root_of(path)
    assert root.tag in TOP_LEVEL
    assert faults_of(root, TOP_LEVEL[root.tag]) == []
    assert path.name == f"{root.get('scriptid')}.xml"


@pytest.mark.parametrize(
    ("xml", "fault"),
    [
        ("<role scriptid='customrole_tieout'><name>x</name></role>", "without centertype"),
        ("<role scriptid='customrole_tieout'><name/><centertype>BASIC</centertype></role>", "name is empty"),
        (
            "<role scriptid='customrole_tieout'><name>x</name><name>y</name><centertype>BASIC</centertype></role>",
            "twice name",
        ),
        ("<role scriptid='role_tieout'><name>x</name><centertype>BASIC</centertype></role>", "wrong script id"),
        (
            f"<role scriptid='customrole_tieout{'x' * 30}'><name>x</name><centertype>BASIC</centertype></role>",
            "wrong script",
        ),
        (
            "<role scriptid='customrole_tieout'><name>x</name><centertype>ADMIN</centertype></role>",
            "centertype is ADMIN",
        ),
        (
            "<role scriptid='customrole_tieout'><name>x</name><centertype>BASIC</centertype><tax/></role>",
            "tax is not known",
        ),
        (
            (
                "<role scriptid='customrole_tieout'><name>x</name><centertype>BASIC</centertype><permissions>"
                "<permission><permkey>LIST_ITEM</permkey><permlevel>ALL</permlevel></permission></permissions></role>"
            ),
            "permlevel is ALL",
        ),
    ],
)
def test_a_fault_in_an_object_is_found(xml: str, fault: str) -> None:
    (found,) = faults_of(ET.fromstring(xml), TOP_LEVEL["role"])
    assert fault in found


def test_the_fields_of_the_project_are_those_that_tieout_writes() -> None:
    assert sorted(BODY_FIELDS) == [each.get("scriptid") for each in objects("transactionbodycustomfield")]
    assert sorted(LINE_FIELDS) == [each.get("scriptid") for each in objects("transactioncolumncustomfield")]


def test_every_field_is_on_sales_and_keeps_its_value() -> None:
    for tag, applies in (("transactionbodycustomfield", "bodysale"), ("transactioncolumncustomfield", "colsale")):
        assert {(text_of(each, applies), text_of(each, "storevalue")) for each in objects(tag)} == {("T", "T")}


def test_what_names_a_documents_order_is_on_the_goods_that_move_too() -> None:
    """These are written to fulfilments and receipts, and a field that does not apply there is refused."""
    for applies in ("bodyitemfulfillment", "bodyitemreceipt"):
        fields = {
            each.get("scriptid") for each in objects("transactionbodycustomfield") if each.findtext(applies) == "T"
        }
        assert fields == {ORDER_ID, MARKETPLACE, KEY}


def test_a_field_holds_what_the_twin_of_netsuite_lets_it_hold() -> None:
    held = {each.get("scriptid", ""): KINDS[text_of(each, "fieldtype")] for each in all_fields()}
    assert held == {name: CUSTOM_FIELDS[name] for name in (*BODY_FIELDS, *LINE_FIELDS, APPROVED)}


def test_the_one_field_that_a_person_sets_is_on_every_item_that_can_be_offered() -> None:
    field = only("itemcustomfield")
    assert (field.get("scriptid"), text_of(field, "fieldtype"), text_of(field, "storevalue")) == (
        APPROVED,
        "CHECKBOX",
        "T",
    )
    kinds = ("inventory", "itemassembly", "kit", "noninventory")
    assert {text_of(field, f"appliesto{kind}") for kind in kinds} == {"T"}


def test_the_record_of_other_shops_stock_has_the_fields_that_are_written_and_holds_what_the_twin_does() -> None:
    record = only("customrecordtype")
    fields = list(record.iter("customrecordcustomfield"))
    assert record.get("scriptid") == SELLER_STOCK
    assert tuple(each.get("scriptid") for each in fields) == RECORD_FIELDS
    held = {each.get("scriptid", ""): KINDS[text_of(each, "fieldtype")] for each in fields}
    assert held == {name: CUSTOM_FIELDS[name] for name in RECORD_FIELDS}
    assert text_of(record, "includename") == "F", "a record with a name cannot be saved without one"


def test_nobody_but_tieouts_role_and_administrators_sees_that_record_unless_they_are_let() -> None:
    record = only("customrecordtype")
    assert text_of(record, "accesstype") == "USEPERMISSIONLIST"
    let = [(text_of(each, "permittedrole"), text_of(each, "permittedlevel")) for each in record.iter("permission")]
    assert let == [(f"[scriptid={only('role').get('scriptid')}]", "EDIT")]
    granted = [(text_of(each, "permkey"), text_of(each, "permlevel")) for each in only("role").iter("permission")]
    assert (f"[scriptid={SELLER_STOCK}]", "EDIT") in granted


def test_the_page_lists_the_fields_of_that_record_as_they_are() -> None:
    fields = only("customrecordtype").iter("customrecordcustomfield")
    made = [(each.get("scriptid"), text_of(each, "label"), text_of(each, "fieldtype")) for each in fields]
    assert [tuple(row[:3]) for row in rows_of_page("Record")] == made


def test_the_page_lists_the_fields_as_they_are() -> None:
    made = {each.get("scriptid"): (text_of(each, "label"), text_of(each, "fieldtype")) for each in all_fields()}
    listed = [row for row in rows_of_page("Fields") if row[0] != "Object" and set(row[0]) != {"-"}]
    assert {row[0]: (row[1], row[2]) for row in listed} == made
    assert {row[2]: row[3] for row in listed} == {
        "TEXT": "Free-Form Text",
        "DATETIMETZ": "Date/Time",
        "FLOAT": "Decimal Number",
        "CHECKBOX": "Check Box",
    }


def test_the_role_has_the_permissions_of_the_page_and_no_others() -> None:
    role = only("role")
    granted = [(text_of(each, "permkey"), text_of(each, "permlevel")) for each in role.iter("permission")]
    assert granted == [(row[1], row[2]) for row in rows_of_page("Role")]
    assert all(row[0] and row[3] for row in rows_of_page("Role"))
    assert len({key for key, _ in granted}) == len(granted)
    assert text_of(role, "name") == "Tieout integration"


def test_the_role_can_delete_no_record_and_change_nobodys_rights() -> None:
    """FULL is what lets a role delete; a key to sign in, to search or to approve has no lower level."""
    role = only("role")
    full = {text_of(each, "permkey") for each in role.iter("permission") if text_of(each, "permlevel") == "FULL"}
    to_sign_in_and_search = {"ADMI_RESTWEBSERVICES", "ADMI_LOGIN_OAUTH2", "LIST_FIND", "TRAN_FIND"}
    assert full == {*to_sign_in_and_search, "TRAN_SALESORDAPPRV", "TRAN_RTNAUTHAPPRV"}
    assert {text_of(each, "permkey") for each in role.iter("permission")} & TOO_MUCH == set()
    assert text_of(role, "coreadminpermission") == "F"


def test_the_script_runs_on_item_fulfilments_however_they_are_saved() -> None:
    (deployment,) = only("usereventscript").iter("scriptdeployment")
    assert (text_of(deployment, "recordtype"), text_of(deployment, "status")) == ("ITEMFULFILLMENT", "RELEASED")
    assert (text_of(deployment, "allroles"), text_of(deployment, "isdeployed")) == ("T", "T")
    contexts = text_of(deployment, "executioncontext").split("|")
    assert sorted(contexts) == sorted(set(contexts) & CONTEXTS)
    assert set(contexts) >= SHIPPING_CONTEXTS
    assert deployment.find("eventtype") is None, "an event type would hide the others from the script"


def test_the_script_of_the_object_exists_and_is_a_user_event_script() -> None:
    file = text_of(only("usereventscript"), "scriptfile")
    assert SOURCE / "FileCabinet" / file.strip("[/]") == SCRIPT
    head = SCRIPT.read_text(encoding="utf-8").partition("*/")[0]
    assert re.findall(r"@(\w+) (\S+)", head) == [
        ("NApiVersion", "2.1"),
        ("NScriptType", "UserEventScript"),
        ("NModuleScope", "SameAccount"),
    ]


def test_the_script_reads_the_preference_that_the_object_declares_and_the_secret_of_the_page() -> None:
    code = SCRIPT.read_text(encoding="utf-8")
    declared = [each.get("scriptid") for each in only("usereventscript").iter("scriptcustomfield")]
    assert re.findall(r"'(custscript_\w+)'", code) == declared
    assert re.findall(r"'(custsecret_\w+)'", code) == ["custsecret_tieout_hook"]
    assert all(f"`{name}`" in PAGE for name in (*declared, "custsecret_tieout_hook"))


def test_the_url_is_a_company_preference_so_that_deploying_again_keeps_it() -> None:
    (parameter,) = only("usereventscript").iter("scriptcustomfield")
    assert text_of(parameter, "setting") == "COMPANY"
    assert parameter.find("defaultvalue") is None


def test_the_project_carries_no_address_and_no_secret() -> None:
    for path in SOURCE.rglob("*"):
        if path.is_file():
            assert "://" not in path.read_text(encoding="utf-8"), path
    assert [path.name for path in OBJECTS if path.name.startswith(("custsecret", "custinteg"))] == []


def test_the_page_names_every_object() -> None:
    made = {each.get("scriptid", "") for path in OBJECTS for each in root_of(path).iter()} - {""}
    assert sorted(name for name in made if f"`{name}`" not in PAGE) == []


def test_the_worked_example_of_the_page_is_signed_right() -> None:
    example = re.search(r"^X-Tieout-Timestamp: (\d+)\nX-Tieout-Signature: v1=(\w+)\n\n(\{.*\})$", PAGE, re.MULTILINE)
    assert example is not None
    timestamp, signature, body = example.groups()
    assert hmac.new(b"secret", f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest() == signature
    assert json.loads(body).keys() == {"v", "account", "type", "id", "event", "ts"}
    assert json.loads(body)["ts"] == timestamp
    assert signature in (PROJECT / "__tests__/fulfilment_hook.test.js").read_text(encoding="utf-8")


def test_the_packages_of_the_unit_tests_are_locked_by_hash_and_bound_to_no_registry() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 100
    assert [name for name, each in packages.items() if name and "integrity" not in each] == []
    assert [name for name, each in packages.items() if "resolved" in each] == []
    pinned = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in pinned} == pinned


def test_make_test_runs_the_scripts_unit_tests_before_pytest_so_that_pytest_has_the_last_word() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^test: setup.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    jest, pytest_line = recipe.group(1).splitlines()
    assert "cd netsuite && npm test" in jest
    assert "-m pytest" in pytest_line
