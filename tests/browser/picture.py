"""Takes docs/home.png, the picture of the home page in the README: `python tests/browser/picture.py`."""

import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import sync_playwright

from browser import sample
from browser.conftest import CHROMIUM, FLAGS
from browser.serving import Running

PICTURE = Path(__file__).parents[2] / "docs" / "home.png"
WIDTH, HEIGHT = 960, 860


def main() -> None:
    """Run a node with the sample in it, and take the picture."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Running.open(Path(folder) / "home", sample.fill) as running,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(java_script_enabled=False, viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(running.start)
        page.goto(running.base + "/")
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
