"""What tests of report share."""

from __future__ import annotations

BAD = '<img src=x onerror=alert(1)> & "co"'
