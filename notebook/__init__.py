"""Normscape in a notebook or a script: every name that `from normscape import …` gives.

`PUBLIC` has the module of each; nothing is imported before it is used.
"""

from collections.abc import Mapping

_NAMES: Mapping[str, str] = {
    "normscape.notebook.compare": "compare",
    "normscape.notebook.draw": "draw figures_of",
    "normscape.notebook.along": (
        "measure_learning_rates measure_running_averages measure_sharpness_along measure_signals_along "
        "measure_smoothness_along"
    ),
    "normscape.notebook.maps": "measure_between measure_curvature_map measure_path measure_spacing",
    "normscape.landscape": (
        "CrossEntropy Objective Problem Run layer_names load_data measure_connectivity measure_layer_sharpness "
        "measure_scale_free_sharpness measure_sharpness measure_spectrum measure_surface measure_trajectory "
        "objective_of train"
    ),
    "normscape.landscape.analysis.batch_statistics": "measure_batch_statistics",
    "normscape.landscape.analysis.cauchy_schwarz": "measure_cauchy_schwarz",
    "normscape.landscape.analysis.centering": "measure_centering",
    "normscape.landscape.analysis.counterexamples": "logistic_counterexample",
    "normscape.landscape.analysis.derivatives": "measure_derivatives",
    "normscape.landscape.analysis.descent": "measure_descent",
    "normscape.landscape.analysis.distributions": "measure_distributions",
    "normscape.landscape.analysis.gradient_growth": "measure_gradient_growth",
    "normscape.landscape.analysis.layer_rates": "measure_layer_rates",
    "normscape.landscape.analysis.second_moments": "measure_second_moments",
    "normscape.landscape.analysis.theorem": "measure_theorem",
    "normscape.specs": "DataSpec EvaluationSpec GridSpec ModelSpec PlaneSpec RunSpec SurfaceSpec TrainingSpec",
}

PUBLIC: Mapping[str, str] = {name: module for module, names in _NAMES.items() for name in names.split()}
"""The module of every public name."""
