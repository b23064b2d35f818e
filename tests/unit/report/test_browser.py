"""The report in a real browser: no error, every width, search, sorting, the keyboard, and the rules of axe."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers.small_warehouse import small_warehouse
from playwright.sync_api import Browser, Page, sync_playwright
from two_tower.report import command

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of the small shop, with a name that is longer than a telephone is wide."""
    folder = tmp_path_factory.mktemp("browser")
    names = [
        {"item_id": "long", "name": "Extraordinarily" * 8},
        {"item_id": "markup", "name": "<script>throw 1</script>"},
    ]
    features = [{"cutoff": 0, "item_id": row["item_id"], "recent_users": 900, "users": 900} for row in names]
    database = small_warehouse(folder / "shop.duckdb", stg_items=names, item_features=features)
    command.main(["--database", str(database), "--out", str(folder / "page.html")])
    return folder / "page.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, html: Path) -> Iterator[Page]:
    """The page; what it writes to the console and what it asks the network for is an error."""
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if request.url != html.as_uri() else None)
    page.goto(html.as_uri())
    yield page
    context.close()
    assert said == []


def test_every_section_is_there_in_order(page: Page) -> None:
    sections = page.locator("main > section").evaluate_all("all => all.map(one => one.id)")
    assert sections == ["health", "quality", "shown", "rules", "look", "inputs", "training"]
    assert page.locator("figure svg").count() >= 8


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_user_and_an_item_are_found(page: Page) -> None:
    page.get_by_label("Search users by name or id").fill("u3")
    assert page.locator(".card[data-search='u3 u3']").get_attribute("open") is not None
    assert page.get_by_role("status").first.text_content() == "1 found"
    page.get_by_label("Search items by name or id").fill("ITEM 11")
    assert page.locator(".cards").nth(1).locator(".card:visible summary").all_inner_texts() == ["Item 11 i11"]
    page.get_by_label("Search items by name or id").fill("no such thing")
    assert page.get_by_role("status").nth(1).text_content() == "0 found in this sample"


def test_a_table_sorts_by_size_and_by_text(page: Page) -> None:
    table = page.get_by_role("region", name="Most shown").locator("table")
    heads = table.locator("th").all_inner_texts()
    for head, key in (("Recent buyers", float), ("Item", str)):
        button = table.get_by_role("button", name=head, exact=True)
        shown = f"tbody td:nth-child({heads.index(head) + 1})"
        button.click()
        falling = [key(text) for text in table.locator(shown).all_inner_texts()]
        button.click()
        rising = [key(text) for text in table.locator(shown).all_inner_texts()]
        assert falling == sorted(falling, reverse=True)
        assert rising == sorted(rising)
        assert len(set(rising)) > 2


def test_the_keyboard_reaches_content_search_and_cards(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_label("Search users by name or id").focus()
    page.keyboard.type("u2")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "u2"
    page.keyboard.press("Enter")
    assert page.locator(".card[data-search='u2 u2']").get_attribute("open") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_print_shows_whole_tables_and_no_search(page: Page) -> None:
    page.emulate_media(media="print")
    assert page.locator("input:visible").count() == 0
    assert page.locator(".scroll").first.evaluate("one => getComputedStyle(one).maxHeight") == "none"
