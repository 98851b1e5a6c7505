"""The page Jobs: running and stopped requests, recent experiments, and cached results."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from normscape.gallery.stories import STORIES
from normscape.jobs import Request, RequestStatus, kind_name
from normscape.jobs.store.store import Entry
from normscape.specs.experiment import label
from normscape.views.jobs.titles import RequestTitle, request_titles
from normscape.views.session.job_queue import is_connected, job_queue, session_id
from normscape.views.session.progress import failures, progress_of, requested_by, show_worker_errors
from normscape.views.texts.escape import printable
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.glossary_button import glossary_button
from normscape.views.widgets.numbers import MEBIBYTE, duration, used_of
from normscape.views.widgets.recent_cards import recent_cards
from normscape.views.widgets.story_cards import story_cards

CLAIM = """
Jobs keep running after you close the page. Identical requests from several visitors run once, and cached results
open immediately.
"""

GLOSSARY_TERMS = ("checkpoint", "error between points", "refinement", "slice", "store")

MOST_LISTED = 20
MOST_RESULTS = 100
STOPPED_TEXT = "Stopped by you, or set aside when its page changed the experiment. Finished results are kept."
STOP_HELP = "The jobs keep running if others wait for them."
RESUME_HELP = "Finished jobs are not repeated."
CLEAR_HELP = "Removes it from this list. Finished results stay cached."
NEXT = {"Open Surfaces": "views/surface/page.py", "Browse the Gallery": "views/gallery/page.py"}  # pages by label
FIRST_GROUP = "Start here"
NORM = "run.model.norm"


def _requests() -> None:
    """Show the requests that run, those that were stopped, and the errors of those that failed."""
    queue = job_queue()
    show_worker_errors()
    requests = queue.requests()
    running = [entry for entry in requests if not entry.done]
    stopped = [entry for entry in requests if entry.cancelled][:MOST_LISTED]
    failed = [(entry, errors) for entry in requests if entry.finished and (errors := failures(entry.request))]
    listed = [*running, *stopped, *(entry for entry, _ in failed)]
    titles = request_titles([entry.request for entry in listed])
    st.subheader("Running")
    if not running:
        _nothing_running()
    for entry in running:
        _running(entry, titles[entry.request.key])
    if stopped:
        _stopped(stopped, titles)
    if failed:
        st.subheader("Failed")
    for entry, errors in failed[:MOST_LISTED]:
        st.error(f"{_heading(entry, titles[entry.request.key])}\\\n{' '.join(map(printable, errors))}")


def _nothing_running() -> None:
    """Say what a visitor can do next."""
    st.caption("No jobs are running. Open a comparison and change a setting: its progress appears here.")
    with st.container(horizontal=True, gap="small", key="start-jobs"):
        for label, path in NEXT.items():
            st.page_link(path, label=label)


def _running(entry: RequestStatus, title: RequestTitle) -> None:
    """Show the progress of a request, with a button that stops it."""
    key, others = entry.request.key, {name for name in entry.sessions if is_connected(name)} - {session_id()}
    share, sentence = progress_of(entry.request)
    with st.container(horizontal=True, vertical_alignment="center"):
        waiting = f"Submitted {_ago(entry)}, {requested_by(entry.sessions)}."
        st.progress(share, text=f"{_heading(entry, title)}\\\n{sentence} {waiting}")
        useless = bool(others) and session_id() not in entry.sessions
        help_text = "Only those who requested it can stop it." if useless else STOP_HELP
        st.button("Stop", f"stop-here:{key[:12]}", help_text, on_click=_stop, args=(entry.request,), disabled=useless)


def _stopped(entries: Sequence[RequestStatus], titles: Mapping[str, RequestTitle]) -> None:
    """Show stopped requests, with buttons that resume them or remove them from the list."""
    queue = job_queue()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Stopped")
        if len(entries) > 1:
            every = [entry.request for entry in entries]
            st.button("Clear all", type="tertiary", help=CLEAR_HELP, on_click=_clear, args=every)
    st.caption(STOPPED_TEXT)
    for entry in entries:
        request = entry.request
        finished = sum(queue.status(job).state == "finished" for job in request.jobs)
        with st.container(horizontal=True, vertical_alignment="center"):
            amount = f"{finished} of {len(request.jobs)} jobs finished. Submitted {_ago(entry)}."
            st.markdown(f"{_heading(entry, titles[request.key])}\\\n:small[{amount}]", width="stretch")
            st.button("Resume", f"resume-here:{request.key[:12]}", RESUME_HELP, on_click=_resume, args=(request,))
            st.button("Clear", f"clear:{request.key[:12]}", CLEAR_HELP, on_click=_clear, args=(request,))


def _stop(request: Request) -> None:
    job_queue().cancel(request.key, session_id(), is_connected)
    _mark_stopped(request.key, stopped=True)


def _resume(request: Request) -> None:
    _mark_stopped(request.key, stopped=False)
    job_queue().submit(request, session_id())


def _clear(*requests: Request) -> None:
    for request in requests:
        job_queue().forget(request)


def _mark_stopped(key: str, *, stopped: bool) -> None:
    """Set whether the pages of this session submit a request again."""
    others = {one for one in st.session_state.get("stopped", ()) if one != key}
    st.session_state["stopped"] = others | {key} if stopped else others


def _heading(entry: RequestStatus, title: RequestTitle) -> str:
    """Return the title of a request, linked to its page if it has one, and what it compares."""
    text, link = printable(title.title), entry.request.address
    linked = f"[**{text}**]({link})" if link else f"**{text}**"
    return f"{linked} · {printable(title.compared)}" if title.compared else linked


def _ago(entry: RequestStatus) -> str:
    return f"{duration(time.time() - entry.submitted_at)} ago"


def _cached() -> None:
    store = job_queue().store
    entries = store.entries()
    total = sum(entry.bytes for entry in entries)
    st.caption(
        f"{_results(len(entries))}, {used_of(total, store.limit)}. The least recently used results are removed first.",
        help=f"Stored in {store.folder} (NORMSCAPE_HOME), at most NORMSCAPE_STORE_GIB.",
    )
    if not entries:
        return
    with st.expander("Show results"):
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
    """Show the results that were used last, and a choice of those to delete."""
    entries = entries[:MOST_RESULTS]
    names = _distinct({entry.key: _name(entry.key) for entry in entries})
    st.dataframe(
        {
            "result": list(names.values()),
            "MiB": [round(entry.bytes / MEBIBYTE, 2) for entry in entries],
            "last used (minutes ago)": [round((time.time() - entry.used) / 60) for entry in entries],
            "key": list(names),
        },
        hide_index=True,
    )
    chosen = st.multiselect(
        "Delete results",
        list(names),
        format_func=names.__getitem__,
        help="Deleted results are computed again when they are requested.",
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


def _distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Return the names with a number for those that occur several times."""
    counts, seen = Counter(names.values()), Counter[str]()
    numbered = {}
    for key, name in names.items():
        seen[name] += 1
        numbered[key] = f"{name} ({seen[name]})" if counts[name] > 1 else name
    return numbered


st.title(QUESTIONS["Jobs"], anchor=False)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    with st.container(key="claim", width="content"):
        st.markdown(CLAIM)
    glossary_button(*GLOSSARY_TERMS)
with st.container():  # not `redraw_periodically`: this part holds controls
    st.fragment(_requests, run_every=1.0)()
st.subheader("Recent experiments")
if not recent_cards("Experiments that you run appear here. Start with one of these:"):
    story_cards([title for title, story in STORIES.items() if story.group == FIRST_GROUP])
st.subheader("Cached results")
_cached()
