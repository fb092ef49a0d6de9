"""Only the page's own script and style run."""

from __future__ import annotations

import base64
import hashlib

from ltgnn.serving.server.content_policy import content_policy


def test_digests_of_what_the_page_holds() -> None:
    digest = base64.b64encode(hashlib.sha256(b"alert(1)").digest()).decode()
    policy = content_policy("<p>x</p><script>alert(1)</script>")
    assert f"script-src 'sha256-{digest}'" in policy
    assert "style-src 'none'" in policy
    assert "default-src 'none'" in policy
