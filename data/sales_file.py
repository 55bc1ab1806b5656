"""Sales out: one row per product and day, as `read_sales` reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from data.sales import Sales

CHUNK = 512
"""Products written at a time; bounds memory."""


def write_sales(path: Path, sales: Sales) -> None:
    """A Parquet file of the whole record; promotions of days to come have no y.

    Days that do not tell demand are written with what is known of them: on_sale 0 where the product
    was not on offer, open 0 where the business was closed. Stretches taken as stock-outs are not
    written as such: a reader finds them again.
    """
    schema = pa.schema(
        [
            ("unique_id", pa.dictionary(pa.int32(), pa.string())),
            ("ds", pa.date32()),
            ("y", pa.float64()),
            ("price", pa.float64()),
            ("open", pa.int8()),
            ("on_sale", pa.int8()),
            ("promotion", pa.int8()),
        ]
    )
    with parquet.ParquetWriter(path, schema, compression="zstd", compression_level=9) as writer:
        for first in range(0, len(sales.unique_id), CHUNK):
            some = slice(first, first + CHUNK)
            writer.write_table(pa.table(_columns(sales, some), schema=schema))


def _columns(sales: Sales, some: slice) -> dict[str, pa.Array]:
    """The rows of some products, product by product; then the days that promotions are planned."""
    ids = pa.array([str(name) for name in sales.unique_id[some]])
    count, days = len(ids), sales.days
    ahead, which = np.nonzero(sales.promotion[days:, some])
    place = np.concatenate([np.repeat(np.arange(count), days), which])
    day = np.concatenate([np.tile(np.arange(days), count), days + ahead])
    first = np.datetime64(sales.first, "D")
    blank = np.full(len(which), np.nan)
    ones = np.ones(len(which), dtype=np.int8)
    return {
        "unique_id": pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), ids),
        "ds": pa.array((first + day).astype("datetime64[D]")),
        "y": _told(np.concatenate([sales.units[:, some].T.ravel(), blank])),
        "price": _told(np.concatenate([sales.price[:, some].T.ravel(), blank])),
        "open": pa.array(np.concatenate([np.tile(sales.open, count), ones]).astype(np.int8)),
        "on_sale": pa.array(
            np.concatenate([sales.on_sale[:, some].T.ravel(), ones]).astype(np.int8)
        ),
        "promotion": pa.array(
            np.concatenate([sales.promotion[:days, some].T.ravel(), ones]).astype(np.int8)
        ),
    }


def _told(values: np.ndarray) -> pa.Array:
    return pa.array(values, from_pandas=True)
