"""The page Gallery: experiments that tell a story, by group, and the ones that were run here."""

import streamlit as st

from normscape.gallery.stories import GROUPS, STORIES
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.recent_cards import recent_cards
from normscape.views.widgets.story_cards import provenance, story_cards

CLAIM = "Each card opens its comparison on the page Surfaces. Change anything there to make it your own."

STORED = "These open from stored results. To measure more, they download data and weights."

st.title(QUESTIONS["Gallery"], anchor=False)
with st.container(key="claim"):
    st.markdown(CLAIM)
for group in GROUPS:
    titles = [title for title, story in STORIES.items() if story.group == group]
    st.subheader(group, anchor=False)
    if all(STORIES[title].needs_files for title in titles):
        st.caption(STORED)
    story_cards(titles)
st.subheader("Recent experiments", anchor=False)
recent_cards("Experiments other than those above appear here after they have run.", stories=False)
st.caption(provenance())
