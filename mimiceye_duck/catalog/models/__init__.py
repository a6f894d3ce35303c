"""Models: what each select reads and describes, and the sets of them."""
