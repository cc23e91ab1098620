"""The page of an evaluation in a real browser, as somebody opens it from disk: a phone, a desk, day and night."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from skillctl.cli.formats import eval_html
from tests.cli.reported import EVIL, everything, hostile, many

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
)
pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="no chromium with its chromedriver: page NOT TESTED")

#: The least contrast of any text with what is behind it, by https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio, and the
#: smallest letters in pixels; backgrounds may be see-through and lie on each other.
READABLE = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgba = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
const light = (colour) => colour.slice(0, 3)
  .map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (node) => (node === null
  ? rgba("Canvas")
  : over(rgba(getComputedStyle(node).backgroundColor), behind(node.parentElement)));
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const worst = { contrast: [99, ""], size: [99, ""] };
for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
  const holder = node.parentElement;
  if (!node.data.trim() || !holder.checkVisibility() || holder.closest("script, style, option, .sr")) continue;
  const back = behind(holder);
  const [one, two] = [light(back), light(over(rgba(getComputedStyle(holder).color), back))].sort((a, b) => b - a);
  const ratio = (one + 0.05) / (two + 0.05);
  const size = parseFloat(getComputedStyle(holder).fontSize);
  if (ratio < worst.contrast[0]) worst.contrast = [ratio, node.data.trim()];
  if (size < worst.size[0]) worst.size = [size, node.data.trim()];
}
return worst;
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Chrome]":
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    home = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--user-data-dir={home / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(executable_path=DRIVER, env={**os.environ, "HOME": str(home)})
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


class Opened:
    """One page in the browser, at a width, by day or by night."""

    def __init__(self, driver: "Chrome", file: Path, written: str) -> None:
        self.driver, self.file = driver, file
        file.write_text(written, encoding="utf-8")
        driver.get("about:blank")
        self.log("browser")
        self.log("performance")
        self.look()
        driver.get(file.as_uri())

    def look(self, width: int = 1280, scheme: str = "light", runs_scripts: bool = True) -> None:
        """Look at it so, now and after it is loaded again."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not runs_scripts})

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def open_all(self) -> None:
        self.run("for (const one of document.querySelectorAll('details')) one.open = true")

    def cases(self) -> list[str]:
        """The ids of the cases that are to be seen."""
        found = self.run(
            "return [...document.querySelectorAll('details.case')].filter((one) => one.checkVisibility())"
            ".map((one) => one.querySelector('.id').textContent)"
        )
        assert isinstance(found, list)
        return found

    def overflow(self) -> list[str]:
        """What reaches beyond the right edge, other than what scrolls by itself or is only spoken."""
        found = self.run(
            "const wide = document.documentElement.clientWidth;"
            "return [document.documentElement, document.body, ...document.body.querySelectorAll('*')]"
            ".filter((one) => !one.closest('.scroll, .sr, .skip, svg') && one.checkVisibility())"
            ".filter((one) => one.getBoundingClientRect().right > wide + 1)"
            ".map((one) => one.outerHTML.slice(0, 200))"
        )
        assert isinstance(found, list)
        return found

    def troubles(self) -> list[str]:
        """What the console says, and every address that was asked for but that of the page."""
        said = [str(one["message"]) for one in self.log("browser")]
        events = [json.loads(one["message"])["message"] for one in self.log("performance")]
        stopped = {one["params"]["requestId"] for one in events if one["params"].get("blockedReason") == "csp"}
        sent = [one["params"] for one in events if one["method"] == "Network.requestWillBeSent"]
        asked = [one["request"]["url"] for one in sent if one["requestId"] not in stopped]
        assert self.file.as_uri() in asked
        return [*said, *(url for url in asked if url.split("#")[0] != self.file.as_uri())]

    def log(self, name: str) -> list[dict[str, Any]]:
        """What was logged since it was last asked for."""
        return list(self.driver.get_log(name))  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def pages(browser: "Chrome", tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("pages")
    return lambda name, written: Opened(browser, folder / f"{name}.html", written)


@pytest.fixture(scope="module")
def usual() -> str:
    return eval_html.text(everything())


@pytest.fixture(scope="module")
def evil() -> str:
    some = ["".join(EVIL[start::8]) for start in range(8)]
    return eval_html.text([one for text in ("".join(EVIL), *some) for one in hostile(text)[:1]])


def test_it_is_whole_and_quiet(pages: Any, usual: str) -> None:
    page = pages("usual", usual)
    assert page.driver.title == "skillctl eval: 3 suites: 1 errored, 1 regressed, 1 passed"
    assert len(page.cases()) == 10
    page.open_all()
    assert page.run("return document.querySelector('.said').checkVisibility()")
    assert page.run("return getComputedStyle(document.querySelector('.panel')).borderRadius") == "12px"
    assert page.troubles() == []


def test_a_strangers_text_runs_nothing_and_asks_for_nothing(pages: Any, evil: str) -> None:
    page = pages("evil", evil)
    page.open_all()
    for link in ("a", "summary", "svg", "img"):
        page.run(f"for (const one of document.querySelectorAll('main {link}')) one.dispatchEvent(new Event('click'))")
    assert page.run("return typeof window.hacked") == "undefined"
    assert page.run("return document.querySelectorAll('main script, main img, main iframe, main style').length") == 0
    assert page.run("return document.body.innerText.includes('<script>window.hacked=1</script>')")
    assert page.run("return document.title.includes('</script>')")
    assert page.troubles() == []


def test_the_policy_stops_what_would_slip_through(pages: Any, usual: str) -> None:
    page = pages("planted", usual.replace("</main>", "<script>window.hacked=1</script><img src='x.png'></main>"))
    page.run(
        "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.hacked=1\" style=\"color:red\">x</p>')"
    )
    page.run("document.body.lastElementChild.click()")
    assert page.run("return typeof window.hacked") == "undefined"
    assert page.run("return getComputedStyle(document.body.lastElementChild).color") != "rgb(255, 0, 0)"
    troubles = page.troubles()
    assert len([one for one in troubles if "Content Security Policy" in one]) >= 4
    assert not [one for one in troubles if one.endswith("x.png")]


@pytest.mark.parametrize("kind", ["usual", "evil"])
def test_it_fits_every_width(pages: Any, request: pytest.FixtureRequest, kind: str) -> None:
    page = pages("fits", request.getfixturevalue(kind))
    for width in (360, 768, 1280):
        page.look(width)
        page.open_all()
        assert page.run("return innerWidth") == width
        assert page.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.overflow() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_can_be_read_by_day_and_by_night(pages: Any, usual: str, scheme: str, width: int) -> None:
    page = pages("read", usual)
    page.look(width, scheme)
    page.open_all()
    worst = page.run(READABLE)
    assert worst["contrast"][0] >= 4.5, worst
    assert worst["size"][0] >= 12, worst
    ground = page.run("return getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(246, 246, 244)" if scheme == "light" else "rgb(17, 19, 22)")


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({"outcome": "failed"}, ["ewt-rounding", "refuses-lab-for-posting"]),
        ({"outcome": "problem", "kind": "run"}, ["ewt-rounding"]),
        ({"outcome": "shown-only"}, ["explains-the-rate"]),
        ({"class": "deterministic"}, ["ewt-rounding", "ewt-professional-fee", "adds", "subtracts"]),
        ({"kind": "trigger"}, ["fires-on-a-2307-question"]),
        ({"outcome": "flaky", "search": "odoo_lab"}, ["refuses-lab-for-posting"]),
        ({"search": "ROUNDING  warning"}, ["ewt-rounding", "ewt-professional-fee", "adds", "subtracts"]),
        ({"search": "nobody said this"}, []),
    ],
)
def test_the_filters(pages: Any, usual: str, chosen: dict[str, str], left: list[str]) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    page = pages("filters", usual)
    for field, value in chosen.items():
        element = page.driver.find_element(By.ID, field)
        if field == "search":
            element.send_keys(value)
        else:
            Select(element).select_by_value(value)
    assert page.cases() == left
    assert page.run("return document.getElementById('shown').value") == f"{len(left)} of 10 cases"
    assert page.run("return document.getElementById('nothing').checkVisibility()") is (left == [])
    page.driver.find_element(By.ID, "clear").click()
    assert len(page.cases()) == 10
    assert page.troubles() == []


