"""What a fake finds wrong with what the product does, and what of it a test wants."""

from __future__ import annotations


class Problems:
    """What the platform called `name` found; `found` has all of it, each as "where: what"."""

    def __init__(self, name: str) -> None:
        self.found: list[str] = []
        self._name = name
        self._expected: list[str] = []

    def complain(self, where: str, what: str) -> None:
        self.found.append(f"{where}: {what}")

    def expect(self, part: str) -> None:
        """Expect problems that contain a text: at the end there must be one, and none of them fails the test."""
        self._expected.append(part)

    def check(self) -> None:
        """Raise AssertionError with the problems that nobody expected, and with those that did not come."""
        wrong = [each for each in self.found if not any(part in each for part in self._expected)]
        wrong += [
            f"expected, but not found: {part}"
            for part in self._expected
            if not any(part in each for each in self.found)
        ]
        if wrong:
            raise AssertionError(f"{self._name} found problems:\n  " + "\n  ".join(wrong))

    def end(self, error: BaseException | None) -> None:
        """End a test: `check`, or note on the error that ended it what was found."""
        if error is None:
            self.check()
        elif self.found:
            error.add_note(f"{self._name} found problems: {self.found}")
