"""The question that each page answers."""

from collections.abc import Mapping

QUESTIONS: Mapping[str, str] = {
    "Surfaces": "What does the loss around the trained weights look like?",
    "Analysis": "Does the argument for normalization hold on these networks?",
    "Along training": "How fast does the gradient turn on the way?",
    "Learning rates": "Which learning rates does each network stand?",
    "Work": "What is being computed, and what is kept?",
    "Guide": "What is there to see, and what do the words mean?",
}
"""By title of the page in the navigation."""
