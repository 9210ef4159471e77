"""What errors of the configuration and the database mean, in Chinese: for the doctor, whose every line is.

Those errors are English, for whoever minds the machine and may have to look them up. What is not known here is told as
it is, behind a word that says so.
"""

from __future__ import annotations

import re

_PLACE = r"(?P<place>.*?)"
_WHAT = tuple(
    (re.compile(pattern, re.DOTALL), told)
    for pattern, told in (
        # the database
        (rf"{_PLACE} was written by a newer release \(schema (?P<a>.*?)\)\.", "{place} 是更新的版本（{a}）写的"),
        (rf"{_PLACE} holds no bulletin desk, though its files are here\.", "{place} 里没有本系统的数据，而文件库还在"),
        (rf"{_PLACE} is not a bulletin desk's database\.", "{place} 不是本系统的数据库"),
        (rf"{_PLACE} is damaged: .*", "{place} 已损坏"),
        (rf"{_PLACE}: the copy that is kept before an upgrade could not be written .*", "{place}：升级前的副本没写成"),
        (rf"{_PLACE} is opened read-only\.", "{place} 只供查看"),
        (
            rf"{_PLACE}: this Python's SQLite has no full-text search \((?P<a>.*)\)\.",
            "{place}：这个 Python 的 SQLite 不带全文检索（{a}）",
        ),
        (rf"{_PLACE}: the disk is full\.", "{place}：磁盘已满"),
        (rf"{_PLACE}: unable to open database file\.", "{place}：打不开"),
        (rf"{_PLACE}: attempt to write a readonly database\.", "{place}：只读，不能写入"),
        (rf"{_PLACE}: file is not a database\.", "{place}：不是数据库文件"),
        (rf"{_PLACE}: disk I/O error\.", "{place}：磁盘读写出错"),
        (rf"{_PLACE} is locked(?P<a>.*?)\.", "{place} 被别的进程占用"),
        (rf"{_PLACE}: database is locked\.", "{place} 被别的进程占用"),
        (rf"{_PLACE} was deleted or replaced while it was in use\.", "{place} 在使用中被删除或替换"),
        (rf"{_PLACE} is no file\.", "{place} 不是文件"),
        (rf"{_PLACE} needs the PostgreSQL driver\.", "{place}：没有安装 PostgreSQL 的驱动"),
        (rf"{_PLACE}: the schema '(?P<a>.*?)' there is not a bulletin desk's\.", "{place}：其中的 {a} 不是本系统的"),
        (
            rf"{_PLACE}: the database's encoding is (?P<a>\S+), which cannot hold every character\.",
            "{place}：数据库编码是 {a}，存不了全部汉字",
        ),
        (rf"{_PLACE}: the server has no room left \((?P<a>.*)\)\.", "{place}：服务器没有空间了（{a}）"),
        (rf"{_PLACE} only lets itself be read \((?P<a>.*)\)\.", "{place}：只能读，是从库（{a}）"),
        (rf"{_PLACE}: a statement took longer than (?P<a>.*?) and was stopped\.", "{place}：一条语句超过 {a}，已中止"),
        (rf"{_PLACE}: the server refused the connection \((?P<a>.*)\)\.", "{place}：服务器拒绝了连接（{a}）"),
        (rf"{_PLACE}: the server cannot be reached \((?P<a>.*)\)\.", "{place}：连不上服务器（{a}）"),
        (r"(?P<place>`database`) is not an address that can be understood\.", "{place} 的地址看不懂"),
        (r"(?P<place>`database`): there is an @ too many\.", "{place} 的地址里多了一个 @"),
        (rf"{_PLACE} names no database\.", "{place} 没有写数据库名"),
        (rf"{_PLACE}: permission denied(?P<a>.*)\.", "{place}：没有权限"),
        # the blobs
        (rf"{_PLACE}: what speaks to it is not installed\.", "{place}：没有安装访问它的库"),
        (rf"{_PLACE}: there is no bucket (?P<a>.*?)\.", "{place}：没有名为 {a} 的存储桶"),
        (rf"{_PLACE}: permission was refused \((?P<a>.*)\)\.", "{place}：没有权限（{a}）"),
        (rf"{_PLACE} does not answer \((?P<a>.*)\)\.", "{place}：没有应答（{a}）"),
        (rf"{_PLACE} is empty, though it held blobs\.", "{place} 是空的，而里面原来有内容"),
        (rf"{_PLACE}: No such file or directory\.", "{place}：没有这个文件或文件夹"),
        (rf"{_PLACE}: Permission denied\.", "{place}：没有权限"),
        (rf"{_PLACE}: Not a directory\.", "{place}：路径中有一处不是文件夹"),
        (rf"{_PLACE}: Read-only file system\.", "{place}：磁盘只读"),
        # the configuration; what stands before the first colon with a blank is the place in the file
        (rf"{_PLACE}: source (?P<a>.*?): unknown key '(?P<b>.*?)'", "{place}：信源“{a}”里没有“{b}”这一项"),
        (rf"{_PLACE}: unknown key '(?P<a>.*?)'", "{place}：没有“{a}”这一项设置"),
        (
            rf"{_PLACE}: source (?P<a>.*?): unknown kind '(?P<b>.*?)' \(known: (?P<c>.*)\)",
            "{place}：信源“{a}”没有“{b}”这一类（可写 {c}）",
        ),
        (
            rf"{_PLACE}: version: this configuration is of version (?P<a>\d+), written for a later release.*",
            "{place}：配置是第 {a} 版，为更新的版本所写",
        ),
        (
            rf"{_PLACE}: (?P<a>[\w.]+): .*`bulletin config migrate`.*",
            "{place}：{a} 是旧的写法",
        ),
        (rf"{_PLACE}: (?P<a>[\w.]+): is missing", "{place}：缺少 {a}"),
        (rf"{_PLACE}: source (?P<a>.*?): (?P<b>[\w.]+): is missing", "{place}：信源“{a}”缺少 {b}"),
        (rf"{_PLACE}: (?P<a>[\w.]+): write (?P<b>.*)", "{place}：{a} 要写成 {b}"),
        (rf"{_PLACE}: (?P<a>[\w.]+): .*valid (?:integer|number).*", "{place}：{a} 要写数字"),
        (rf"{_PLACE}: (?P<a>[\w.]+): .*valid boolean.*", "{place}：{a} 要写 true 或 false"),
        (rf"{_PLACE}: (?P<a>[\w.]+): .*valid (?:string|URL).*", "{place}：{a} 要写文字"),
        (rf"{_PLACE}: (?P<a>[\w.]+): .*valid (?:dictionary|list|tuple).*", "{place}：{a} 的写法不对，要写成一组"),
        (rf"{_PLACE}: (?P<a>[\w.]+): .*greater than or equal to (?P<b>\S+)", "{place}：{a} 不能小于 {b}"),
        (rf"{_PLACE}: (?P<a>[\w.]+): .*greater than (?P<b>\S+)", "{place}：{a} 要大于 {b}"),
        (rf"{_PLACE}: (?P<a>[\w.]+): .*less than or equal to (?P<b>\S+)", "{place}：{a} 不能大于 {b}"),
        (rf"{_PLACE}: (?P<a>[\w.]+): .*less than (?P<b>\S+)", "{place}：{a} 要小于 {b}"),
        (rf"{_PLACE}: (?P<a>[\w.]+): input should be (?P<b>.*)", "{place}：{a} 只能写 {b}"),
        (rf"{_PLACE}: unknown place rule '(?P<a>.*?)' \(known: (?P<b>.*)\)", "{place}：没有地区规则“{a}”（已有 {b}）"),
        (rf"{_PLACE}: unknown series '(?P<a>.*?)' \(known: (?P<b>.*)\)", "{place}：没有刊物“{a}”（已有 {b}）"),
        (rf"{_PLACE}: source id '(?P<a>.*?)' stands twice", "{place}：信源编号“{a}”写了两次"),
        (
            rf"{_PLACE}: template: there is no '(?P<a>.*?)' in (?P<b>.*?) \(there: (?P<c>.*)\)\.?",
            "{place}：{b} 里没有模板“{a}”（有 {c}）",
        ),
        (rf"{_PLACE}: is not UTF-8", "{place}：不是 UTF-8 编码"),
        (rf"{_PLACE}: is not a file", "{place}：没有这个文件"),
        (rf"{_PLACE}: is empty", "{place}：是空的"),
        (rf"{_PLACE}: uses a YAML alias \(\*\)", "{place}：用了 YAML 的别名（*）"),
        (rf"{_PLACE}: is larger than (?P<a>.*)", "{place}：文件超过 {a}"),
        (r"(?P<place>\S.*?:\d+:\d+): (?P<a>[^一-鿿]*)", "{place}：写法有误（{a}）"),
    )
)  # fmt: skip
_CORRECT = "改正这一处；每一项怎么写，见随附的同名文件"
_FIXES = tuple(
    (re.compile(pattern, re.DOTALL), told)
    for pattern, told in (
        (r"Install that release or a later one\.", "安装那个版本或更新的"),
        (r"Restore the last backup\b.*", "恢复最近的备份（bulletin db restore 备份文件夹 --replace）"),
        (r"Name another (?:`data` folder|database) in settings\.yaml\.", "在 settings.yaml 里换一处"),
        (r"Choose another `data` folder\.", "在 settings.yaml 里把 data 换一处"),
        (
            r"Use a Python whose SQLite is built with FTS5, or a PostgreSQL database\.",
            "换一个 SQLite 带 FTS5 的 Python，或改用 PostgreSQL",
        ),
        (r"Make room .*", "腾出空间，再做一次；什么也没有改动"),
        (r"Check the disk and the folder's permissions\.", "检查磁盘和文件夹的权限"),
        (r"Put the file back, or restore.*|Nothing was written\. .*", "把文件放回原处，或恢复最近的备份，再启动"),
        (r"Install it: (?P<a>.*?)\.?", "安装：{a}"),
        (r"(?P<a>pip install .*?)\.?", "安装：{a}"),
        (r"Make one with CREATE DATABASE (?P<a>.*?)\.", "用 CREATE DATABASE {a} 另建一个"),
        (r"Let the role make its schema \((?P<a>.*?)\).*", "让这个角色能建模式：{a}"),
        (r"Name the primary server\.", "在 settings.yaml 里写主库的地址"),
        (r"Nothing of it was kept\. See what else.*", "看服务器在忙什么，再启动；什么也没有保存"),
        (r"See the server's log\.", "查看服务器的日志"),
        (r"Write postgresql://(?P<a>\S+?)\.", "写成 postgresql://{a}"),
        (r"In a password, write @ as %40.*", "密码里的 @ 写成 %40，: 写成 %3A，/ 写成 %2F"),
        (r"Put the password into ~/\.pgpass.*", "把密码写进 ~/.pgpass 或 PGPASSWORD，并核对用户名"),
        (r"Check the user's name, and what.*", "核对用户名，以及服务器的 pg_hba.conf 放行谁"),
        (r"Let this machine and user in.*", "在服务器的 pg_hba.conf 里放行这台机器和这个用户"),
        (r"Make it: (?P<a>CREATE .*?)\.?", "新建它：{a}"),
        (r"Wait, or raise the server's max_connections\.", "等一会儿，或调高服务器的 max_connections"),
        (r"Try again in a moment\.", "稍后再试"),
        (r"Is it running, and are host, port and name right\?", "看它是否在运行，主机、端口、库名是否写对"),
        (r"Make it, or correct `blobs` in settings\.yaml\.", "新建它，或改正 settings.yaml 里的 blobs"),
        (
            r"Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.*",
            "把 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY 设为能列、读、写、删的密钥",
        ),
        (
            r"Check that the server runs and that AWS_ENDPOINT_URL names it.*",
            "看服务器是否在运行，AWS_ENDPOINT_URL 是否写对；再做一次即可，什么也没有丢",
        ),
        (r"Mount it again, or restore the last backup\.", "重新挂载它，或恢复最近的备份"),
        (r"Run `bulletin init` to write a configuration\.", "用 bulletin init 新建一份配置"),
        (r"How it is written stands in.*", _CORRECT),
        (r"Look for a bracket, quote or blank.*", "看这里或上面是否少了括号、引号或空格"),
        (r"Save it as UTF-8\.", "另存为 UTF-8"),
        (r"Write the value out\.", "把值直接写出来"),
        (r"Copy the packaged file of that name and edit it\.", "复制随附的同名文件，再改"),
        (r"Split or shorten it\.", "拆开或缩短它"),
        (r"Did you mean '(?P<a>.*?)'\?", "是不是 {a}"),
        (r"Give each its own id\.", "每个信源用各自的编号"),
        (r"Name one that scope\.yaml lists under places\.", "写 scope.yaml 的 places 里有的一个"),
        (r"Correct the name, or take the file in with `(?P<a>.*?)`\.", "改正名称，或用 {a} 放入模板"),
        (r"Set rsshub in settings\.yaml to the address of yours\.", "在 settings.yaml 的 rsshub 里写上自己的地址"),
    )
)  # fmt: skip
_CHINESE = re.compile("[，。：；“]")  # not its letters: the path of a workspace may have them
_TOLD = tuple(
    (re.compile(pattern, re.DOTALL), told)
    for pattern, told in (
        (r".* written for a later release.*", "安装那个版本或更新的"),
        (r".*`bulletin config migrate`.*", "运行 bulletin config migrate，改成现行的写法"),
    )
)
"""What to do where the error itself says it."""
_LOOK = "把这一行告诉维护人员"


def what(message: str) -> str:
    """An error's message in Chinese, without its full stop."""
    told = _first(_WHAT, message)
    return told or (message if _CHINESE.search(message) else f"出错：{message}").rstrip("。.")


def fix(advice: str, message: str) -> str:
    """What to do about an error, in Chinese; an error that says nothing of it is corrected where it stands."""
    if told := _first(_FIXES, advice) or _first(_TOLD, message):
        return told
    if advice:
        return advice.rstrip("。")
    return _CORRECT if ".yaml" in message else _LOOK


def _first(table: tuple[tuple[re.Pattern[str], str], ...], text: str) -> str:
    for pattern, told in table:
        if found := pattern.fullmatch(text):
            return told.format(**found.groupdict(default=""))
    return ""
