"""What may be chosen about stored resources beside their plans."""

from enum import Enum

from fake_runway.core.values import dataclass


class OtherClient(Enum):
    """What another client of the account does as soon as a page was read with more behind it.

    Attributes:
        CREATES: it makes one more, of the kind that is listed.
        DELETES: it deletes the first of the next page.
    """

    NONE = "none"
    CREATES = "creates"
    DELETES = "deletes"


@dataclass(frozen=True, slots=True)
class AssetRules:
    """Limits and choices; the rows of `ACCOUNT` explain each. None means no limit."""

    max_avatars: int | None = 10_000
    max_voices: int | None = 10_000
    max_documents: int | None = 1_000
    knowledge_tokens: int | None = 50_000
    document_characters: int | None = None
    refuse_unready: bool = True
    refuse_empty_update: bool = True
    other_client: OtherClient = OtherClient.NONE
