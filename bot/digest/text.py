r"""Paper text as people read it: LaTeX as Unicode, inline HTML as text, and the links that it names.

Authors type titles and abstracts: maths, accents, stray macros, `<a>` elements that arXiv adds, and many signs
that only look like markup (`$5`, `a<b`, `<CLS>`, `4% of`). What is not surely markup stays.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from html.entities import html5
from typing import Literal

from bot.digest.latex import to_unicode
from bot.model import Link


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person sees of a raw text: one line, and its links in order, each once."""

    plain: str
    links: tuple[Link, ...] = ()


def read(raw: str) -> Reading:
    """Read a raw title or abstract; no text raises, and the time grows with its length only."""
    text = _compose(raw if raw.isprintable() else _HIDDEN.sub("", raw))
    urls: list[str] = []
    if any(sign in text for sign in _MARKUP):
        shown = to_unicode(bare := _elements(text, urls))
        # No address may get lost on the way, or appear.
        text = _compose(shown if set(_STAND_IN.findall(shown)) == set(_STAND_IN.findall(bare)) else bare)
    plain = " ".join(text.split())
    if urls:
        # One whose label is the same address but for a slash stands there once.
        urls = [urls[ord(mark) - _FIRST] for mark in _STAND_IN.findall(plain)]
        standing = iter(urls)
        plain = _STAND_IN.sub(lambda _: next(standing), plain)
    return Reading(plain, tuple(Link(url, _kind(url)) for url in dict.fromkeys(urls)))


# Controls, soft hyphens, zero-width and bidirectional signs, lone surrogates, non-characters, and the private
# planes, where addresses are kept below. White space is left for the end.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
_MARKUP = ("<", "&", "\\", "$", "~", "^{", "_{", "``", "://")
_FIRST, _LAST = 0xF0000, 0xFFFFD
_STAND_IN = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")

_CODE_HOSTS = (
    "github.com", "githubusercontent.com", "gitlab.com", "bitbucket.org", "codeberg.org", "huggingface.co",
    "hf.co", "4open.science", "kaggle.com", "colab.research.google.com", "sourceforge.net", "gitee.com",
    "sr.ht", "modelscope.cn",
)  # fmt: skip
_PIECE = re.compile(
    r"""
      <(?P<close>/?)(?P<tag>a|br|p|b|i|u|em|strong|sub|sup)\b(?P<rest>[^<>]*)>
    | (?P<url>https?://(?:[!#-;=?-\[\]_a-z~]|\\[_%#&~$-])+)
    | (?P<entity>&\#?\w{1,32};)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HREF = re.compile(r"""\shref\s?=\s?(?:"([^"]*)"|'([^']*)'|([^\s"']+))""", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://([a-z0-9\[][^\s/?#<>\"]*)[^\s<>\"]*", re.IGNORECASE)
_LABEL_OF_ARXIV = re.compile(r"this (?:https?|ftp) url", re.IGNORECASE)


def _elements(text: str, urls: list[str]) -> str:
    """Turn allow-listed elements and entities into text, and put one private character for each web address.

    A general HTML parser would take maths for elements (`a<b$ and p<0.05, x>y`) and drop it.
    """
    out: list[str] = []
    anchor: tuple[int, str] | None = None
    pieces = list(_PIECE.finditer(text))
    paired = _paired(pieces)
    done = 0
    for match in pieces:
        out.append(text[done : match.start()])
        done = match.end()
        if match["entity"]:
            out.append(_unescape(match[0]))
        elif match["url"]:
            written = _without_punctuation(match["url"])
            done = match.start() + len(written)
            out.append(_stand_in(_unescape(re.sub(r"\\(.)", r"\1", written)), urls) or written)
        else:
            tag, rest, closes = match["tag"].lower(), match["rest"].strip(), bool(match["close"])
            if tag == "a" and closes and anchor:
                _close_anchor(out, anchor, urls)
                anchor = None
            elif tag == "a" and not closes and (href := _HREF.search(match["rest"])):
                if anchor:
                    _close_anchor(out, anchor, urls)
                anchor = (len(out), _unescape(href[1] or href[2] or href[3] or "").strip())
            elif tag == "br" and rest in ("", "/"):
                out.append(" ")
            elif match.start() in paired:
                out.append(_REPLACED.get(f"/{tag}" if closes else tag, ""))
            elif tag != "a" or not closes:
                out.append(match[0])
    out.append(text[done:])
    if anchor:
        _close_anchor(out, anchor, urls)
    return "".join(out)


