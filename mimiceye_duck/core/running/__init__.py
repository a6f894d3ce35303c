"""The running program: limits of the machine, threads, processes, progress."""
