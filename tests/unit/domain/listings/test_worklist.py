"""A finding keeps its day and its owner until it is mended."""

from datetime import date

from tieout.domain.listings.audit import Fault, Finding
from tieout.domain.listings.worklist import Task, go_on

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)


def _finding(sku: str, evidence: str = "") -> Finding:
    return Finding(marketplace="maison-eu", fault=Fault.NO_ITEM, sku=sku, evidence=evidence)


def test_what_is_still_wrong_keeps_its_day_and_its_owner() -> None:
    monday = go_on([], [_finding("A")], "operations", MONDAY)
    taken = [Task(finding=task.finding, owner="kim", since=task.since) for task in monday.tasks]
    tuesday = go_on(taken, [_finding("A", "as of today"), _finding("B")], "operations", TUESDAY)
    assert [(one.finding.sku, one.owner, one.since) for one in tuesday.tasks] == [
        ("A", "kim", MONDAY),
        ("B", "operations", TUESDAY),
    ]
    assert tuesday.tasks[0].finding.evidence == "as of today"
    assert tuesday.fresh == 1


def test_what_is_no_longer_wrong_is_mended() -> None:
    monday = go_on([], [_finding("A")], "operations", MONDAY)
    tuesday = go_on(monday.tasks, [], "operations", TUESDAY)
    assert (tuesday.tasks, [one.finding.sku for one in tuesday.mended]) == ((), ["A"])


def test_a_persons_word_stays_with_the_finding() -> None:
    accepted = Task(finding=_finding("A"), owner="kim", since=MONDAY, accepted="sold as a set, on purpose")
    (task,) = go_on([accepted], [_finding("A")], "operations", TUESDAY).tasks
    assert task.accepted == "sold as a set, on purpose"


def test_the_same_audit_again_changes_nothing() -> None:
    once = go_on([], [_finding("B"), _finding("A")], "operations", MONDAY)
    again = go_on(once.tasks, [_finding("A"), _finding("B")], "operations", TUESDAY)
    assert again.tasks == once.tasks
    assert (again.fresh, again.mended) == (0, ())
