"""Several files of one kind, one for each network, as one .zip."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping

EXPERIMENT = "experiment.json"
"""The experiment of all files of an archive."""

_DAY = (1980, 1, 1, 0, 0, 0)  # the first that the format knows: equal content gives equal bytes


def archive(files: Mapping[str, bytes], *, ending: str, about: str) -> bytes:
    """Return files by label as a .zip, beside them the document of the experiment (`metadata.document`) if any."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for number, (label, content) in enumerate(files.items(), 1):
            target.writestr(zipfile.ZipInfo(f"{number}-{file_stem(label)}{ending}", _DAY), content)
        if about:
            target.writestr(zipfile.ZipInfo(EXPERIMENT, _DAY), about)
    return buffer.getvalue()


def file_stem(label: str) -> str:
    """Return a label as a file name that every system accepts."""
    return re.sub(r"[^0-9a-z]+", "-", label.lower()).strip("-") or "network"
