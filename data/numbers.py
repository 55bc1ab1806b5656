"""Text to numbers: which sign is the decimal one, and what is no number at all.

`1,500` may be one and a half or fifteen hundred. A file is read with decimal commas only where
that is asked for or where some number in it can be nothing else; otherwise the user is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_BLANKS = pa.array(["", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "nat"])
_COMMA = r"^[+-]?\d*,\d+$"
_GROUPS = r"^[+-]?\d{1,3}(,\d{3})+$"
_POINT_GROUPS = r"^[+-]?\d{1,3}(\.\d{3})+$"
PLAIN = "write digits and a decimal point, no units and no thousands separators"
WITH_COMMA = "write digits and a decimal comma (--decimal ,), no thousands separators"
ASK = (
    "say --decimal , if the comma is the decimal sign; if it separates thousands, leave it out of "
    "the file"
)


@dataclass(frozen=True)
class Decimals:
    """How the numbers of one file are to be read.

    Attributes:
        comma: whether the decimal sign is a comma.
        mended: what is to be said of it; empty where nothing is.
        remedy: for a cell that is no number.
    """

    comma: bool = False
    mended: str = ""
    remedy: str = PLAIN


def decimals_of(texts: Iterable[pa.Array], asked: str | None) -> Decimals:
    """The decimal sign of a file.

    Args:
        texts: its columns of numbers that are written as text.
        asked: the sign a user named; None if it is to be found.
    """
    columns = list(texts)
    if asked == ".":
        return Decimals()
    if asked == ",":
        if _has(columns, ",") or not _surely_points(columns):
            return Decimals(comma=True, remedy=WITH_COMMA)
        return Decimals(mended="the file has decimal points, not commas; they were read as such")
    if not _has(columns, ",") or not _any(columns, _COMMA) or _has(columns, "."):
        return Decimals()
    if all(_all_groups(words) for words in columns):
        return Decimals(remedy=ASK if _any(columns, r"^[+-]?\d{1,3},\d{3}$") else PLAIN)
    return Decimals(True, "the file has decimal commas; they were read as points", WITH_COMMA)


def numbers(words: pa.Array, comma: bool) -> tuple[np.ndarray, np.ndarray]:
    """Trimmed text as float64 (N,), NaN where blank, and where it is something else (N,)."""
    pointed = pc.match_substring(words, ".") if comma else None
    if pointed is not None:
        words = pc.if_else(pointed, words, pc.replace_substring(words, ",", "."))
    values, refused = _parsed(words)
    if pointed is not None:
        wrong = pointed.to_numpy(zero_copy_only=False)
        values[wrong], refused[wrong] = np.nan, True
    return values, refused


def _parsed(words: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    try:
        values = words.cast(pa.float64()).to_numpy().copy()
        return values, np.isinf(values)
    except pa.ArrowException:
        blank = pc.is_in(pc.utf8_lower(words), _BLANKS.cast(words.type))
        values = pd.to_numeric(words.to_numpy(zero_copy_only=False), errors="coerce")
        values = np.array(values, dtype=np.float64)
        blank = blank.to_numpy(zero_copy_only=False)
        values[blank] = np.nan
        return values, ~blank & ~np.isfinite(values)


def _any(columns: list[pa.Array], pattern: str) -> bool:
    return any(pc.any(pc.match_substring_regex(words, pattern)).as_py() for words in columns)


def _has(columns: list[pa.Array], sign: str) -> bool:
    return any(pc.any(pc.match_substring(words, sign)).as_py() for words in columns)


def _all_groups(words: pa.Array) -> bool:
    """True where every cell with a comma may have thousands separators."""
    with_comma = words.filter(pc.match_substring(words, ","))
    return pc.all(pc.match_substring_regex(with_comma, _GROUPS)).as_py() is not False


def _surely_points(columns: list[pa.Array]) -> bool:
    """True where some number has a point that separates no thousands."""
    for words in columns:
        pointed = words.filter(pc.match_substring_regex(words, r"^[+-]?\d*\.\d+$"))
        if pc.all(pc.match_substring_regex(pointed, _POINT_GROUPS)).as_py() is False:
            return True
    return False
