"""Philippine VAT arithmetic: splitting one amount, and the figures of a quarterly return.

Sources of the rates and rules:
- NIRC sec. 106 and 108 (12 % VAT), 109 (exempt), 110 (input tax), 114(A) (BIR Form 2550Q, 25 days after the quarter).
- NIRC sec. 114(C), RR 13-2018 sec. 4.114-2 and RMC 36-2021: government and GOCCs withhold 5 % VAT, creditable since
  1 January 2021; BIR Form 1600-VT within 10 days of the month, certificate 2307 with ATC WV010 or WV020.
- RR 16-2005 sec. 4.110-4: input tax common to taxable and exempt sales is allocated by sales.

Amounts are pesos with at most two decimals, rounded half up to the centavo. `quarter` reads JSON from a file or `-`.
Exit codes: 0 answered, 2 bad input.
"""

from __future__ import annotations

import argparse
import datetime
import json
import re
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

CENTAVO = Decimal("0.01")
VAT_PERCENT = Decimal("12")
GOVERNMENT_PERCENT = Decimal("5")
RETURN_DAY = 25
REMITTANCE_DAY = 10
AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")
QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
GOVERNMENT_ATC = {"goods": "WV010", "services": "WV020"}
SALES = ("vatable", "zero_rated", "exempt")
INPUT_TAX = ("carried_over", "taxable", "exempt", "common")
CREDITS = ("withheld_2307", "advance_payments")


class BadInput(Exception):
    """What was asked cannot be computed; the text says why."""


def peso(value: Decimal) -> Decimal:
    """Round half up to the centavo."""
    return value.quantize(CENTAVO, rounding=ROUND_HALF_UP)


def money(value: Decimal) -> str:
    """Pesos as plain text with two decimals."""
    return f"{value:.2f}"


def amount(value: object, what: str) -> Decimal:
    """Parse pesos given as text such as `10000.00`; raise `BadInput` otherwise."""
    if not isinstance(value, str) or not AMOUNT.fullmatch(value):
        raise BadInput(f"{what} {value!r} is not an amount in pesos as text such as \"10000.00\"")
    return Decimal(value)


def working_day(day: datetime.date) -> datetime.date:
    """Move a Saturday or Sunday to Monday; public holidays are not known here."""
    return day + datetime.timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def due(form: str, day: datetime.date) -> dict[str, str]:
    """One form with its due date."""
    return {"form": form, "due": day.isoformat(), "file_by": working_day(day).isoformat()}


