"""Checking what links bring: form, schema and signature, beside the event loop, on all processors."""
