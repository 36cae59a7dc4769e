"""A fingerprint tells different values apart, in every process, and stays what it was."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections import defaultdict, namedtuple
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from corpus import BERLIN, CORPUS, STABLE, digests

from nbnodes.cache.fingerprint import VERSION, encode, fingerprint

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "golden" / f"fingerprints-{VERSION}.json"


# ---------------------------------------------------------------- different


def test_no_two_values_of_the_corpus_are_confused() -> None:
    names = defaultdict(list)
    for name, value in CORPUS.items():
        names[encode(value)].append(name)
    assert [alike for alike in names.values() if len(alike) > 1] == []
    assert len(names) == len(CORPUS) > 350


@pytest.mark.parametrize("value", CORPUS.values(), ids=[*map(ascii, CORPUS)])
def test_a_copy_has_the_same_encoding(value: Any) -> None:
    assert encode(copy.deepcopy(value)) == encode(value)


@pytest.mark.parametrize("value", CORPUS.values(), ids=[*map(ascii, CORPUS)])
def test_what_went_through_pickle_has_the_same_encoding(value: Any) -> None:
    assert encode(pickle.loads(pickle.dumps(value))) == encode(value)


def of(kind: str, *names: str) -> Any:
    """Make a namedtuple class as two versions of one module would."""
    return namedtuple(kind, names, module="shapes")  # noqa: PYI024


def zone(hours: int) -> dt.timezone:
    return dt.timezone(dt.timedelta(hours=hours), "office")


def attributed(series: Any) -> Any:
    series.attrs["unit"] = "m"
    return series


NAN_1, NAN_2 = complex("nan+1j"), complex("nan+2j")
CATEGORIES = pd.CategoricalDtype(["a", "b"])
RECORD = np.array([(1, 2)], [("a", "<i4"), ("b", "<i4")])
OBJECTS = np.array([(1, "x")], [("a", "<i4"), ("b", "O")])
DAYS = pd.date_range("2020-01-01", periods=2, freq="D")
NEW_YEAR = dt.datetime(2020, 1, 1, tzinfo=zone(1))
STAMP = pd.Timestamp(NEW_YEAR)
IN_PARIS = pd.Interval(
    pd.Timestamp("2020", tz="Europe/Paris"), pd.Timestamp("2021", tz="Europe/Paris")
)
P_AB, P_BA = of("P", "a", "b")(1, 2), of("P", "b", "a")(1, 2)
YEARS = pd.Interval(pd.Timestamp("2020", tz=BERLIN), pd.Timestamp("2021", tz=BERLIN))

DIFFERENT: dict[str, tuple[Any, Any]] = {
    "zones": (zone(1), zone(2)),
    "moments": (
        NEW_YEAR,
        NEW_YEAR.replace(tzinfo=zone(2)),
    ),
    "stamps": (STAMP, STAMP.tz_convert(zone(2))),
    "fields": (P_AB, P_BA),
    "members": (Enum("E", {"A": 1}).A, Enum("E", {"A": 2}).A),
    "imaginary": (np.array([NAN_1]), np.array([NAN_2])),
    "record": (RECORD[0], RECORD.view("i4,i4")[0]),
    "record_types": (RECORD.view("i4,i4")[0], RECORD.view("f4,f4")[0]),
    "records": (
        OBJECTS,
        OBJECTS.astype([("c", "<i4"), ("d", "O")]),
    ),
    "attrs": (pd.Series([1]), attributed(pd.Series([1]))),
    "dtype": (CATEGORIES, pd.CategoricalDtype(["a", "c"])),
    "dtype_order": (
        CATEGORIES,
        pd.CategoricalDtype(["a", "b"], ordered=True),
    ),
    "years": (pd.Period("2020", "Y-DEC"), pd.Period("2020", "Y-MAR")),
    "quarters": (
        pd.Period("2020Q1", "Q-DEC"),
        pd.Period("2020Q1", "Q-MAR"),
    ),
    "interval": (YEARS, IN_PARIS),
    "frequency": (DAYS, pd.DatetimeIndex([*DAYS])),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_in_a_part_that_is_seldom_looked_at_differs(one: Any, other: Any) -> None:
    assert encode(one) != encode(other)


# ---------------------------------------------------------------- for ever the same


def test_no_digest_depends_on_the_hash_seed() -> None:
    program = (
        f"import json, sys; sys.path.insert(0, {str(HERE)!r}); import corpus;"
        "json.dump(corpus.digests(corpus.CORPUS), sys.stdout)"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
        )
        for seed in "012"
    ]
    for process in running:
        printed, _ = process.communicate()
        assert json.loads(printed) == digests(CORPUS)


def test_digests_stay_what_they_were() -> None:
    frozen = json.loads(GOLDEN.read_text(encoding="utf-8"))
    now = digests(STABLE)
    changed = sorted(name for name in frozen if frozen[name] != now.get(name))
    assert not changed, (
        f"stored Results are lost if these digests change; is it needed? then raise VERSION of "
        f"nbnodes/cache/fingerprint.py, and run tests/golden/make_fingerprints.py: {changed}"
    )
    assert frozen.keys() == now.keys(), "run tests/golden/make_fingerprints.py for the new values"


def test_a_fingerprint_is_the_digest_of_the_encoding() -> None:
    assert fingerprint([1]) == hashlib.sha256(encode([1])).hexdigest()
