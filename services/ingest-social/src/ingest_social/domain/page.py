"""A page of a network, as it is configured."""

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

MESSENGER = "messenger"


class Page(BaseModel):
    """One page, and what its network and we share."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    account: str = Field(min_length=1, max_length=200, description="how the page is called inside Omnifil")
    network: str = Field(MESSENGER, pattern="^messenger$", description="the network")
    page_id: str = Field(pattern=r"^[0-9]{1,40}$", description="the page's id on the network")
    app_secret: SecretStr = Field(min_length=8, description="signs the webhooks")
    verify_token: SecretStr = Field(min_length=8, description="proves the webhook address to the network")
    page_token: SecretStr = Field(min_length=8, description="lets us answer and look up names")
    graph_url: str = Field("https://graph.facebook.com/v20.0", pattern=r"^https?://", description="the Graph API")
    picture_hosts: tuple[str, ...] = Field(
        ("fbcdn.net", "fbsbx.com", "facebook.com"), description="hosts (and all below them) that attachments come from"
    )

    def vouches_for(self, url: str) -> bool:
        """Whether an attachment may be fetched from there: a webhook must not send us anywhere else."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("https", urlsplit(self.graph_url).scheme):
            return False
        return any(host == allowed or host.endswith(f".{allowed}") for allowed in self.picture_hosts)
