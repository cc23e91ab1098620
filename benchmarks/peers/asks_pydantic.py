"""pydantic-evals on the cases of a folder; the report is kept as JSON."""

import json
import sys
from pathlib import Path

from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Contains
from pydantic_evals.reporting import EvaluationReportAdapter


async def _echo(prompt: str) -> str:
    return prompt


def main() -> None:
    """Print how many passed and failed; a case whose check broke, or that has none, is neither."""
    folder = Path(sys.argv[1])
    cases = [
        Case(name=case["id"], inputs=case["prompt"], evaluators=(Contains(value=case["contains"]),))
        for case in json.loads((folder / "cases.json").read_bytes())
    ]
    report = Dataset(name="asks", cases=cases).evaluate_sync(_echo, progress=False)
    (folder / "report.json").write_bytes(EvaluationReportAdapter.dump_json(report))
    held = [[check.value for check in case.assertions.values()] for case in report.cases]
    print(f"{held.count([True])} passed, {held.count([False])} failed")


if __name__ == "__main__":
    main()
