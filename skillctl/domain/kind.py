"""The four kinds of cases of a suite."""

from typing import Literal

Kind = Literal["run", "ask", "trigger", "tool"]
