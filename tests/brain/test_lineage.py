"""A lineage names real things, and the same data always by the same hash."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from brain.lineage import ID, Lineage, hash_of_file, hash_of_population, now
from brain.population import Population


def test_what_is_not_known_stays_empty():
    assert Lineage().parent is None
    assert Lineage().data_hash == ""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"parent": "../../etc/passwd"}, "not the id of a brain"),
        ({"parent": "r10"}, "not the id of a brain"),
        ({"data_hash": "abc"}, "SHA-256"),
        ({"started": "yesterday"}, "isoformat"),
    ],
)
def test_what_is_no_id_no_hash_and_no_time_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Lineage(**values)


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "catalogue.csv").write_bytes(b"a,b\r\n1,2\r\n")
    expected = hashlib.sha256(b"a,b\r\n1,2\r\n").hexdigest()
    assert hash_of_file(tmp_path / "catalogue.csv") == expected


def test_the_hash_of_a_population_changes_with_every_range():
    usual = Population()
    assert hash_of_population(usual) == hash_of_population(Population())
    assert hash_of_population(replace(usual, cv=(0.1, 2.4))) != hash_of_population(usual)
    Lineage(data_hash=hash_of_population(usual))


def test_now_is_told_in_utc():
    told = datetime.fromisoformat(now())
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)
    assert told.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "name", ["r10-0123456789ab", "family-4stages-0123456789ab", "r1e+06-" + "0" * 12]
)
def test_names_of_brains_are_names(name):
    assert ID.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["../r10-0123456789ab", "r10/x-0123456789ab", "-0123456789ab", "r10-0123456789AB", ""]
)
def test_what_leads_out_of_a_folder_is_no_name(name):
    assert not ID.fullmatch(name)
