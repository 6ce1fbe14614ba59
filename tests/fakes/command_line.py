"""The command line as a real process, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DIGEST = """# ArXiv cs.CV --Fri, 20 Nov 2020
### 1.Purple Elephants at Home  [ :arrow_down: ](https://arxiv.org/pdf/2011.10043.pdf)
>  Elephants are large.
### 2.No Address  [ :arrow_down: ](https://example.org/x.pdf)
>  Nothing leads here.
"""


class Paperwire:
    """The command line in an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "paper wire.db"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PAPERWIRE_", "XDG_", "SLACK_", "DISCORD_"))
        }
        self.environment = kept | {
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PYTHONPATH": str(ROOT),
            # As in pyproject.toml.
            "PYTHONWARNINGS": "error,ignore:'audioop' is deprecated:DeprecationWarning",
            "PAPERWIRE_DATABASE": f"sqlite:///{self.database}",
        }

    def __call__(self, *words: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*words),
            input=typed,
            capture_output=True,
            text=True,
            env=self.environment | environment,
            cwd=self.folder,
            timeout=30,
            check=False,
        )

    def line(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "bot", *words]

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.line(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.folder,
        )

    def digest(self, name: str = "digest.md", text: str = DIGEST) -> str:
        (self.folder / name).write_text(text)
        return name
