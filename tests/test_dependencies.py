"""What is installed for production: pinned, with hashes, all of it, and what pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
WANTED = [
    Requirement(each) for each in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
]


def pins() -> dict[str, Requirement]:
    """Return the lines of requirements.txt, each with its comments and hashes cut off, by name."""
    lines = re.sub(r"\s*\\\n\s*", " ", (ROOT / "requirements.txt").read_text("utf-8")).split("\n")
    found = [Requirement(line.partition(" --hash")[0]) for line in lines if line and not line.lstrip().startswith("#")]
    return {canonicalize_name(each.name): each for each in found}


PINS = pins()


def test_every_pin_is_of_one_version_and_has_hashes() -> None:
    entries = re.split(r"\n(?=[\w])", (ROOT / "requirements.txt").read_text("utf-8"))[1:]

    assert len(entries) == len(PINS) >= len(WANTED)
    for entry in entries:
        assert re.match(r"[\w.\[\]-]+==[\w.]+(?: ; [^\\\n]+)? \\\n", entry), entry
        assert re.search(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$", entry, re.MULTILINE), entry
        assert not re.search(r"--hash=(?!sha256:[0-9a-f]{64}\b)", entry), entry


@pytest.mark.parametrize("wanted", WANTED, ids=str)
def test_what_the_product_depends_on_is_pinned_to_a_version_that_it_allows(wanted: Requirement) -> None:
    (pinned,) = PINS[canonicalize_name(wanted.name)].specifier

    assert wanted.specifier.contains(pinned.version)


@pytest.mark.parametrize("name", PINS)
def test_what_a_pin_depends_on_is_pinned_too(name: str) -> None:
    try:
        needed = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        assert PINS[name].marker  # it is for another system or Python
        return
    for each in map(Requirement, needed):
        extras = PINS[name].extras or {""}
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
            assert canonicalize_name(each.name) in PINS, f"{name} needs {each}"


def test_nothing_is_pinned_that_nothing_depends_on() -> None:
    direct = {canonicalize_name(each.name) for each in WANTED}
    entries = re.findall(
        r"^([\w.-]+).*?\n((?:    .*\n)*)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE
    )

    unexplained = [
        name for name, below in entries if canonicalize_name(name) not in direct and not re.search(r"# +via", below)
    ]
    assert unexplained == []
