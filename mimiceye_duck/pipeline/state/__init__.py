"""What a build remembers: its run, its folders, digests of what is done."""
