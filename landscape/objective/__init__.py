"""The loss as a function of the parameters: f(θ), ∇f(θ), H(θ)v, and its evaluation set."""
