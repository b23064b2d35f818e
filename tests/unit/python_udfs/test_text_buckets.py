"""Texts as codes: the same everywhere, in any language, whatever a text holds."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from two_tower.python_udfs.plugin import register
from two_tower.python_udfs.text_buckets import MOST, NO_TEXT, codes

BUCKETS = 2**14


def share(one: str, other: str) -> float:
    """Jaccard similarity of the codes of two texts."""
    a, b = set(codes(one, BUCKETS)), set(codes(other, BUCKETS))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize("text", [None, "", "   ", "?!", "\u200b\ufeff", "\x00"])
def test_a_text_without_words_has_a_code_of_its_own(text: str | None) -> None:
    assert codes(text or "", BUCKETS) == [NO_TEXT]


@given(st.text(max_size=60), st.sampled_from([2, 3, 1000, BUCKETS]))
def test_codes_lie_within_the_buckets_and_come_once(text: str, buckets: int) -> None:
    found = codes(text, buckets)
    assert found
    assert len(found) == len(set(found)) <= MOST
    assert all(1 <= code <= buckets for code in found)
    assert (found == [NO_TEXT]) == (NO_TEXT in found)


@given(st.text(max_size=60))
def test_spelling_that_means_the_same_has_the_same_codes(text: str) -> None:
    assert codes(unicodedata.normalize("NFD", text), BUCKETS) == codes(unicodedata.normalize("NFC", text), BUCKETS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GRÜNER TEE", "grüner tee"), ("Straße", "STRASSE"), ("ﬁne №5", "fine no5"), ("Ｔｅａ", "tea"),
        ("tea, green;\tleaf", "tea green leaf"), ("चाय की पत्ती", "चाय की पत्ती!"),
    ],
)  # fmt: skip
def test_case_width_and_punctuation_do_not_matter(one: str, other: str) -> None:
    assert codes(one, BUCKETS) == codes(other, BUCKETS)


@pytest.mark.parametrize(
    ("one", "like", "unlike"),
    [
        ("strawberry jam", "strawberries", "motor oil"), ("Teekanne", "Kanne", "Schraube"),
        ("绿茶叶", "茶叶罐", "电池组"), ("чайник", "чайники", "отвёртка"), ("चायपत्ती", "पत्ती", "किताब"),
    ],
)  # fmt: skip
def test_words_that_share_parts_share_codes(one: str, like: str, unlike: str) -> None:
    assert share(one, like) > 0.04 > 0.01 > share(one, unlike)


def test_an_emoji_is_a_word() -> None:
    assert codes("😍", BUCKETS) != [NO_TEXT]


def test_long_texts_keep_their_first_words() -> None:
    found = codes(" ".join(f"word{n}" for n in range(5000)), BUCKETS)
    assert len(found) == MOST
    assert found[0] == codes("word0", BUCKETS)[0]
    assert found[200] not in codes("word0", BUCKETS)
    assert len(codes("x" * 10**6, BUCKETS)) <= MOST


def test_another_process_gives_the_same_codes() -> None:
    program = "from two_tower.python_udfs.text_buckets import codes; print(codes('green tea', 16384)[:3])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(codes("green tea", 16384)[:3]) == "[15439, 12475, 697]"


def test_in_sql_null_is_no_text_and_few_buckets_are_refused() -> None:
    connection = duckdb.connect()
    register(connection)
    query = "select text_buckets(text, 16384) from (values ('Tea'), (null), ('')) as t(text)"
    assert connection.execute(query).fetchall() == [(codes("tea", 16384),), ([NO_TEXT],), ([NO_TEXT],)]
    assert connection.execute("select text_buckets(null, 16384)").fetchall() == [([NO_TEXT],)]
    assert connection.execute("select text_buckets('a', 9) where false").fetchall() == []
    with pytest.raises(duckdb.Error, match="number of buckets is 1; give at least 2"):
        connection.execute("select text_buckets('tea', 1)")
