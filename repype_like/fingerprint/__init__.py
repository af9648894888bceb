"""Code and values as hashes: what the implementation of a stage is, wherever it lives."""

from __future__ import annotations

from repype_like.fingerprint.canonical import NoCanonicalForm, canonical_bytes, hash_value
from repype_like.fingerprint.codebase import Codebase, ImportProblem
from repype_like.fingerprint.fingerprint import Fingerprint, Fingerprinter, fingerprint_of

__all__ = ["Codebase", "Fingerprint", "Fingerprinter", "ImportProblem", "NoCanonicalForm", "canonical_bytes",
           "fingerprint_of", "hash_value"]
