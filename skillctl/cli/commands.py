"""The commands there are; a command is loaded only when it is run, so what `--help` says of it stands here."""

#: Every command with the line that `--help` shows of it, in the order of a skill's life; its file has its name.
COMMANDS = {
    "validate": "Find every problem of every skill, with its place.",
    "explain": "What a code of a finding means, with a bad and a good example.",
    "schema": "Write the JSON Schemas of the files, for editors.",
    "eval": "Measure skills with their suites and keep the evidence.",
    "eval merge": "Join what several machines measured of one suite.",
    "promote": "Take a skill one step: draft → candidate → approved.",
    "approve": "Sign what is to be approved with your SSH key.",
    "why": "What the next step of a skill asks for, and what is missing.",
    "gate": "Judge a change: whether it may enter its base.",
    "revise": "Open the next version of a skill as a draft.",
    "deprecate": "Hide an approved version from all but those who use it.",
    "withdraw": "Offer an approved version to nobody any more.",
    "rollback": "Serve another approved version, or undo a release.",
    "status": "The board: where every skill stands, and what it waits for.",
    "list": "The skills of this repository, or those an environment serves.",
    "show": "One skill: what it is, what it needs, where it stands.",
    "history": "The approvals of one skill.",
    "diff": "What is other in one version of a skill than in another.",
    "load": "Fill the local SQLite catalogue.",
    "db": "Migrations of a production database.",
    "plan": "What `sync` would change in production.",
    "sync": "Make production hold what a commit says.",
    "verify": "Compare production with a commit, the ledger or the approvals.",
    "revoke": "Forbid a version in production, at once and for ever.",
    "hold": "Let no sync change a skill in production.",
    "jobs": "Notices and rollouts of releases.",
    "hooks": "Answers the slash commands of a chat.",
    "doctor": "What does not work here, and what mends it.",
    "demo": "The whole way of a skill, on this machine, in a minute.",
}
#: Those that have commands of their own.
GROUPS = frozenset({"db", "hold", "hooks", "jobs"})
