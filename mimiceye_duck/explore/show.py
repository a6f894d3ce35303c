"""A model's SQL."""


def show(name: str) -> None:
    """Print a model's SQL, or the models' names for an empty one."""
    raise NotImplementedError
