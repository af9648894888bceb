"""Secrets are not shown."""

from __future__ import annotations

import pytest

from repype_like.masking import is_secret, masked, masked_text


@pytest.mark.parametrize("key", [
    "password", "db_password", "DB_PASSWORD", "dbPassword", "token", "auth-token", "secret", "client_secret", "api_key",
    "apiKey", "APIKey", "api-keys", "private_key", "credentials",
])
def test_keys_of_secrets(key: str) -> None:
    assert is_secret(key)


@pytest.mark.parametrize("key", ["max_tokens", "tokenizer", "sigma", "key", "keys", "key_frames", "passes", 1])
def test_other_keys(key: object) -> None:
    assert not is_secret(key)


def test_values_are_masked_wherever_they_are() -> None:
    config = {"load": {"url": "u", "api_key": "k", "token": None, "use_token": True, "secrets": {"a": 1, "b": ["x"]}}}
    assert masked(config) == {"load": {"url": "u", "api_key": "***", "token": None, "use_token": True,
                                       "secrets": {"a": "***", "b": ["***"]}}}


@pytest.mark.parametrize(("text", "shown"), [
    ("load.api_key 'abc' -> 'def'", "load.api_key *** -> ***"),
    ("load (not set) -> {'api_key': 'a b', 'sigma': 1}", "load (not set) -> {'api_key': ***, 'sigma': 1}"),
    ("denoise.sigma 1.0 -> 2.0", "denoise.sigma 1.0 -> 2.0"),
    ("ConnectionError: token=abc, host=h", "ConnectionError: token=***, host=h"),
    ("code changed: token in stages.py", "code changed: token in stages.py"),
])
def test_texts_that_name_values(text: str, shown: str) -> None:
    assert masked_text(text) == shown


@pytest.mark.timeout(60)  # what takes quadratic time takes many minutes here
@pytest.mark.parametrize("piece", ["a", "a=", "a.", "'", "a ", "a:' ", "token='", "A", " -> "])
def test_long_lines_take_no_longer_than_they_are_long(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert len(masked_text(text)) >= len(text) // 8
