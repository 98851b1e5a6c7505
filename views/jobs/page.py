"""The page Work: running requests, recent experiments, and cached results."""

from __future__ import annotations

import json
import time

import streamlit as st

from normscape.jobs import RequestStatus, kind_name
from normscape.specs.experiment import label
from normscape.views.session.job_queue import is_connected, job_queue, session_id
from normscape.views.session.progress import failures, progress_of
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.page_header import glossary_button

INTRODUCTION = f"""
**{QUESTIONS["Work"]}**

What is asked goes on when its page is closed, is done once however many ask for it, and is kept: a result that is there
already comes at once.
"""

GLOSSARY_TERMS = ("checkpoint", "error between points", "refinement", "slice", "store")

MOST_LISTED = 100
MEBIBYTE = 2**20
NORM = "run.model.norm"


def _under_way() -> None:
    queue = job_queue()
    if queue.connection_error:
        st.error(queue.connection_error)
    st.subheader("Under way")
    under_way = [asked for asked in queue.requests() if not asked.done]
    if not under_way:
        st.caption("Nothing.")
    for asked in under_way:
        share, sentence = progress_of(asked.request)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(share, text=f"{_linked(asked)} · {_who(asked)} · {sentence}")
            if st.button("Stop", key=f"stop-here:{asked.request.key[:12]}", help="Stops it unless others wait for it."):
                queue.cancel(asked.request.key, session_id(), is_connected)
                st.rerun(scope="fragment")
    failed = [(asked, error) for asked in queue.requests() if asked.finished for error in failures(asked.request)]
    cancelled = [asked for asked in queue.requests() if asked.cancelled]
    for asked, error in failed[:MOST_LISTED]:
        st.error(f"{asked.request.title}: {error}")
    for asked in cancelled[:MOST_LISTED]:
        st.caption(f"Stopped: {_linked(asked)}")


def _linked(asked: RequestStatus) -> str:
    return f"[{asked.request.title}]({asked.request.address})" if asked.request.address else asked.request.title


def _who(asked: RequestStatus) -> str:
    others = sum(is_connected(name) for name in asked.sessions if name != session_id())
    mine = "yours" if session_id() in asked.sessions else "not yours"
    return mine if not others else f"{mine}, and {others} more wait"


def _lately() -> None:
    recent = list(job_queue().store.requests("recent").values())
    if not recent:
        st.caption("Nothing yet.")
    for request in reversed(recent):
        st.markdown(f"- [{request['title']}]({request['address']})")


def _store() -> None:
    store = job_queue().store
    entries = store.entries()
    total = sum(entry.bytes for entry in entries)
    st.caption(
        f"{len(entries)} results, {total / MEBIBYTE:.1f} of at most {store.limit / MEBIBYTE:.0f} MiB "
        f"(NORMSCAPE_STORE_GIB) in {store.folder} (NORMSCAPE_HOME). Beyond that, those used longest ago give way."
    )
    if not entries:
        return
    names = {entry.key: _name(entry.key) for entry in entries[:MOST_LISTED]}
    st.dataframe(
        {
            "result": list(names.values()),
            "MiB": [round(entry.bytes / MEBIBYTE, 2) for entry in entries[:MOST_LISTED]],
            "used, minutes ago": [round((time.time() - entry.used) / 60) for entry in entries[:MOST_LISTED]],
        },
        hide_index=True,
    )
    chosen = st.multiselect(
        "Delete results",
        list(names),
        format_func=lambda key: f"{names[key]} ({key[:8]})",
        help="What is deleted is computed again when it is asked for.",
    )
    with st.container(horizontal=True):
        if st.button("Delete these", disabled=not chosen):
            _delete(chosen)
        if st.button("Delete all results"):
            _delete([entry.key for entry in entries])


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


st.title("Work")
st.markdown(INTRODUCTION)
glossary_button(*GLOSSARY_TERMS)
with st.container():  # not `redraw_periodically`: this part holds controls
    st.fragment(_under_way, run_every=1.0)()
st.subheader("Asked lately")
_lately()
st.subheader("The store")
_store()
