"""SQL function `text_buckets(text, buckets)`: words and parts of words of a text as codes 2 to `buckets`, INTEGER[].

    select text_buckets('Grüner Tee', 16384)

A word gives itself and its runs of 3 to 5 characters, edges marked: <tee> gives <te, tee, ee>, <tee and tee>. So
inflected, joined and misspelt words share codes in any language. Scripts other than ASCII have runs of 2 as well, since
a Chinese word is no longer. Each code comes once, words first, at most MOST of them. A text without words, NULL
included, has code 1 alone. Training and serving have no other way from text to codes.
"""

from __future__ import annotations

import unicodedata
import zlib
from functools import lru_cache
from itertools import islice

import pyarrow as pa

NO_TEXT = 1  # 0 pads lists
MOST = 256  # codes of one text: about 20 words with all of their parts, or 256 words
LENGTHS = range(3, 6)
MARKS = "<{}>"  # neither sign is ever part of a word


class _Separators(dict[int, str]):
    """For str.translate: a space in place of each character that parts words. Symbols such as emoji are words."""

    def __missing__(self, code: int) -> str:
        kind = unicodedata.category(chr(code))
        self[code] = " " if kind[0] in "PZC" or kind in ("Sm", "Sc", "Sk") else chr(code)
        return self[code]


SEPARATORS = _Separators()


def text_buckets(texts: pa.ChunkedArray, buckets: pa.ChunkedArray) -> pa.Array:
    """Codes of each text; its length is that of `texts`, NULLs included.

    Raises:
        ValueError: when there are fewer than 2 buckets, or their number is NULL.
    """
    rows = []
    for text, size in zip(texts.to_pylist(), buckets.to_pylist(), strict=True):
        if size is None or size < 2:
            raise ValueError(f"text_buckets: the number of buckets is {size}; give at least 2")
        rows.append(codes(text or "", size))
    return pa.array(rows, pa.list_(pa.int32()))


def codes(text: str, buckets: int) -> list[int]:
    """Codes of one text, each once, words before parts of words."""
    words = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).translate(SEPARATORS).split()
    found = dict.fromkeys(word_codes(word, buckets)[0] for word in words)
    for word in words:
        if len(found) >= MOST:
            break
        found.update(dict.fromkeys(word_codes(word, buckets)))
    return list(found)[:MOST] or [NO_TEXT]


@lru_cache(2**15)  # few words make up most of all texts
def word_codes(word: str, buckets: int) -> tuple[int, ...]:
    """Codes of a word, itself first, then its parts, short ones first."""
    marked = MARKS.format(word)
    shortest = LENGTHS.start if word.isascii() else LENGTHS.start - 1
    places = ((start, n) for n in range(shortest, LENGTHS.stop) for start in range(len(marked) - n + 1))
    parts = [marked, *(marked[start : start + n] for start, n in islice(places, MOST))]
    return tuple(2 + zlib.crc32(part.encode()) % (buckets - 1) for part in parts)
