"""State of a build: its run, its folders, digests of what is done."""
