"""References as CSL-JSON, which Zotero and Pandoc read.

https://github.com/citation-style-language/schema/blob/master/schemas/input/csl-data.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.takeaway.names import Name
from bot.takeaway.reference import Reference


def csl(cited: Sequence[Reference]) -> str:
    """Write references as an array of items; of what is not known, nothing is written."""
    return json.dumps([_item(each) for each in cited], ensure_ascii=False, indent=1) + "\n"


def _item(each: Reference) -> Mapping[str, Any]:
    paper = each.paper
    item = {
        "id": each.key,
        "type": "article",  # what a preprint is there
        "title": paper.title,
        "author": [_author(name) for name in each.names],
        "issued": {"date-parts": [[each.year, *([each.month] if each.month else [])]]},
        "abstract": paper.abstract,
        "publisher": "arXiv",
        "number": f"arXiv:{paper.id}",
        "URL": paper.url,
        "keyword": ", ".join(each.tags),
    }
    return {name: value for name, value in item.items() if value}


def _author(name: Name) -> Mapping[str, str]:
    if not name.given:
        return {"literal": name.family}
    return {"family": name.family, "given": name.given} | ({"suffix": name.suffix} if name.suffix else {})
