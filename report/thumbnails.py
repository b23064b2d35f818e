"""Small pictures of items, written into the page itself."""

from __future__ import annotations

import base64
import io

from two_tower.python_udfs.encoders.image import UnreadableError, read

SIDE = 96  # pixels; some 3 kB a picture
QUALITY = 70


def thumbnail(picture: bytes | str | None, root: str) -> str:
    """A picture (content, or path below the folder `root`) as a data URI; empty where there is none or it is broken."""
    if not picture:
        return ""
    try:
        image = read(picture, least=SIDE, root=root)
    except UnreadableError:
        return ""
    image.thumbnail((SIDE, SIDE))
    content = io.BytesIO()
    image.save(content, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()
