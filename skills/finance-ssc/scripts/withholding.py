"""Philippine expanded (creditable) withholding tax on one income payment.

Sources of the rates and codes:
- RR 2-98 sec. 2.57.2 as amended by RR 11-2018, RR 14-2018 and RR 31-2020: rates, thresholds, sworn declarations,
  top withholding agents, regular and casual suppliers.
- BIR Form 1601-EQ, schedule of alphanumeric tax codes (ATC).
- RR 4-2024 (RA 11976): the duty to withhold arises when the income has become payable.
- BIR Forms 0619-E, 1601-EQ, 1604-E, 2307 and RR 26-2002 (eFPS groups): due dates.

Amounts are pesos with at most two decimals, computed with `decimal` and rounded half up to the centavo.
Exit codes: 0 answered, 2 bad input.
"""

from __future__ import annotations

import argparse
import calendar
import datetime
import json
import re
import sys
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENTAVO = Decimal("0.01")
VAT_DIVISOR = Decimal("1.12")
AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")
MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
EFPS_DAY = {"A": 15, "B": 14, "C": 13, "D": 12, "E": 11}
CASUAL_MINIMUM = Decimal("10000.00")
EQUIPMENT_MINIMUM = Decimal("10000.00")
INDIVIDUAL_CEILING = Decimal("3000000.00")
CORPORATE_CEILING = Decimal("720000.00")
PARTNER_CEILING = Decimal("720000.00")
LONE_PAYOR_CEILING = Decimal("250000.00")


class BadInput(Exception):
    """What was asked cannot be computed; the text says why."""


@dataclass(frozen=True)
class Tier:
    """Rates and codes of one payee class: `low` up to and including `ceiling`, `high` above it."""

    ceiling: Decimal
    low: Decimal
    low_atc: str
    high: Decimal
    high_atc: str


def _tiers(low: str, high: str, corporate: bool = True) -> dict[str, Tier]:
    tiers = {"individual": Tier(INDIVIDUAL_CEILING, Decimal("5"), f"WI{low}", Decimal("10"), f"WI{high}")}
    if corporate:
        tiers["corporate"] = Tier(CORPORATE_CEILING, Decimal("10"), f"WC{low}", Decimal("15"), f"WC{high}")
    return tiers


TIERED: dict[str, tuple[str, dict[str, Tier]]] = {
    "professional": ("professional fees (lawyers, CPAs, engineers and the like)", _tiers("010", "011")),
    "consultant": ("management and technical consultants", _tiers("050", "051")),
    "bookkeeper": ("business and bookkeeping agents and agencies", _tiers("060", "061")),
    "insurance-agent": ("insurance agents and adjusters", _tiers("070", "071")),
    "talent": ("other recipients of talent fees", _tiers("080", "081")),
    "director": ("fees of directors who are not employees", _tiers("090", "091", corporate=False)),
    "broker": ("customs, insurance, stock, immigration and commercial brokers, real estate practitioners",
               _tiers("139", "140")),
    "medical": ("medical practitioners paid by hospitals, clinics or HMOs", _tiers("151", "150")),
    "sales-agent": ("independent or exclusive sales representatives and marketing agents", _tiers("515", "516")),
    "gpp-partner": ("payments by a general professional partnership to its partners",
                    {"individual": Tier(PARTNER_CEILING, Decimal("10"), "WI152", Decimal("15"), "WI153")}),
}
FLAT: dict[str, tuple[str, Decimal, str]] = {
    "rental": ("rental of real property used in business, poles, satellites, billboards", Decimal("5"), "100"),
    "equipment-rental": ("rental of personal property above 10,000.00 a year", Decimal("5"), "100"),
    "contractor": ("payments to certain contractors", Decimal("2"), "120"),
    "twa-goods": ("goods bought by a top withholding agent", Decimal("1"), "158"),
    "twa-services": ("services bought by a top withholding agent", Decimal("2"), "160"),
    "gov-goods": ("goods bought by the government or a GOCC", Decimal("1"), "640"),
    "gov-services": ("services bought by the government or a GOCC", Decimal("2"), "157"),
}


def peso(value: Decimal) -> Decimal:
    """Round half up to the centavo."""
    return value.quantize(CENTAVO, rounding=ROUND_HALF_UP)


def money(value: Decimal) -> str:
    """Pesos as plain text with two decimals."""
    return f"{value:.2f}"


def amount(text: str, what: str) -> Decimal:
    """Parse pesos such as `10000.00`; raise `BadInput` for signs, separators and more than two decimals."""
    if not AMOUNT.fullmatch(text):
        raise BadInput(f"{what} {text!r} is not an amount in pesos such as 10000.00")
    return Decimal(text)


def choose_tier(args: argparse.Namespace, tier: Tier, vat_registered: bool) -> tuple[Decimal, str, str]:
    """Rate in percent, ATC and the reason of a payee class with two rates."""
    high = tier.high, tier.high_atc
    by_vat = args.payee == "individual" and args.kind != "gpp-partner" and vat_registered
    if by_vat:
        return *high, "VAT-registered individual: the higher rate applies regardless of the amount of gross income"
    if args.declared_gross is None:
        return *high, "no sworn declaration of gross income on file, so the higher rate applies"
    declared = amount(args.declared_gross, "declared gross income")
    if declared <= tier.ceiling:
        return tier.low, tier.low_atc, (
            f"sworn declaration of {money(declared)} does not exceed {money(tier.ceiling)} for the current year")
    return *high, f"declared gross income {money(declared)} exceeds {money(tier.ceiling)} for the current year"


