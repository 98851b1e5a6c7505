"""The page Jobs: running requests, recent experiments, and cached results."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import streamlit as st

from normscape.jobs import RequestStatus, kind_name
from normscape.jobs.store.store import Entry
from normscape.specs.experiment import label
from normscape.views.session.job_queue import is_connected, job_queue, session_id
from normscape.views.session.progress import failures, progress_of, requested_by
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.glossary_button import glossary_button
from normscape.views.widgets.numbers import duration
from normscape.views.widgets.recent_cards import recent_cards

CLAIM = """
Jobs keep running after you close the page. Identical requests from several visitors run once, and cached results
open immediately.
"""

GLOSSARY_TERMS = ("checkpoint", "error between points", "refinement", "slice", "store")

MOST_LISTED = 100
STOP_HELP = "The jobs keep running if others wait for them."
MEBIBYTE = 2**20
NORM = "run.model.norm"


def _running() -> None:
    queue = job_queue()
    if queue.connection_error:
        st.error(queue.connection_error)
    st.subheader("Running")
    running = [entry for entry in queue.requests() if not entry.done]
    if not running:
        st.caption("No jobs are running.")
    for entry in running:
        share, sentence = progress_of(entry.request)
        with st.container(horizontal=True, vertical_alignment="center"):
            waiting = f"for {duration(time.time() - entry.submitted_at)}, {requested_by(entry.sessions)}"
            st.progress(share, text=f"{_linked(entry)} · {sentence} · {waiting}")
            if st.button("Stop", key=f"stop-here:{entry.request.key[:12]}", help=STOP_HELP):
                queue.cancel(entry.request.key, session_id(), is_connected)
                st.rerun(scope="fragment")
    failed = [(entry, error) for entry in queue.requests() if entry.finished for error in failures(entry.request)]
    cancelled = [entry for entry in queue.requests() if entry.cancelled]
    for entry, error in failed[:MOST_LISTED]:
        st.error(f"{entry.request.title}: {error}")
    for entry in cancelled[:MOST_LISTED]:
        st.caption(f"Stopped: {_linked(entry)}")


def _linked(entry: RequestStatus) -> str:
    return f"[{entry.request.title}]({entry.request.address})" if entry.request.address else entry.request.title


def _cached() -> None:
    store = job_queue().store
    entries = store.entries()
    total = sum(entry.bytes for entry in entries)
    st.caption(
        f"{len(entries)} results, {total / MEBIBYTE:.1f} of {store.limit / MEBIBYTE:.0f} MiB. The least recently used "
        "results are removed first.",
        help=f"Stored in {store.folder} (NORMSCAPE_HOME), at most NORMSCAPE_STORE_GIB.",
    )
    if not entries:
        return
    with st.expander("Show results"):
        _table(entries)
    with st.popover("Delete all results"):
        st.markdown(f"Delete {len(entries)} results? This cannot be undone.")
        if st.button("Delete", type="primary"):
            _delete([entry.key for entry in entries])


def _table(entries: Sequence[Entry]) -> None:
    """Show the results that were used last, and a choice of those to delete."""
    names = {entry.key: _name(entry.key) for entry in entries[:MOST_LISTED]}
    st.dataframe(
        {
            "result": list(names.values()),
            "MiB": [round(entry.bytes / MEBIBYTE, 2) for entry in entries[:MOST_LISTED]],
            "last used (minutes ago)": [round((time.time() - entry.used) / 60) for entry in entries[:MOST_LISTED]],
        },
        hide_index=True,
    )
    chosen = st.multiselect(
        "Delete results",
        list(names),
        format_func=lambda key: f"{names[key]} ({key[:8]})",
        help="Deleted results are computed again when they are requested.",
    )
    if st.button("Delete selected results", disabled=not chosen):
        _delete(chosen)


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
        grid = f" {' x '.join(map(str, job['question']['grid']['points']))}" if job["kind"] == "surface" else ""
        model, data = job["run"]["model"], job["run"]["data"]
        return f"{name}{grid}: {model['architecture']}, {label(NORM, model['norm'])}, {data['name']}"
    except KeyError:  # written by a version with other fields
        return name


st.title(QUESTIONS["Jobs"], anchor=False)
with st.container(key="claim"):
    st.markdown(CLAIM)
glossary_button(*GLOSSARY_TERMS)
with st.container():  # not `redraw_periodically`: this part holds controls
    st.fragment(_running, run_every=1.0)()
st.subheader("Recent experiments")
recent_cards("Experiments that you run appear here.")
st.subheader("Cached results")
_cached()
