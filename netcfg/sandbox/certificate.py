"""The sandbox's own certificate for `localhost`, so that clients that insist on TLS can be pointed at it."""

from __future__ import annotations

from pathlib import Path


def ensure(folder: Path) -> tuple[Path, Path]:
    """The certificate that clients are to trust, and the server's chain with its key; made once per folder."""
    authority, chain = folder / "certificate.pem", folder / "server.pem"
    if not (authority.exists() and chain.exists()):
        import trustme  # 80 ms, and only here

        folder.mkdir(parents=True, exist_ok=True)
        issuer = trustme.CA()
        issued = issuer.issue_cert("localhost", "127.0.0.1")
        chain.touch(mode=0o600)
        issued.private_key_and_cert_chain_pem.write_to_path(chain)
        issuer.cert_pem.write_to_path(authority)
    return authority, chain