def exclusion(args: argparse.Namespace, base: Decimal) -> str | None:
    """Why nothing is withheld at all, or None."""
    if args.lone_payor:
        if args.payee != "individual" or args.declared_gross is None:
            raise BadInput("--lone-payor needs an individual payee and --declared-gross (RR 11-2018, Annex B-2)")
        vat = args.vat_registered or args.vat_inclusive
        if not vat and amount(args.declared_gross, "declared gross income") <= LONE_PAYOR_CEILING:
            return f"individual with one payor and declared gross income up to {money(LONE_PAYOR_CEILING)}"
    if args.casual and args.kind.startswith("twa-") and base < CASUAL_MINIMUM:
        return (f"casual purchase below {money(CASUAL_MINIMUM)} from a supplier with fewer than six transactions: "
                "not a regular supplier")
    if args.kind == "equipment-rental":
        if args.year_total is None:
            raise BadInput("kind equipment-rental needs --year-total, the rent of the whole year")
        if amount(args.year_total, "year total") <= EQUIPMENT_MINIMUM:
            return f"rent of personal property does not exceed {money(EQUIPMENT_MINIMUM)} a year"
    return None


def rate_of(args: argparse.Namespace, vat_registered: bool) -> tuple[Decimal, str, str, str]:
    """Rate in percent, ATC, nature of the payment and the reason."""
    if args.kind in FLAT:
        nature, rate, suffix = FLAT[args.kind]
        prefix = "WI" if args.payee == "individual" else "WC"
        return rate, prefix + suffix, nature, "one rate for every payee of this kind"
    nature, classes = TIERED[args.kind]
    if args.payee not in classes:
        raise BadInput(f"kind {args.kind} has no rate for a {args.payee} payee; use another kind")
    rate, atc, reason = choose_tier(args, classes[args.payee], vat_registered)
    return rate, atc, nature, reason


def working_day(day: datetime.date) -> datetime.date:
    """Move a Saturday or Sunday to Monday; public holidays are not known here."""
    return day + datetime.timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def deadlines(month: str | None, group: str | None) -> list[dict[str, str]]:
    """The BIR forms of the payment with their due dates, or with the rule where no month is given."""
    day = EFPS_DAY[group] if group else 10
    remittance = f"day {day} of the following month, first two months of a quarter only"
    rules = [("0619-E", remittance), ("1601-EQ with QAP", "last day of the month after the quarter"),
             ("2307 to the payee", "day 20 after the quarter, or at payment on request"),
             ("1604-E", "1 March of the following year")]
    if month is None:
        return [{"form": form, "rule": rule} for form, rule in rules]
    match = MONTH.fullmatch(month)
    if not match or not 2018 <= int(match[1]) <= 2100:
        raise BadInput(f"month {month!r} is not YYYY-MM from 2018 on")
    year, number = int(match[1]), int(match[2])
    after_year, after = (year + 1, 1) if number > 9 else (year, (number - 1) // 3 * 3 + 4)
    last = calendar.monthrange(after_year, after)[1]
    dates = [None, datetime.date(after_year, after, last), datetime.date(after_year, after, 20),
             datetime.date(year + 1, 3, 1)]
    if number % 3:
        dates[0] = datetime.date(year, number + 1, day)
    return [{"form": form, "due": due.isoformat(), "rule": rule,
             "file_by": (due if form.startswith("2307") else working_day(due)).isoformat()}
            for (form, rule), due in zip(rules, dates, strict=True) if due]


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The complete result as a JSON-ready object."""
    given = amount(args.base, "base")
    base = peso(given / VAT_DIVISOR) if args.vat_inclusive else given
    vat = given - base
    rate, atc, nature, reason = rate_of(args, args.vat_registered or args.vat_inclusive)
    excluded = exclusion(args, base)
    if excluded:
        rate, reason = Decimal("0"), excluded
    tax = peso(base * rate / 100)
    return {
        "kind": args.kind, "payee": args.payee, "nature": nature, "withhold": not excluded,
        "base": money(base), "vat": money(vat), "rate_percent": str(rate), "tax": money(tax),
        "net_payable": money(base + vat - tax), "atc": None if excluded else atc, "reason": reason,
        "basis": "RR 2-98 sec. 2.57.2 as amended by RR 11-2018",
        "forms": [] if excluded else deadlines(args.month, args.efps_group),
        "note": "no certificate: nothing is withheld" if excluded else
                "give BIR Form 2307 to the payee; withhold when the income becomes payable (RR 4-2024); "
                "file_by skips weekends, not public holidays",
    }


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise BadInput(message)


def main(argv: list[str]) -> int:
    """Run the command line; return the exit code."""
    parser = Parser(prog="withholding.py", description="Philippine expanded withholding tax on one payment.")
    parser.add_argument("--base", required=True, help="amount in pesos, without VAT unless --vat-inclusive")
    parser.add_argument("--kind", required=True, choices=[*TIERED, *FLAT])
    parser.add_argument("--payee", choices=["individual", "corporate"], default="individual")
    parser.add_argument("--declared-gross", help="gross income of the year in the payee's sworn declaration on file")
    parser.add_argument("--vat-registered", action="store_true", help="the payee is registered for VAT")
    parser.add_argument("--vat-inclusive", action="store_true", help="--base holds 12%% VAT billed by the payee")
    parser.add_argument("--lone-payor", action="store_true", help="Annex B-2 is on file: this is the only payor")
    parser.add_argument("--casual", action="store_true", help="fewer than six transactions with this supplier")
    parser.add_argument("--year-total", help="rent of the whole year, for equipment-rental")
    parser.add_argument("--month", help="month in which the tax was withheld, YYYY-MM")
    parser.add_argument("--efps-group", choices=sorted(EFPS_DAY), help="group of RR 26-2002 of an eFPS filer")
    try:
        result = answer(parser.parse_args(argv))
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
