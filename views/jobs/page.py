"""The page Jobs: running, failed and stopped requests, recent experiments, and cached results."""

import streamlit as st

from normscape.gallery.stories import STORIES
from normscape.views.jobs.cached_results import cached_results
from normscape.views.jobs.recent import recent_experiments, show_recent
from normscape.views.jobs.requests import show_requests
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.glossary_button import glossary_button
from normscape.views.widgets.story_cards import story_cards

CLAIM = "Experiments keep running after you close their pages. Finished ones open again at once."

GLOSSARY_TERMS = ("cache", "checkpoint", "error between points", "job", "refinement", "slice")

FIRST_GROUP = "Start here"

NOTHING_YET = "Experiments that you run appear here. Start with one of these:"

with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="jobs-heading"):
    st.title(QUESTIONS["Jobs"], anchor=False, width="content")
    st.container(key="claim", width="content").markdown(CLAIM)
    glossary_button(*GLOSSARY_TERMS)
with st.container():  # not `redraw_periodically`: this part holds controls
    st.fragment(show_requests, run_every=1.0)()
st.subheader("Recent experiments", anchor=False)
if recent := recent_experiments():
    show_recent(recent)
else:
    st.caption(NOTHING_YET)
    story_cards([title for title, story in STORIES.items() if story.group == FIRST_GROUP])
st.subheader("Cached results", anchor=False)
cached_results()
