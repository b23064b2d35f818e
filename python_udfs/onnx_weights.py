"""Where an ONNX file keeps its weights: in itself or in files beside it, for every function that opens one."""

from __future__ import annotations

import re
from pathlib import Path

LOCATION = re.compile(rb"\x0a\x08location\x12(.)", re.DOTALL)


def refuse_outside(file: Path, name: str) -> None:
    """Raises ValueError when a model asks for weights in a file outside of its own folder; `name` stands in the error.

    In ONNX such a file is the value of the key "location": two fields of a protobuf message, one after the other.
    """
    try:
        content = file.read_bytes()
        folder = file.parent.resolve()
    except OSError:
        return  # what opens the file says so
    for found in LOCATION.finditer(content):
        length = found[1][0]
        location = content[found.end() : found.end() + length].decode(errors="replace")
        if length > 127 or "\0" in location or not (folder / location).resolve().is_relative_to(folder):
            raise ValueError(f"{name} reads weights from '{location}', outside of its folder; put them beside it")
