"""What all tests share: how hard Hypothesis tries."""

import os

from hypothesis import settings

settings.register_profile("test", max_examples=50, deadline=None, print_blob=True)
settings.register_profile("laws", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))
