"""`make bench`: whole-process seconds of the commands people wait for, at 1,000 and 10,000 skills, and of evals."""

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks import changes, evals, starts, validate

#: What `--only` names, in the order it is measured; those of evals take a folder and a number of runs.
_EVALS = {"asks": evals.asks, "scripts": evals.scripts, "calls": evals.calls, "reused": evals.reused}
_PARTS = ("validate", *_EVALS, "changes", "stores", "reading", "queue")


def main() -> None:
    """Print Markdown tables with what was measured beside what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS, help="some parts; all without it")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--shapes", nargs="+", choices=("lean", "full"), default=["lean", "full"])
    parser.add_argument("--jobs", type=int, default=100_000, help="that each queue is measured with")
    parser.add_argument("--finished", type=int, default=1_000_000, help="jobs that must not slow our queue")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each; the median counts")
    options = parser.parse_args()
    # All is kept until the end: some file systems are slow to create files where many were just deleted.
    with tempfile.TemporaryDirectory(prefix="skillctl-bench-") as scratch:
        if "validate" in options.only:
            starts.measure()
            for size in options.sizes:
                for shape in options.shapes:
                    validate.measure(Path(scratch), shape, size, options.rounds)
        for name in _EVALS:
            if name in options.only:
                _EVALS[name](Path(scratch), options.rounds)
        if "changes" in options.only:
            for size in options.sizes:
                changes.measure(Path(scratch), size, options.rounds)
        if "stores" in options.only:
            # Loaded late: what this process holds in memory would count for each child of it.
            from benchmarks import stores

            stores.measure(Path(scratch), options.sizes)
        if "reading" in options.only:
            from benchmarks import reading

            reading.measure(Path(scratch), options.sizes)
        if "queue" in options.only:
            from benchmarks import queue

            queue.measure(Path(scratch), options.jobs, options.finished, options.rounds)
        print(f"\nLoad of this machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
