"""How text in a file is written, where it cannot be found out: asked for by options."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import ConfigurationError

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
DATES = (DAY_FIRST, MONTH_FIRST)
DECIMALS = (".", ",")


@dataclass(frozen=True)
class Format:
    """What a user says of the files; None where it is to be found out.

    Attributes:
        encoding: of CSV files; UTF-8, or UTF-16 with its mark, if not given.
        decimal: the decimal sign, one of DECIMALS.
        dates: which number of 01/02/2027 is the day, one of DATES.
    """

    encoding: str | None = None
    decimal: str | None = None
    dates: str | None = None

    def __post_init__(self) -> None:
        for label, choices in (("decimal", DECIMALS), ("dates", DATES)):
            value = getattr(self, label)
            if value is not None and value not in choices:
                raise ConfigurationError(
                    f"--{label} is {value!r}, expected {' or '.join(map(repr, choices))}"
                )
        if self.encoding is not None:
            _check_encoding(self.encoding)


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
        b"".decode(encoding)
    except (LookupError, ValueError) as error:
        raise ConfigurationError(
            f"--encoding {encoding}: no such encoding; use for instance utf-8, latin-1 or cp1252"
        ) from error
