"""The page Gallery: experiments that tell a story, by group, and the ones that were run here."""

import streamlit as st

from normscape.gallery.stories import GROUPS, STORIES
from normscape.views.session.job_queue import job_queue
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.story_cards import provenance, story_cards

CLAIM = "Each card opens its comparison on the page Surfaces. Change anything there to make it your own."

MOST_RECENT = 12


def _yours() -> None:
    """Show links to the experiments that were run on this server last."""
    recent = [request for request in job_queue().store.requests("recent").values() if request["address"]]
    if not recent:
        st.caption("Experiments that you run appear here.")
    st.markdown("\n".join(f"- [{one['title']}]({one['address']})" for one in recent[: -MOST_RECENT - 1 : -1]))


st.title(QUESTIONS["Gallery"], anchor=False)
with st.container(key="claim"):
    st.markdown(CLAIM)
for group in GROUPS:
    st.subheader(group, anchor=False)
    story_cards([title for title, story in STORIES.items() if story.group == group])
st.subheader("Yours", anchor=False)
_yours()
st.caption(provenance())
