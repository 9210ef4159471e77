"""What somebody typed that is no command line of ours, in one sentence and with what to do.

The parser says it in four lines of English, and whoever works on a draft by commands is an editor.
"""

from __future__ import annotations

import re

from typer.exceptions import TyperException

from pipeline.errors import UsageError

_WORDED = (
    (r"No such command '(.+?)'\.(?: \(?Did you mean (?:one of: )?(.+?)\)?\??)?", "没有命令“{0}”{1}"),
    (r"No such option: (\S+?)(?: \(Possible options: (.+)\)| Did you mean (.+)\?)?", "没有选项“{0}”{1}"),
    (r"Missing argument '(.+?)'\.?.*", "缺少“{0}”"),
    (r"Missing option '(.+?)'\.?.*", "缺少选项“{0}”"),
    (r"Missing parameter: (.+?)\.?", "缺少“{0}”"),
    (r"Option '(.+?)' requires an argument\.", "选项“{0}”后面要写上值"),
    (r"Option '(.+?)' requires \d+ arguments\.", "选项“{0}”后面要写上值"),
    (r"Option '(.+?)' does not take a value\.", "选项“{0}”后面不写值"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", "多写了“{0}”"),
    (r"Invalid value for '(.+?)'(?: \(.*?\))?: .*valid integer.*", "“{0}”要写整数"),
    (r"Invalid value for '(.+?)'(?: \(.*?\))?: .*valid number.*", "“{0}”要写数字"),
    (r"Invalid value for '(.+?)'(?: \(.*?\))?: .*greater than or equal to (\S+)", "“{0}”不能小于 {1}"),
    (r"Invalid value for '(.+?)'(?: \(.*?\))?: .*less than or equal to (\S+)", "“{0}”不能大于 {1}"),
    (r"Invalid value for '(.+?)'(?: \(.*?\))?: .*is not one of (.+?)\.?", "“{0}”只能写 {1}"),
    (r"Invalid value for '(.+?)'(?: \(.*?\))?: (.+)", "“{0}”的值不对：{1}"),
)
_NEAR = "没有命令", "没有选项"


def worded(error: TyperException) -> UsageError:
    """An error of the parser as one of ours; what it is not known to say is told as it is."""
    message = " ".join(error.format_message().split())
    told = next((said for pattern, form in _WORDED if (said := _matched(pattern, form, message))), message)
    context = getattr(error, "ctx", None)
    return UsageError(f"{told}。", f"用法见 {context.command_path if context else 'bulletin'} --help。")


def _matched(pattern: str, form: str, message: str) -> str:
    if not (found := re.fullmatch(pattern, message)):
        return ""
    first, *others = [one for one in found.groups() if one]
    rest = "".join(others)
    if form.startswith(_NEAR):
        rest = "" if not rest or "," in rest else f"，是不是 {rest.strip(chr(39))}"  # of several none is near
    return form.format(first, rest)
