"""The published places: where Microsoft puts the documentation page and the weekly file of service tags."""

from __future__ import annotations

from dataclasses import dataclass

_PAGE = "organizations/security/allow-list-ip-url"


@dataclass(frozen=True)
class Places:
    """The hosts of the publishers; a sandbox stands in for all of them, each as a prefix of its paths."""

    github: str = "https://raw.githubusercontent.com"
    learn: str = "https://learn.microsoft.com"
    microsoft: str = "https://www.microsoft.com"
    downloads: str = "https://download.microsoft.com"
    base: str = ""  # what stands before all of them in a sandbox

    def real(self, url: str) -> str:
        """The address that `url` stands for: a sandbox has another port every time."""
        return f"https://{url.removeprefix(f'{self.base}/')}" if self.base else url

    @property
    def page_source(self) -> str:
        return f"{self.github}/MicrosoftDocs/azure-devops-docs/main/docs/{_PAGE}.md"

    @property
    def rendered_page(self) -> str:
        return f"{self.learn}/en-us/azure/devops/{_PAGE}"

    @property
    def download_pages(self) -> tuple[str, ...]:
        """The second once started the download by itself, and is where most programs look for the link."""
        return tuple(f"{self.microsoft}/en-us/download/{each}.aspx?id=56519" for each in ("details", "confirmation"))


def standing_in(url: str) -> Places:
    """The places as the sandbox at `url` serves them."""
    real = Places()
    hosts = (real.github, real.learn, real.microsoft, real.downloads)
    github, learn, microsoft, downloads = (f"{url}/{each.removeprefix('https://')}" for each in hosts)
    return Places(github, learn, microsoft, downloads, base=url)
