"""Where a message of ours may lead, on whatever platform."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

# The papers, and the places that hold their code. Subdomains count.
HOSTS = frozenset({
    *("arxiv.org", "github.com", "githubusercontent.com", "github.io", "gitlab.com", "gitlab.io", "bitbucket.org"),
    *("codeberg.org", "huggingface.co", "hf.co", "kaggle.com", "colab.research.google.com", "sourceforge.net"),
    *("zenodo.org", "osf.io", "sr.ht", "4open.science", "gitee.com", "modelscope.cn", "codeocean.com", "launchpad.net"),
})  # fmt: skip


def foreign(url: str, hosts: Collection[str] = HOSTS) -> bool:
    """Tell whether a link leads to no known host, or might on some browser."""
    # Browsers read a backslash as a slash, and drop tabs and line ends: what they reach is not what is written.
    if re.search(r"[\\\s\x00-\x1f]", url):
        return True
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return True
    known = any(host == each or host.endswith(f".{each}") for each in hosts)
    return parts.scheme.lower() not in ("http", "https") or "@" in parts.netloc or not known
