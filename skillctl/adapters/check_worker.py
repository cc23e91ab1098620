"""The process in which `bounded_checks` judges: one question a line on standard input, one answer a line back."""

import contextlib
import json
import resource
import signal
import sys

from skillctl.domain.checks import BrokenCheck, Check, Produced, failure_of

_MEMORY = 1024**3


def serve() -> None:
    """Answer until nobody asks; the kernel ends this process when one answer takes more than `sys.argv[1]` seconds."""
    seconds = float(sys.argv[1])
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for line in sys.stdin.buffer:
        # Processor time, so that a busy machine changes no outcome.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        answer = _answer(line)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _answer(line: bytes) -> dict[str, str | None]:
    question = json.loads(line)
    try:
        check, produced = Check.model_validate(question["check"]), Produced(*question["produced"])
        return {"failure": failure_of(check, produced), "broken": None}
    except BrokenCheck as problem:
        return {"failure": None, "broken": str(problem)}
    except MemoryError:
        return {"failure": None, "broken": f"check needs more than {_MEMORY:,} bytes of memory"}
