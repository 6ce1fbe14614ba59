"""Papers to take away: files in the formats that programs for literature read.

A format is one function in a module of its own and of its name, named in `FORMATS`. It loads when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from bot.model import File
from bot.takeaway.reference import Reference, references

__all__ = ["FORMATS", "Format", "packed", "references"]


@dataclass(frozen=True, slots=True)
class Format:
    """What a format is called, how its files end, what they are, and the module that writes references in it."""

    label: str
    ending: str
    media_type: str
    module: str

    def write(self, cited: Sequence[Reference]) -> str:
        written: str = getattr(import_module(f"{__name__}.{self.module}"), self.module)(cited)
        return written


FORMATS: Mapping[str, Format] = {
    "bibtex": Format("BibTeX", "bib", "application/x-bibtex", "bibtex"),
    "ris": Format("RIS", "ris", "application/x-research-info-systems", "ris"),
    "csv": Format("CSV", "csv", "text/csv", "table"),
    "markdown": Format("Markdown", "md", "text/markdown", "markdown"),
    "json": Format("CSL-JSON", "json", "application/vnd.citationstyles.csl+json", "csl"),
}


def packed(cited: Sequence[Reference], name: str, form: Format) -> File:
    """Return references as a file of that name, without its ending."""
    # What a source left of half a character is no UTF-8.
    return File(f"{name}.{form.ending}", form.media_type, form.write(cited).encode("utf-8", "replace"))
