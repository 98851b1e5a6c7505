"""The question that each page answers."""

from collections.abc import Mapping

QUESTIONS: Mapping[str, str] = {
    "Surfaces": "What does normalization do to the loss landscape?",
    "Gallery": "Where does normalization help, and where does it fail?",
    "Analysis": "Why would normalization make the landscape smoother?",
    "Along training": "How smooth is the loss along the path that training takes?",
    "Learning rates": "How large a learning rate can each network take?",
    "Curvature": "How sharp is the loss, and in which directions?",
    "Paths": "Where did training go, and what lies between two trainings?",
    "Files": "Draw loss surfaces from your own files",
    "Jobs": "Running and recent experiments",
    "Guide": "What do the pages show, and what do the terms mean?",
}
"""By title of the page in the navigation."""
