"""Telling what a program has of its version of the code."""

import logging
from typing import Final

import msgspec

from outlast._model.workers import Manifest
from outlast._registry.manifest import encode_manifest, merged
from outlast.world import Listing

logger: Final = logging.getLogger("outlast")


async def keep_manifest(listing: Listing, manifest: Manifest) -> None:
    """Put what is new of a manifest to that of its version: two programs may be of one commit. Without anything new
    nothing is written. One that cannot be read is left as it is."""
    version, saved = manifest.version, False
    while not saved:  # else another program has been quicker, which each is once
        data = await listing.manifest(version)
        try:
            whole = manifest if data is None else merged(data, manifest)
        except msgspec.DecodeError:
            logger.warning("the manifest of version %s cannot be read", version)
            return
        saved = whole is None or await listing.save_manifest(
            version, manifest.created_at, encode_manifest(whole), over=data
        )