def test_a_keyboard_is_enough(pages: Any, usual: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page = pages("keys", usual)
    focused = (
        "const { id, className, parentElement } = document.activeElement; return id || parentElement.id || className"
    )
    places = []
    for _ in range(40):
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        places.append(page.run(focused))
        if places[-1] == "s1c1":
            break
    assert places[0] == "skip"
    assert [one for one in places if one in ("search", "outcome", "class", "kind")] == [
        "search",
        "outcome",
        "class",
        "kind",
    ]
    assert places[-1] == "s1c1", places
    assert page.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    ActionChains(page.driver).send_keys(Keys.ENTER).perform()
    assert page.run("return document.getElementById('s1c1').open")


def test_without_scripts_everything_is_there_but_the_filters(pages: Any, usual: str) -> None:
    from selenium.webdriver.common.by import By

    page = pages("still", usual)
    page.look(runs_scripts=False)
    page.driver.get(page.file.as_uri())
    assert not page.driver.find_element(By.ID, "filters").is_displayed()
    summary = page.driver.find_element(By.CSS_SELECTOR, "#s1c1 > summary")
    said = page.driver.find_element(By.CSS_SELECTOR, "#s1c1 .said")
    assert not said.is_displayed()
    summary.click()
    assert said.is_displayed()


def test_a_link_opens_its_case(pages: Any) -> None:
    from selenium.webdriver.common.by import By

    page = pages("links", eval_html.text([many(30)]))
    link = page.driver.find_element(By.CSS_SELECTOR, ".links a")
    link.click()
    target = link.get_attribute("hash")
    case = page.driver.find_element(By.CSS_SELECTOR, f"{target} > .body")
    assert case.is_displayed()


def test_thousands_of_cases_can_still_be_filtered(pages: Any) -> None:
    from selenium.webdriver.common.by import By

    page = pages("large", eval_html.text([many(4000)]))
    page.driver.find_element(By.ID, "search").send_keys("case-00025")
    assert page.cases() == ["case-00025"]
    assert "1,000 cases and" in page.run("return document.querySelector('.note').textContent")
    assert page.troubles() == []
