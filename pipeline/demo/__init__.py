"""A web of its own for trying the desk: loopback sites of several outlets, serving the seeds' articles."""
