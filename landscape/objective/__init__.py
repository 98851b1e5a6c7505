"""The loss as a function of the parameters: f(θ), ∇f(θ), H(θ)v, and what they are taken over."""