def remittance(month: str | None) -> dict[str, str]:
    """BIR Form 1600-VT with its due date, or with the rule where no month is given."""
    if month is None:
        return {"form": "1600-VT", "rule": f"day {REMITTANCE_DAY} of the following month"}
    match = MONTH.fullmatch(month)
    if not match or not 2018 <= int(match[1]) <= 2100:
        raise BadInput(f"month {month!r} is not YYYY-MM from 2018 on")
    year, number = int(match[1]), int(match[2])
    return due("1600-VT", datetime.date(year + number // 12, number % 12 + 1, REMITTANCE_DAY))


def split(args: argparse.Namespace) -> dict[str, object]:
    """Net, VAT and gross of one amount; for a sale to the government also what is withheld."""
    given = amount(args.amount, "amount")
    percent = VAT_PERCENT if args.treatment == "vatable" else Decimal("0")
    if args.inclusive:
        net = peso(given * 100 / (100 + percent))
        gross = given
    else:
        net = given
        gross = given + peso(given * percent / 100)
    result: dict[str, object] = {
        "treatment": args.treatment, "rate_percent": str(percent), "net": money(net), "vat": money(gross - net),
        "gross": money(gross), "input_tax_creditable_to_seller": args.treatment != "exempt",
    }
    if not args.government:
        return {**result, "forms": [{"form": "2550Q", "rule": f"within {RETURN_DAY} days of the quarter's close"}],
                "note": "report on BIR Form 2550Q; an exempt or zero-rated sale shows no VAT on its invoice"}
    if args.treatment != "vatable":
        return {**result, "vat_withheld": "0.00", "receivable": money(gross), "forms": [],
                "note": "no 5% VAT is withheld from a sale without 12% VAT; a non-VAT supplier is subject to "
                        "percentage tax withheld on BIR Form 1600-PT instead"}
    withheld = peso(net * GOVERNMENT_PERCENT / 100)
    return {**result, "vat_withheld": money(withheld), "receivable": money(gross - withheld),
            "atc": GOVERNMENT_ATC[args.government], "forms": [remittance(args.month), {"form": "2307"}],
            "note": "creditable since 2021 (RR 13-2018, RMC 36-2021): the buyer gives BIR Form 2307, no longer 2306; "
                    "income tax of 1% (goods) or 2% (services) is withheld besides, see withholding.py"}


def section(data: dict[str, object], name: str, keys: tuple[str, ...]) -> dict[str, Decimal]:
    """One object of amounts of the input; missing keys are zero, unknown ones are refused."""
    value = data.get(name, {})
    if not isinstance(value, dict):
        raise BadInput(f"{name} must be an object")
    unknown = sorted(set(value) - set(keys))
    if unknown:
        raise BadInput(f"{name} has an unknown key {unknown[0]!r}; known: {', '.join(keys)}")
    return {key: amount(value.get(key, "0.00"), f"{name}.{key}") for key in keys}


def return_deadline(quarter: object) -> dict[str, str]:
    """BIR Form 2550Q with its due date."""
    match = QUARTER.fullmatch(quarter) if isinstance(quarter, str) else None
    if not match or not 2018 <= int(match[1]) <= 2100:
        raise BadInput(f"quarter {quarter!r} is not YYYY-Qn from 2018 on")
    year, number = int(match[1]), int(match[2])
    return due("2550Q", datetime.date(year + number // 4, number % 4 * 3 + 1, RETURN_DAY))


def quarterly(data: object) -> dict[str, object]:
    """The figures of BIR Form 2550Q from net sales, input tax and credits of one quarter."""
    if not isinstance(data, dict):
        raise BadInput("the input must be one JSON object")
    unknown = sorted(set(data) - {"quarter", "sales", "input_tax", "credits"})
    if unknown:
        raise BadInput(f"unknown key {unknown[0]!r}")
    form = return_deadline(data.get("quarter"))
    sales = section(data, "sales", SALES)
    tax = section(data, "input_tax", INPUT_TAX)
    credit = section(data, "credits", CREDITS)
    total = sum(sales.values(), Decimal(0))
    if tax["common"] and not total:
        raise BadInput("common input tax cannot be allocated without sales")
    taxable = sales["vatable"] + sales["zero_rated"]
    common = peso(tax["common"] * taxable / total) if total else Decimal("0.00")
    output = peso(sales["vatable"] * VAT_PERCENT / 100)
    allowable = tax["carried_over"] + tax["taxable"] + common
    net = output - allowable
    credits = credit["withheld_2307"] + credit["advance_payments"]
    zero = Decimal(0)
    return {
        "quarter": data["quarter"], "total_sales": money(total), "output_tax": money(output),
        "common_input_allocated": money(common), "allowable_input_tax": money(allowable),
        "input_tax_to_cost": money(tax["exempt"] + tax["common"] - common), "net_vat": money(net),
        "credits": money(credits), "tax_still_payable": money(max(zero, net - credits)),
        "excess_input_tax": money(max(zero, -net)), "excess_credits": money(max(zero, credits - max(zero, net))),
        "forms": [form, {"form": "SLSP", "rule": "summary lists of sales and purchases with 2550Q"}],
        "note": "excess input tax is carried over; 5% VAT withheld by government counts only with its Form 2307; "
                "file_by skips weekends, not public holidays",
    }


def load(path: str) -> object:
    """Read JSON from a file or, for `-`, from standard input."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"cannot read JSON from {path}: {str(error).splitlines()[0]}") from error


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise BadInput(message)


def main(argv: list[str]) -> int:
    """Run the command line; return the exit code."""
    parser = Parser(prog="vat.py", description="Philippine VAT arithmetic.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("split", help="net, VAT and gross of one amount")
    one.add_argument("--amount", required=True, help="pesos, without VAT unless --inclusive")
    one.add_argument("--inclusive", action="store_true", help="the amount holds the VAT")
    one.add_argument("--treatment", choices=["vatable", "zero-rated", "exempt"], default="vatable")
    one.add_argument("--government", choices=sorted(GOVERNMENT_ATC), help="sold to the government or a GOCC")
    one.add_argument("--month", help="month of the payment, YYYY-MM")
    many = commands.add_parser("quarter", help="figures of BIR Form 2550Q")
    many.add_argument("file", help="JSON file, or - for standard input")
    try:
        args = parser.parse_args(argv)
        result = split(args) if args.command == "split" else quarterly(load(args.file))
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
