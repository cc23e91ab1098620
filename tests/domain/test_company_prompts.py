"""The skills of this repository are told apart: by the trigger cases of their suites, and by prompts kept aside.

The prompts kept aside were written before the ranking was, and none of them has changed it.
"""

from pathlib import Path

import pytest

from skillctl.domain import skill, suite
from skillctl.domain.case import Trigger
from skillctl.domain.confusion import Choice, confusion
from skillctl.domain.neighbours import Prompt, lost
from skillctl.domain.selection import Catalogue, Offer

#: Of the prompts kept aside, so many find their skill: 33 of 36 when they were first asked.
RIGHT = 33
KEPT_ASIDE = {
    "finance-ssc": [
        "magkano ang EWT sa contractor na corporation, 250k before VAT",
        "client is PEZA zero rated, how do I put it in 2550Q",
        "do we still withhold if the purchase is only 9,500 from a one time vendor? we're TWA",
        "is the BIR deadline moved when it falls on a sunday",
        "paki-check: invoice 112,000 vat inc, 10% withheld came out 11,200. mali ba?",
        "what form do i hand the landlord as proof of tax",
    ],
    "odoo-developer": [
        "rename a field without losing data when we go to 17",
        "pylint-odoo says manifest-required-author on my module",
        "is there an OCA replacement for our custom bank import addon",
        "ir.model.access line missing? users get access error on the new menu",
        "what goes in depends if I only use a view of stock",
        "test run of the upgrade scripts in lab on a copy of prod",
    ],
    "infra-orchestrator": [
        "prod erp not answering, what can still be read and from where",
        "is lab allowed for SSC tickets?",
        "new HR automation, dev or prod n8n first?",
        "pls route this to the right specialist",
        "the balance in lab says 1.2M, in erp 1.3M. which one is true",
        "force target odoo_lab for this batch",
    ],
    "devops-engineer": [
        "${{ github.event.issue.title }} in a run block, is it a problem",
        "set-output is deprecated, fix our workflows",
        "curl | bash in the install step, reviewer says no",
        "last deploy to DigitalOcean apps went red, logs attached",
        "secrets visible to PRs from forks?",
        "release job should only run once and wait for approval",
    ],
    "kubernetes-genius": [
        "k8s: liveness probe kills the app while it migrates",
        "ImagePullBackOff from our private registry",
        "write me a cronjob yaml with limits for the nightly export",
        "HPA says autoscaling/v2beta2 not found after the upgrade",
        "load balancer has no external ip since an hour",
        "can two pods share a do-block-storage volume",
    ],
    "bi-architect": [
        "conversion rate in the dashboard is over 100%, formula wrong?",
        "which column should be the time column for the jobs dataset",
        "superset import said ok but the charts are empty",
        "query scans the whole table, add a time filter how",
        "who uses which agent, chart per person ok?",
        "report on n8n failures per workflow, last 30 days",
    ],
}
OF_NOBODY = ["what's for lunch today", "translate this letter into tagalog", "book a flight to Cebu for monday"]


@pytest.fixture(scope="module")
def offers(project: Path) -> dict[str, Offer]:
    """What selection sees of each skill."""
    found = {}
    for folder in sorted((project / "skills").iterdir()):
        texts = {name: (folder / name).read_bytes() for name in ("skill.yaml", "SKILL.md")}
        read, _ = skill.read(f"skills/{folder.name}", texts, frozenset(texts))
        found[read.name] = Offer(read.name, read.description, tuple(read.definition.tags))
    return found


@pytest.fixture(scope="module")
def triggers(project: Path, offers: dict[str, Offer]) -> list[tuple[str, str, Trigger]]:
    """Skill, case and trigger of all suites."""
    found = []
    for name in offers:
        folder = f"evals/{name}"
        read, _ = suite.read(folder, (project / folder / "suite.yaml").read_bytes())
        assert read is not None
        found += [(name, case.id, case.trigger) for _, case in read.cases if case.trigger is not None]
    return found


def test_every_suite_has_its_prompts_and_near_misses(triggers: list[tuple[str, str, Trigger]]) -> None:
    for name in KEPT_ASIDE:
        fires = [trigger.fires for skill_name, _, trigger in triggers if skill_name == name]
        assert fires.count(True) >= 6
        assert fires.count(False) >= 4


def test_every_trigger_case_passes(offers: dict[str, Offer], triggers: list[tuple[str, str, Trigger]]) -> None:
    catalogue = Catalogue(offers.values())
    wrong = []
    for name, case, trigger in triggers:
        chosen = catalogue.selected(trigger.prompt)
        meant = name if trigger.fires else case.rpartition("-to-")[2]
        wrong += [(name, case, chosen)] if chosen != meant else []
    assert wrong == []


def test_a_greedy_newcomer_is_found_out(offers: dict[str, Offer], triggers: list[tuple[str, str, Trigger]]) -> None:
    prompts = [Prompt(name, case, trigger.prompt) for name, case, trigger in triggers if trigger.fires]
    text = "Hands out certificates: the 2307 of each supplier for Q1, Q2, Q3 and Q4, and reminds who asks for a 2307."
    losses = lost(Offer("certificates", text, ("2307", "supplier")), offers.values(), prompts)
    assert [(loss.prompt.skill, loss.prompt.case, loss.words, loss.kept) for loss in losses] == [
        ("finance-ssc", "fires-on-a-supplier-who-wants-her-2307", ("supplier", "2307", "Q2"), ("supplier", "2307"))
    ]


def test_prompts_kept_aside_find_their_skill(offers: dict[str, Offer]) -> None:
    catalogue = Catalogue(offers.values())
    asked = [(name, text) for name, texts in KEPT_ASIDE.items() for text in texts]
    found = confusion(Choice(name, fires=True, selected=catalogue.selected(text)) for name, text in asked)
    assert sum(score.hits for score in found.scores) >= RIGHT
    assert min(score.recall or 0.0 for score in found.scores) >= 2 / 3


def test_prompts_of_nobody_find_nobody(offers: dict[str, Offer]) -> None:
    assert {Catalogue(offers.values()).selected(text) for text in OF_NOBODY} == {None}
