"""OpenAI: a bare list, an announced end of a model, and 429 for an empty account."""

from upstream._bearer import FAILURES, VERDICTS, Book, error, listed
from upstream.vendor import Answer, ModelRecord, Seen, State, Vendor

KEY = "sk-fake-openai-0000000000000000"
_book = Book(
    KEY,
    {
        "/v1/models": listed(
            {"id": "gpt-5", "created": 1754425777, "owned_by": "system", "shutdown_date": None},
            {"id": "gpt-4o", "created": 1715367049, "owned_by": "system", "shutdown_date": "2027-02-16"},
            {"id": "ft:gpt-4o-mini:acme::a1", "created": 1715367049, "owned_by": "acme"},
        )
    },
    {
        **FAILURES,
        "no_funds": error(429, "You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
        "forbidden": error(403, "Country, region, or territory not supported", "unsupported_country_region_territory"),
    },
)


def answer(seen: Seen, state: State) -> Answer:
    if seen.headers.get("openai-organization") != "org-acme" or seen.headers.get("openai-project") != "proj_acme":
        return error(401, "You must be a member of an organization to use the API", "invalid_organization")
    return _book.answer(seen, state)


VENDOR = Vendor(
    "openai",
    {"api_key": KEY},
    answer,
    (
        ModelRecord("gpt-5"),
        ModelRecord("gpt-4o", status="deprecated", retires="2027-02-16"),
        ModelRecord("ft:gpt-4o-mini:acme::a1"),
    ),
    {**VERDICTS, "no_funds": "no_funds", "forbidden": "forbidden"},
    base="/v1",
    options={"organization": "org-acme", "project": "proj_acme"},
)
