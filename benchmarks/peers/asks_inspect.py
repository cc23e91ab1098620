"""inspect-ai with its mock model on the cases of a folder; the log is kept as its own `.eval` file."""

import json
import sys
from pathlib import Path
from typing import Any

import inspect_ai
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import CORRECT, INCORRECT, includes
from inspect_ai.solver import generate


def _echo(messages: Any, *_rest: Any) -> Any:
    answer = ModelOutput.from_content("mockllm/model", messages[-1].text)
    # Without it inspect-ai counts tokens itself, with a table that it downloads.
    answer.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return answer


def main() -> None:
    """Print how many passed and failed; what did not end well is neither."""
    folder = Path(sys.argv[1])
    samples = [
        Sample(id=case["id"], input=case["prompt"], target=case["contains"])
        for case in json.loads((folder / "cases.json").read_bytes())
    ]
    task = inspect_ai.Task(name="asks", dataset=MemoryDataset(samples), solver=generate(), scorer=includes())
    # The way that took the least time here: nothing drawn, no log that can be watched while it grows.
    [log] = inspect_ai.eval(
        task,
        model=get_model("mockllm/model", custom_outputs=_echo),
        log_dir=str(folder / "logs"),
        log_format="eval",
        log_realtime=False,
        display="none",
        max_samples=20,
    )
    scores = [sample.scores["includes"].value for sample in log.samples or () if sample.scores]
    print(f"{scores.count(CORRECT)} passed, {scores.count(INCORRECT)} failed, {log.status}")


if __name__ == "__main__":
    main()
