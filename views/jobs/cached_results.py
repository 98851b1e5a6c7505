"""Cached results: how much space they use, which they are, and deletion that is confirmed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import streamlit as st

from normscape.jobs import kind_name
from normscape.jobs.store.store import Entry
from normscape.specs.experiment import label
from normscape.views.session.job_queue import job_queue
from normscape.views.texts.public import is_public
from normscape.views.widgets.moments import local
from normscape.views.widgets.numbers import KIBIBYTE, used_of

MOST_RESULTS = 100
SHORT_KEY = 8
CHOICE = "results-to-delete"
NORM = "run.model.norm"
CACHE_HELP = (
    "Every training and every measurement is kept in {folder} (NORMSCAPE_HOME), at most NORMSCAPE_STORE_GIB. A deleted "
    "one is computed again when a page needs it."
)


def cached_results() -> None:
    """Show how much space the cached results use, and on a private server which they are and how to delete them."""
    store = job_queue().store
    entries = store.entries()
    if not entries:
        st.caption(f"Nothing is cached yet. The cache holds up to {used_of(0, store.limit).partition(' of ')[2]}.")
        return
    total = sum(entry.bytes for entry in entries)
    st.html(f'<div class="usage"><div style="width: {min(1.0, total / store.limit):.2%}"></div></div>')
    text = f"{_results(len(entries))} in {used_of(total, store.limit)}. The least recently used are removed first."
    if is_public():
        st.caption(text)
        return
    st.caption(text, help=CACHE_HELP.format(folder=store.folder))
    with st.expander("Show and delete cached results"):
        _table(entries)
        _deletion("Delete all results", [entry.key for entry in entries])


def _results(count: int) -> str:
    return f"{count:,} result{'' if count == 1 else 's'}"


def _deletion(name: str, keys: list[str]) -> None:
    """Show a button that deletes results once this is confirmed."""
    with st.popover(name, disabled=not keys):
        st.markdown(f"Delete {_results(len(keys))}? This cannot be undone.")
        if st.button("Delete", key=f"confirm: {name}", type="primary"):
            _delete(keys)


def _table(entries: Sequence[Entry]) -> None:
    """Show the results that were used last and those that are chosen, and a choice of those to delete.

    While other results arrive, a choice stays: its names do not depend on other results, and it is always listed.
    """
    chosen = st.session_state.get(CHOICE, ())
    entries = [entry for place, entry in enumerate(entries) if place < MOST_RESULTS or entry.key in chosen]
    names = {entry.key: _name(entry.key) for entry in entries}
    st.dataframe(
        {
            "Result": list(names.values()),
            "Key": [key[:SHORT_KEY] for key in names],
            "Size (KiB)": [math.ceil(entry.bytes / KIBIBYTE) for entry in entries],
            "Last used": [local(entry.used) for entry in entries],
        },
        column_config={"Last used": st.column_config.DatetimeColumn(format="MMM D, HH:mm")},
        hide_index=True,
    )
    chosen = st.multiselect(
        "Results to delete",
        list(names),
        format_func=lambda key: f"{names[key]} ({key[:SHORT_KEY]})",
        key=CHOICE,
    )
    _deletion("Delete selected results", chosen)


def _delete(keys: list[str]) -> None:
    for key in keys:
        job_queue().delete(key)
    st.rerun()


def _name(key: str) -> str:
    metadata = job_queue().store.metadata(key)
    if "job" not in metadata:
        return "damaged"
    job = json.loads(metadata["job"])
    name = kind_name(job["kind"])
    try:
        grid = f" {' × '.join(map(str, job['question']['grid']['points']))}" if job["kind"] == "surface" else ""
        model, data = job["run"]["model"], job["run"]["data"]
        network, norm = label("run.model.architecture", model["architecture"]), label(NORM, model["norm"])
        return f"{name}{grid}: {network}, {norm}, {label('run.data.name', data['name'])}"
    except KeyError:  # written by a version with other fields
        return name
