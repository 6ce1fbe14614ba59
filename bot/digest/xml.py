"""XML from outside, read without DTD or entities, and the namespaces that arXiv writes in."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from bot.digest.entries import DigestError

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
DC = "{http://purl.org/dc/elements/1.1/}"


def root(text: str) -> ET.Element:
    """Parse a whole document, or raise DigestError."""
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415 - loads with the first document

    try:
        parsed: ET.Element = fromstring(text, forbid_dtd=True)
    except ET.ParseError as error:
        raise DigestError(error.position[0], f"expected well-formed XML: {error.msg}") from None
    except (ValueError, LookupError) as error:  # defusedxml's own refusals are ValueErrors
        raise DigestError(1, f"expected plain XML without DTD or entities: {type(error).__name__}") from None
    return parsed


def field(element: ET.Element, *names: str) -> str:
    """Return the text of the first of these children that holds any, with Atom's namespace or as named."""
    for name in names:
        content = element.findtext(name) or element.findtext(ATOM + name)
        if content and content.strip():
            return content.strip()
    return ""
