"""Folding a store's past once more, beside the gateway: what `footfall rebuild` stands on."""
