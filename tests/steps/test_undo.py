"""What would be undone and done again, read from the log."""

from hypothesis import given
from hypothesis import strategies as st

from drafts import NOON
from pipeline.model import Decision, Revision
from pipeline.steps.undo import standing


def _revision(number: int, verb: str) -> Revision:
    return Revision(number, Decision(verb, "王编辑", NOON))


@given(
    st.lists(st.sampled_from(["edit", "exclude", "note", "undo", "redo", "restore", "generate", "submit"]), max_size=30)
)
def test_undoing_goes_back_change_by_change_and_redoing_the_same_way_forward(wishes):
    log = [_revision(1, "generate")]
    contents = [0, 0]  # by revision
    past: list[int] = []
    future: list[int] = []
    for wish in wishes:
        number, now = len(log) + 1, contents[-1]
        found = standing(log)
        assert (found.undoable is None, found.redoable is None) == (not past, not future)
        match wish:
            case "undo" if found.undoable:
                contents.append(contents[found.undoable.revision - 1])
                assert contents[-1] == past.pop()
                future.append(now)
            case "redo" if found.redoable:
                contents.append(contents[found.redoable.revision])
                assert contents[-1] == future.pop()
                past.append(now)
            case "undo" | "redo":
                continue
            case "note":
                contents.append(now)
            case "generate" | "submit":
                contents.append(number)
                past, future = [], []
            case _:
                contents.append(number)
                past.append(now)
                future = []
        log.append(_revision(number, wish))
