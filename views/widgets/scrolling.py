"""Scrolls to a part of the page that a button has opened or replaced, which would otherwise change out of view."""

from __future__ import annotations

import json

import streamlit as st

REQUESTED = "scrolled to"

TOP = "heading"
"""Anchor of the top of a page."""

SCRIPT = """
(() => {
  const [count, anchor] = %s;
  if (window.normscapeScrolled >= count) return;
  window.normscapeScrolled = count;
  const until = Date.now() + 12000;      // charts above it arrive meanwhile
  let moved = false;
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    window.addEventListener(kind, () => { moved = true; }, { once: true });
  }
  const scroll = () => {
    if (moved || Date.now() > until) return;
    const heading = document.querySelector(".st-key-replacement") ?? document.getElementById(anchor)
      ?? document.querySelector(`.st-key-${anchor}`);
    const top = heading?.getBoundingClientRect().top ?? 100;
    if (top < 40 || top > 200) heading?.scrollIntoView({ block: "start" });
    setTimeout(scroll, 250);
  };
  scroll();
})();
"""


def request(anchor: str) -> None:
    """Scroll to a part in the next run of the page.

    Args:
        anchor: of its heading, or the key of its container.
    """
    count, _ = st.session_state.get(REQUESTED, (0, ""))
    st.session_state[REQUESTED] = (count + 1, anchor)


def run() -> None:
    """Add the script that scrolls; it scrolls once for each request."""
    requested = st.session_state.get(REQUESTED)
    with st.container(key="recovery-scrolling"):
        if requested is not None:
            st.html(f"<script>{SCRIPT % json.dumps(requested)}</script>", unsafe_allow_javascript=True)
