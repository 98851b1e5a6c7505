"""Time of a loss, a gradient and a Hessian-vector product against plain loops of torch and against other tools."""
