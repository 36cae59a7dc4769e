"""Live Jupyter kernels: started ahead of time, spoken to, emptied or killed."""
