"""What only a draft shows: that it is one, and what the release checks found, in the words an editor reads."""

from __future__ import annotations

from pipeline.model import Finding

DRAFT = "送审稿"


def remark(finding: Finding) -> str:
    """A finding as a review comment: what is wrong, and what to do about it."""
    stop = "" if not finding.fix or finding.message.endswith(("。", "！", "？")) else "。"
    return f"【{finding.severity.chinese}】{finding.message}{stop}{finding.fix}"
