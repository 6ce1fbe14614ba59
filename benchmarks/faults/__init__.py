"""The fault table: what may go wrong, done on purpose and counted; each row with a mistake that has to turn it red.

A row is in a module here: `ROWS` of each are found by themselves. To add one, write a check and put it there.
"""

from __future__ import annotations

from benchmarks.faults.row import Found, Row, Trial

__all__ = ["Found", "Row", "Trial"]