def _paired(pieces: list[re.Match[str]]) -> set[int]:
    """Return where the elements of type begin and end: a `<b>` that nothing closes is maths (`a<b>c`)."""
    paired: set[int] = set()
    opened: dict[str, list[int]] = {}
    for match in pieces:
        starts = opened.setdefault((match["tag"] or "").lower(), [])
        if match["tag"] and not match["rest"]:
            if not match["close"]:
                starts.append(match.start())
            elif starts:
                paired |= {starts.pop(), match.start()}
    return paired


_REPLACED = {"sup": "^{", "/sup": "}", "sub": "_{", "/sub": "}", "p": " ", "/p": " "}


def _unescape(text: str) -> str:
    """Read entities; the standard library alone would read `&nothing;` as `¬hing;`."""
    return _HIDDEN.sub(
        "", _ENTITY.sub(lambda match: match[0] if match[1] and match[1] not in html5 else html.unescape(match[0]), text)
    )


_ENTITY = re.compile(r"&(\w{1,32};)|&#\w{1,10};")


def _close_anchor(out: list[str], anchor: tuple[int, str], urls: list[str]) -> None:
    start, url = anchor
    label = " ".join("".join(out[start:]).split())
    shown = _STAND_IN.sub(lambda match: urls[ord(match[0]) - _FIRST], label)
    mark = _stand_in(url, urls)
    if not mark:
        return
    bare = url.partition("//")[2].rstrip("/")
    if not label or _LABEL_OF_ARXIV.fullmatch(label) or shown.rstrip("/") in (url.rstrip("/"), bare):
        out[start:] = [mark]
    else:
        out[start:] = [f"{label} ({mark})"]


def _stand_in(url: str, urls: list[str]) -> str:
    """Return the private character that stands for a web address through the passes, or "" if it is none."""
    if len(url) > 2000 or not _ADDRESS.fullmatch(url):
        return ""
    if urls and urls[-1] == url:
        return chr(_FIRST + len(urls) - 1)
    if len(urls) > _LAST - _FIRST:
        return ""
    urls.append(url)
    return chr(_FIRST + len(urls) - 1)


def _without_punctuation(url: str) -> str:
    """Return an address without the punctuation of the sentence around it; `)` stays where it was opened."""
    surplus = url.count(")") - url.count("(")
    end = len(url)
    while end:
        last = url[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
        elif last not in ".,;:!?'*]$\\":
            break
        end -= 1
    return url[:end]


def _kind(url: str) -> Literal["code", "page"]:
    match = _ADDRESS.match(url)
    host = match[1].rpartition("@")[2].partition(":")[0].rstrip(".").lower() if match else ""
    known = host.startswith("gitlab.") or any(host == name or host.endswith("." + name) for name in _CODE_HOSTS)
    return "code" if known else "page"


def _compose(text: str) -> str:
    """Compose to NFC; a heap of marks on one letter, which takes quadratic time, stays as it is."""
    run = 0
    if not text.isascii() and _MAY_COMBINE.search(text):
        for character in text:
            run = run + 1 if unicodedata.combining(character) else 0
            if run > 30:
                return text
    return unicodedata.normalize("NFC", text)


# Every combining mark stands from U+0300 on, so does Chinese: only such a run is looked at closely.
_MAY_COMBINE = re.compile("[\u0300-\U0010ffff]{31}")
