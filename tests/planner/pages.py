"""A page as a browser would see it."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "img", "link", "input", "hr"}
DIGIT = re.compile(r"\d")
Cited = dict[str, str]
"""A number of the page: value, source, row and text."""


class Page(HTMLParser):
    """What a browser would see: elements, addresses, text outside scripts, scripts by id.

    Numbers that say where they stand in the run folder are `cited`, those in cells for numbers that
    do not are `loose`.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.scripts: dict[str, str] = {}
        self.cited: list[Cited] = []
        self.loose: list[str] = []
        self.names: list[str] = []
        self._script = ""
        self._classes: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        self.ids.update(filter(None, [given.get("id")]))
        self.addresses += [str(given[name]) for name in ("src", "href") if name in given]
        self.handlers += [name for name in given if name.startswith("on")]
        self._script = given.get("id") or ""
        if tag == "data":
            self.cited.append({name: value or "" for name, value in given.items()} | {"text": ""})
        if tag == "bdi":
            self.names.append("")
        if tag not in VOID:
            self.open.append(tag)
            self._classes.append(given.get("class") or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._classes.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[self._script] = self.scripts.get(self._script, "") + data
        elif not self.open or self.open[-1] != "style":
            self.text += data
            self._count(data)

    def _count(self, data: str) -> None:
        if "data" in self.open:
            self.cited[-1]["text"] += data
        elif DIGIT.search(data) and "n" in self._classes and "td" in self.open:
            self.loose.append(data)
        if "bdi" in self.open:
            self.names[-1] += data


def charts_of(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.scripts["figures"])
    return found
