"""Names, descriptions and prose as a real catalogue has them: many words, few of them twice in one order."""

from collections.abc import Iterator
from random import Random


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIELDS = _listed(
    """
    account asset audit bank batch branch budget campaign cargo carrier channel claim cluster contract coupon
    courier customer dataset deposit device dispatch dossier employee energy estate event expense facility fleet
    forecast freight fuel grant harvest hotel import incident insurance inventory invoice journal kitchen label
    laboratory ledger lending library licence listing loyalty machine mandate manifest market material
    membership menu merchant metering mortgage museum network notary nursery order outage parcel parish patient
    payroll pension permit pharmacy pipeline plant portfolio procurement project property provider purchase
    quarry query quota railway recipe refund release rental repair reserve roster route royalty salary sample
    school sensor settlement shipment shuttle signal sponsor staffing station statement stock storage subsidy
    supplier survey tariff tax telemetry tenant terminal ticket timesheet toll training transit treasury tuition
    vaccine vehicle vendor vessel vineyard voucher warehouse warranty waste workshop yard
    """
)
_ACTS = _listed(
    """
    adjuster advisor aligner allocator analyst annotator archiver assessor balancer browser builder calculator
    calendar checker classifier cleaner collector comparer composer converter counter dashboard deduplicator
    designer digest estimator examiner explainer exporter extractor finder formatter gatherer grader grouper
    guard handover helper indexer inspector interpreter keeper linker locator mapper matcher merger migrator
    monitor navigator normaliser notifier optimiser organiser outliner planner predictor profiler publisher
    rebuilder reconciler recorder redactor refiner reminder renderer reporter reviewer router sampler scheduler
    screener scorer simulator sorter splitter summary tagger tester timeline tracer tracker translator triage
    validator verifier watcher writer
    """
)
_KINDS = _listed(
    """
    annual cross-border daily digital domestic draft early external federal final fiscal foreign global hourly
    interim internal joint late legacy local manual mobile monthly municipal national nightly offline open
    overdue partial pending prior public quarterly regional remote rolling seasonal shared signed small weekly
    yearly
    """
)
_VERBS = _listed(
    """
    Adds Aligns Archives Assembles Balances Checks Classifies Cleans Collects Compares Composes Converts Counts
    Derives Drafts Estimates Examines Explains Exports Extracts Files Finds Flags Forecasts Groups Imports
    Indexes Inspects Joins Labels Lists Maps Matches Measures Merges Migrates Normalises Orders Plans Prepares
    Prices Ranks Reads Rebuilds Reconciles Redacts Reports Reviews Rewrites Rounds Routes Samples Schedules
    Scores Sorts Splits Summarises Tags Traces Translates Validates Values Verifies Weighs
    """
)
_THINGS = _listed(
    """
    agreements allowances amounts appointments attachments balances barcodes bookings cards certificates charges
    comments complaints conditions consignments counterparties credits deadlines deliveries differences
    discounts documents drawings duties entries errors exceptions fees figures findings folders forms goods
    guarantees hours images instalments interests items journeys keys leases letters limits logs margins
    meetings messages minutes movements notes notices numbers obligations offers pages pallets payments
    penalties periods photographs plans policies positions premiums prices proposals questions quotes ratings
    readings receipts records registers reminders requests reservations results returns rows samples schedules
    seats sections services shares shifts signatures sources spreadsheets steps tables tasks terms timetables
    titles totals transfers trips updates visits volumes weights
    """
)
_EVENTS = _listed(
    """
    month-end year-end an-audit a-dispute a-handover a-migration a-merger a-recall a-renewal a-review a-strike
    an-inspection an-outage an-upgrade the-cut-off the-stocktake a-new-season a-price-change a-late-delivery
    a-failed-import a-board-meeting a-change-of-owner a-missing-signature a-doubtful-total a-second-reminder
    a-customer's-question a-letter-of-the-regulator
    """
)
_WAYS = _listed(
    """
    by-date by-branch by-customer by-amount by-cost-centre by-week by-country by-currency by-owner by-age
    with-reasons with-sources with-their-place with-a-chart with-a-short-summary in-one-table in-plain-words
    line-by-line page-by-page as-a-spreadsheet as-a-letter without-duplicates
    """
)
_SENTENCES = (
    "List the {kind} {thing} of each {field} {way}, and keep the original beside it.",
    "Where two {thing} differ, show both with their {other}, and say which of them the {field} follows.",
    "Ask for the {field} and the period first; without them the {thing} cannot be told from the {other}.",
    "Never change the {thing} of a closed {field}; write a correction for the next one and name its reason.",
    "After {event} the {other} come late, so wait for the last {field} before the {thing} are added up.",
    "Round the {thing} once, at the end, and state how many {other} were left out.",
    "Compare with the {kind} {field}: a difference above two percent is explained {way}.",
    "If the {other} are in another currency, use the rate of the {field}'s own day.",
    "Hand over the {thing} {way}, followed by open questions for whoever owns the {field}.",
    "A {field} without {other} is complete only when somebody has said so.",
)


def names() -> Iterator[str]:
    """Names of two or three words without end, each once, always in the same order."""
    random, seen = Random("names"), set()
    while True:
        words = [random.choice(_FIELDS), random.choice(_ACTS)]
        if random.random() < 0.7:
            words.insert(0, random.choice((random.choice(_KINDS), random.choice(_FIELDS))))
        name = "-".join(words)
        if name not in seen and len(set(words)) == len(words):
            seen.add(name)
            yield name


def description(random: Random) -> str:
    """What a skill does and when to use it, in two sentences or three."""
    first = (
        f"{random.choice(_VERBS)} {random.choice(_KINDS)} {random.choice(_FIELDS)} {random.choice(_THINGS)} "
        f"against the {random.choice(_FIELDS)} {random.choice(_THINGS)} and {random.choice(_VERBS).lower()} "
        f"the {random.choice(_THINGS)} {_spaced(random.choice(_WAYS))}."
    )
    second = (
        f" Use it after {_spaced(random.choice(_EVENTS))}, or when somebody asks for "
        f"{random.choice(_FIELDS)} {random.choice(_THINGS)}."
    )
    third = f" Not for {random.choice(_KINDS)} {random.choice(_THINGS)}." if random.random() < 0.5 else ""
    return first + second + third


def sentence(random: Random) -> str:
    """One sentence of instructions."""
    return random.choice(_SENTENCES).format(
        kind=random.choice(_KINDS),
        thing=random.choice(_THINGS),
        other=random.choice(_THINGS),
        field=random.choice(_FIELDS),
        way=_spaced(random.choice(_WAYS)),
        event=_spaced(random.choice(_EVENTS)),
    )


def prose(random: Random, size: int) -> str:
    """Paragraphs of instructions of about so many characters together."""
    parts, length = [], 0
    while length < size:
        paragraph = " ".join(sentence(random) for _ in range(random.randint(2, 5)))
        parts.append(paragraph)
        length += len(paragraph) + 2
    return "\n\n".join(parts)


def field(random: Random) -> str:
    """The name of one thing that a schema or a case speaks of."""
    return random.choice(_FIELDS)


def _spaced(words: str) -> str:
    return words.replace("-", " ")
