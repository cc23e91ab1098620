"""What is raised when a question could not be answered; a plain "no" is a value, never one of these.

SkillctlError
├── UsageError            exit 2: the command or the configuration is wrong
├── Unreachable           exit 3: a store, network, Git or tool gave no answer
│   └── NotMigrated       exit 3: production answers, but lacks our functions
│       └── NotExposed    exit 3: its Data API does not show their schema
└── StoreRefused          exit 1: production itself said no, by name
"""


class SkillctlError(Exception):
    """Anything a person is told in one message; `hint` names the next command or step."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SkillctlError):
    """The command line, the environment or `skillctl.yaml` cannot be meant as it stands."""

    exit_code = 2


class Unreachable(SkillctlError):
    """A store, a network, Git or a tool did not answer, so nothing is known."""


class NotMigrated(Unreachable):
    """Production answers, but the functions of schema `mcp` are missing or not exposed."""


class NotExposed(NotMigrated):
    """Production answers, but its Data API does not expose schema `mcp`."""


class StoreRefused(SkillctlError):
    """Production refused a change; `name` is the stable name of the refusal, such as `evidence-missing`."""

    exit_code = 1

    def __init__(self, name: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.name = name


class Bug(SkillctlError):
    """A defect of `skillctl` itself; the trace is in a log."""

    exit_code = 4
