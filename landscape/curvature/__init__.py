"""How sharp is the loss, and in which directions? Spectra of the Hessian and what training does to them."""
