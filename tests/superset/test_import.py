"""A real Superset takes the bundle, draws it from real releases, and shows it in a browser; `make test-superset`."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.production.conftest import Database
from tests.superset import bundle
from tests.superset.bundle import CHARTS, DASHBOARDS, DATABASES
from tests.superset.running import ADMIN, Api, Superset

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.superset
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
(DASHBOARD,) = DASHBOARDS.values()
(DATABASE,) = DATABASES.values()
WIDTH, HEIGHT = 1280, 2080


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Superset:
    """Set up, and nothing imported."""
    given = os.environ.get("SKILLCTL_TEST_SUPERSET")
    assert given, "there is no Superset here; run `make test-superset`"
    made = Superset(Path(given) / "bin", tmp_path_factory.mktemp("superset"))
    made.set_up()
    return made


@pytest.fixture(scope="module")
def login(told: Database) -> str:
    """The login that docs/superset.md gives the role, as SQLAlchemy names it."""
    told.run("alter role mcp_reporter login password 'a-password'")
    owner = urlsplit(told.owner_url)
    return f"postgresql+psycopg2://mcp_reporter:a-password@127.0.0.1:{owner.port}{owner.path}"


@pytest.fixture(scope="module")
def imported(superset: Superset, login: str) -> Superset:
    """With the bundle, and the way to the database."""
    superset.run("import-dashboards", "-p", bundle.zipped(superset.home / "bundle.zip"), "-u", ADMIN)
    superset.run("set-database-uri", "-d", DATABASE["database_name"], "-u", login)
    return superset


@pytest.fixture(scope="module")
def address(imported: Superset) -> Iterator[str]:
    with imported.serving() as found:
        yield found


@pytest.fixture(scope="module")
def api(imported: Superset, address: str) -> Iterator[Api]:
    with Api(address, imported.password) as found:
        yield found


def test_the_dashboard_is_there_with_all_its_charts(api: Api) -> None:
    (found,) = api.get("/api/v1/dashboard/")
    assert (found["slug"], found["dashboard_title"]) == ("skill-promotions", "Skill promotions")
    charts = api.get("/api/v1/dashboard/skill-promotions/charts")
    assert sorted(one["slice_name"] for one in charts) == sorted(one["slice_name"] for one in CHARTS.values())


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_answered(api: Api, name: str) -> None:
    answer = api.drawn(name)
    assert (answer["error"], answer["status"]) == (None, "success")
    assert answer["rowcount"] == len(answer["data"]) > 0
    columns, metrics = bundle.asked(CHARTS[name])
    assert set(answer["data"][0]) == {*columns, *metrics}
    assert all(value is not None for value in answer["data"][0].values())


def test_the_figures_are_those_of_the_ledger(api: Api, told: Database) -> None:
    def total(name: str, metric: str) -> Any:
        return sum(row[metric] for row in api.drawn(name)["data"])

    steps = told.value("select count(*) from mcp.promotions")
    weeks = told.value("select count(distinct date_trunc('week', promoted_at at time zone 'UTC')) from mcp.promotions")
    assert len({row["day"] for row in api.drawn("promotions_per_week")["data"]}) == weeks > 20
    assert total("promotions_per_week", "steps") == total("promotions_by_skill", "steps") == steps
    assert total("evidence_by_class", "evaluations") == told.value("select count(*) from mcp.evidence")
    assert total("catalogue_by_state", "versions") == told.value("select count(*) from mcp.skill_versions")
    served = told.value("select count(*) from mcp.skills where served_version is not null")
    assert total("skills_served", "skills_served") == total("catalogue_by_state", "skills_served") == served
    gone = told.value("select count(*) from mcp.skill_versions where state in ('withdrawn', 'revoked')")
    assert total("withdrawn_or_revoked", "withdrawn_or_revoked") == gone
    newest = api.drawn("latest_releases")["data"][0]
    assert newest["number"] == told.value("select max(seq) from mcp.releases")
    sunsets = [row["sunset"] for row in api.drawn("deprecated_versions")["data"]]
    assert sunsets == sorted(sunsets)


def test_another_state_of_the_bundle_goes_over_it(imported: Superset, api: Api, login: str, tmp_path: Path) -> None:
    """And leaves one of each; the import takes the login away, so it is given again."""
    changed = shutil.copytree(bundle.FOLDER, tmp_path / "superset")
    chart = changed / "charts" / "skills_served.yaml"
    chart.write_text(chart.read_text().replace("Skills served", "Skills that are served"))
    before = api.charts()
    try:
        for folder in (changed, bundle.FOLDER):
            said = imported.run("import-directory", "-o", folder)
            assert "An error occurred" not in said
            assert "Validation failed" not in said
            after = api.charts()
            assert sorted(after.values()) == sorted(before.values())
            assert ("Skills that are served" in after) is (folder == changed)
    finally:
        imported.run("set-database-uri", "-d", DATABASE["database_name"], "-u", login)
    assert api.charts() == before
    for name in CHARTS:
        assert api.drawn(name)["error"] is None


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    if not (BROWSER and DRIVER):
        pytest.skip("no chromium with its chromedriver: dashboard in a browser NOT TESTED")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    home = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
        # Superset's pages ask for a picture elsewhere, to be counted: no name is found but our own.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        f"--user-data-dir={home / 'profile'}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    service = Service(executable_path=DRIVER, env={**os.environ, "HOME": str(home)})
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def test_a_browser_shows_it(browser: "Chrome", imported: Superset, address: str, tmp_path: Path) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False},
    )
    wait = WebDriverWait(browser, 90)
    browser.get(f"{address}/login/")
    wait.until(lambda page: page.find_elements("css selector", "[data-test=username-input]"))
    for field, value in (("username", ADMIN), ("password", imported.password)):
        browser.find_element("css selector", f"[data-test={field}-input]").send_keys(value)
    browser.find_element("css selector", "[data-test=login-button]").click()
    wait.until(lambda page: "/login" not in page.current_url)
    browser.get(f"{address}/superset/dashboard/skill-promotions/")
    wait.until(lambda page: page.execute_script(SHOWN) == len(CHARTS))

    shown = browser.find_element("css selector", "body").text
    for words in (*(one["slice_name"] for one in CHARTS.values()), "Promotions", "Evaluations"):
        assert words in shown
    for words in ("error", "No results", "went wrong"):
        assert words not in shown
    assert answered_by(browser) == {"127.0.0.1"}
    picture = tmp_path / "superset.png"
    browser.save_screenshot(str(picture))
    assert picture.stat().st_size <= 250_000
    if wanted := os.environ.get("SKILLCTL_TEST_PICTURE"):
        shutil.copy(picture, wanted)


#: How many charts are drawn: with something in them, and nothing that still loads on the page.
SHOWN = """
if (document.querySelector(".loading, [data-test=loading-indicator]")) return 0;
return [...document.querySelectorAll(".dashboard-component-chart-holder")]
  .filter((one) => one.querySelector("canvas, table, .header-line")).length;
"""


def answered_by(browser: "Chrome") -> set[str | None]:
    """The hosts that answered anything."""
    log: Any = browser.get_log("performance")  # type: ignore[no-untyped-call]
    events = [json.loads(entry["message"])["message"] for entry in log]
    urls = [one["params"]["response"]["url"] for one in events if one["method"] == "Network.responseReceived"]
    return {urlsplit(url).hostname for url in urls if url.startswith("http")}
