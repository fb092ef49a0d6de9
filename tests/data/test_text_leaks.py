"""Checks of the leak audit that read item texts."""

from ltgnn.data.audit import audit
from ltgnn.types import Dataset
from tests.data.audit_case import checks, texts


def test_texts_that_name_users(audited, split):
    leaky = texts()
    for user, item in zip(split.test.users.tolist(), split.test.items.tolist(), strict=True):
        leaky[item] += f", liked by {audited.user_ids[user]}"
    assert checks(audited, split, text=leaky) == ["text built from interactions"]


def test_texts_that_name_items_bought_together(audited, split):
    leaky, bought = texts(), {}
    for user, item in zip(split.train.users.tolist(), split.train.items.tolist(), strict=True):
        bought.setdefault(user, []).append(item)
    for user, item in zip(split.test.users.tolist()[:40], split.test.items.tolist()[:40], strict=True):
        leaky[bought[user][0]] += f" [{audited.item_ids[item]}]"
    assert checks(audited, split, text=leaky) == ["text built from interactions"]


def test_numbers_in_titles_are_not_ids(split):
    """Ids are small numbers here, and every title holds one."""
    audited = Dataset("toy", {}, [str(n) for n in range(40)], [str(n) for n in range(200)])
    assert checks(audited, split, text=[f"volume {n % 40} of {n}, part {n // 2}" for n in range(200)]) == []


def test_fields_written_from_interactions(audited, split):
    assert checks(audited, split, text=texts(), fields=["title", "also_bought"]) == ["text built from interactions"]


def test_twins(audited, split):
    same = texts()
    same[7] = "Thing number 3 "
    same[10] = same[11] = ""  # missing texts are no twins
    findings = audit(audited, split, None, None, same, ["title"])
    assert [(finding.check, finding.count) for finding in findings] == [("identical texts under different ids", 2)]
    assert "'item003' and 'item007'" in findings[0].what
    told = sum(
        int(((split.train.users == user) & (split.train.items == 10 - item)).any())
        for part in (split.val, split.test)
        for user, item in zip(part.users.tolist(), part.items.tolist(), strict=True)
        if item in (3, 7)
    )
    assert f"{told} held-out pairs have a twin" in findings[0].what
