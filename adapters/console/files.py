"""Files that go with an answer, in the folder in which the terminal is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from adapters._files import name_of
from bot.model import File, Reply, Text


def saved(reply: Reply) -> Reply:
    """Write the file that goes with a reply into the current folder; return the reply with a line on where it is.

    Nothing that is there is written over: `saved.bib` becomes `saved-2.bib`.
    """
    if reply.file is None:
        return reply
    try:
        said = f"Written to {_written(reply.file)}"
    except OSError as error:
        why = error.strerror or type(error).__name__
        said = f"{name_of(reply.file)} could not be written here: {why}. Go to a folder of yours, and ask again."
    return replace(reply, note=Text("\n".join(filter(None, [str(reply.note), said]))))


def _written(file: File) -> Path:
    for path in _free(Path.cwd() / name_of(file)):
        try:
            stream = path.open("xb")
        except FileExistsError:
            continue
        try:
            with stream:
                stream.write(file.content)
        except OSError:
            # Half of a file would be taken for all of it.
            path.unlink()
            raise
        return path
    raise AssertionError("there is always another name")


def _free(path: Path) -> Iterator[Path]:
    yield path
    for number in count(2):
        yield path.with_stem(f"{path.stem}-{number}")
