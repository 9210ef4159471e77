"""Notices on their way out: chats, e-mail and web hooks.

`targets` says who is told, `folded` makes one message of what one of them is to be told, `tell` sends it. Robots of
企业微信, 飞书 and 钉钉 get cards of our own (`robots`), since apprise sends them bare text and takes their refusals,
which come with status 200, for success; everybody else is told through apprise (`sending`).
"""

from pipeline.notify.message import Message, Part, folded
from pipeline.notify.robots import Answer
from pipeline.notify.sending import refused, tell
from pipeline.notify.targets import Road, Target, exposed, targets

__all__ = ["Answer", "Message", "Part", "Road", "Target", "exposed", "folded", "refused", "targets", "tell"]
