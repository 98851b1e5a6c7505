"""The page Gallery: experiments that tell a story, by group, and the ones that were run here."""

import streamlit as st

from normscape.gallery.stories import GROUPS, STORIES
from normscape.views.gallery.answer import bars, comparisons, headline
from normscape.views.texts.glossary import slug
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.recent_cards import recent_cards
from normscape.views.widgets.story_cards import provenance, story_cards

CLAIM = rf"""
Each bar is one comparison of the same network without normalization and with batch norm, one training each, on a log
scale. A lower $\lambda_{{\max}}$ means a flatter loss at the weights. Below are {len(STORIES)} measured comparisons:
open one to rotate its surfaces and change any setting.
"""

NOTHING_YET = """
Open a comparison and change a setting: the new experiment appears here, beside those of other visitors to this server.
"""

STORED = "These open from stored results; measuring anything new first downloads data and weights."

RECENT = "Recent experiments"

st.title(QUESTIONS["Gallery"], anchor=False)
with st.container(key="gallery-claim"):
    st.markdown(headline())
    if known := comparisons():
        st.html(bars(known))
    st.markdown(CLAIM)
    st.markdown(" · ".join(f"[{group}](#{slug(group)})" for group in (*GROUPS, RECENT)))
for group in GROUPS:
    titles = [title for title, story in STORIES.items() if story.group == group]
    st.subheader(group, anchor=slug(group))
    if all(STORIES[title].needs_files for title in titles):
        st.caption(STORED)
    story_cards(titles)
st.subheader(RECENT, anchor=slug(RECENT))
recent_cards(NOTHING_YET, stories=False)
st.caption(provenance())
