"""Files of any kind: paths, states, locks, caches, files that appear whole."""
