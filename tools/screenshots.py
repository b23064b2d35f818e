"""Pictures of the report for README and the documentation, taken of a built page by Chromium."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH = 1200


def well(page: Page) -> None:
    """The beginning of the page."""
    page.evaluate("scrollTo(0, 0)")


def look(page: Page) -> None:
    """The first user of the sample, opened by the search."""
    user = page.locator(".card").first.get_attribute("data-search") or ""
    page.get_by_label("Search users by name or id").fill(user.split()[-1])
    page.locator("#look").evaluate("one => one.scrollIntoView()")


def shown(page: Page) -> None:
    """What is shown."""
    page.locator("#shown").evaluate("one => one.scrollIntoView()")


def main() -> None:
    """Write report.png, report-shown.png and report-look.png into a folder. Exits with a message without a browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    browser_path = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not browser_path:
        sys.exit("No Chromium is installed: apt-get install chromium")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
        page.goto(chosen.page.resolve().as_uri())
        for name, turn in {"report": well, "report-shown": shown, "report-look": look}.items():
            turn(page)
            page.screenshot(path=chosen.folder / f"{name}.png")
            print(chosen.folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
