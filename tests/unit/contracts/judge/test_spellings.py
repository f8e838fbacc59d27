"""How secrets are recognised."""

from contracts.judge.spellings import tokens_in


def test_the_credentials_of_a_caller_are_found_in_its_headers() -> None:
    """Without the scheme; each cookie by itself; not in headers of another kind."""
    headers = {
        "Authorization": "Bearer abcdef",
        "Cookie": "session=one-value; theme=a; csrf=other-value",
        "X-Api-Key": "key-of-caller",
        "Accept-Language": "en-GB, en",
    }
    assert tokens_in(headers) == ("abcdef", "one-value", "other-value", "key-of-caller")
