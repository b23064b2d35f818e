"""Hooks of the documentation site (mkdocs.yml): the generated reference, and diagrams as SVG.

So no page loads anything from elsewhere.
"""

from __future__ import annotations

import hashlib
import html
import re
import sys
from pathlib import Path
from typing import Any

import mermaidx
from mkdocs.exceptions import PluginError

sys.path.insert(0, str(Path(__file__).parent))
import reference
from reference.texts import REPO

DIAGRAM = re.compile(r'<pre class="mermaid"><code>(.*?)</code></pre>', re.DOTALL)
LOADED = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="?(https?://[^">]+)')
RESULTS = re.compile(r"<!-- results -->\n(.*?)<!-- end of results -->", re.DOTALL)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill in what is generated, and the table of results, which stands in README alone."""
    readme = (REPO / "README.md").read_text()
    (results,) = RESULTS.findall(readme)
    return reference.filled(markdown).replace("<!-- quote: results of README -->", results)


def on_page_content(content: str, **_: Any) -> str:
    """Draw the diagrams."""
    return DIAGRAM.sub(lambda found: drawn(html.unescape(found[1])), content)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Stop where a page would load something from elsewhere."""
    if found := LOADED.search(output):
        raise PluginError(f"{page.file.src_uri} loads {found[1]}")
    return output


def drawn(diagram: str) -> str:
    """A diagram as one line of SVG, whose ids no other diagram of the page has."""
    name = "d" + hashlib.sha256(diagram.encode()).hexdigest()[:8]
    svg = re.sub(r"<\?xml.*?\?>", "", mermaidx.render(diagram).svg())
    (own,) = set(re.findall(r'<svg[^>]* id="([^"]+)"', svg))
    return f'<figure class="diagram">{" ".join(svg.replace(own, name).split())}</figure>'
