"""The garbage collector of a process that is there for runs."""

import gc


def collect_rarely() -> None:
    """Have the collector look rarely, and never at what is there by now. For a process of our own, once all is imported.

    A live run is some forty objects that are no garbage yet, and when it leaves they are freed without the collector. To
    look through them, and through all that was imported, each time that 700 more were made costs a seventh of all
    processor time under load.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
