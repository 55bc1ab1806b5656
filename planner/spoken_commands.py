"""What all commands have in common: how options are read, and how text reaches the terminal.

Text from tables is shown as it is, never taken for markup or for commands to the terminal.
"""

from __future__ import annotations

import textwrap
from datetime import date

from rich.console import Console
from rich.markup import escape

from data.errors import ConfigurationError
from planner.wording import THIN

screen = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def plain(of: object) -> str:
    """Text as it is: no markup, and nothing that a terminal would obey."""
    return escape(
        "".join(sign if sign.isprintable() or sign == THIN else "\ufffd" for sign in str(of))
    )


def say(text: str, style: str = "", indent: str = "") -> None:
    """A paragraph as wide as the screen; unlike Rich's, no line ends within a number."""
    for line in textwrap.wrap(
        text, screen.width, initial_indent=indent, subsequent_indent=indent + "  "
    ):
        screen.print(plain(line), style=style, soft_wrap=True)


def say_line(text: str, style: str = "") -> None:
    """One line, however long: what is to be copied, or may be searched for."""
    screen.print(plain(text), style=style, soft_wrap=True)


def columns_of(pairs: list[str] | None, example: str = "unique_id=SKU") -> dict[str, str]:
    """Headers by our column names, from values of --map such as unique_id=SKU.

    Raises:
        ConfigurationError: one of them is no such pair.
    """
    columns = {}
    for pair in pairs or []:
        ours, equals, theirs = pair.partition("=")
        if not (equals and ours and theirs):
            raise ConfigurationError(f"--map is {pair!r}, expected OURS=THEIRS, as {example}")
        columns[ours.strip()] = theirs.strip()
    return columns


def day_of(option: str, text: str | None) -> date | None:
    """The day that an option names; None where it was not given.

    Raises:
        ConfigurationError: it is no day.
    """
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{option} is {text!r}, expected a day written 2011-07-01"
        ) from error
