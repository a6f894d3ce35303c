"""Work that a person can ask for, one module each, without a command line."""
