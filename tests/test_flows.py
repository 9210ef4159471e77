"""What happens when Prefect itself fails; what its flows do is held by test_end_to_end."""

import pytest

from pipeline import flows
from pipeline.errors import DeskError


def test_a_server_that_does_not_start_is_said_in_a_sentence_with_the_way_round_it():
    def unserved() -> None:
        # as Prefect says it on a machine with nothing to spare
        raise RuntimeError("Timed out while attempting to connect to ephemeral Prefect API server.")

    with pytest.raises(DeskError, match=r"Prefect 的临时服务没有启动成功.*--engine inline"):
        flows.embedded(unserved)


def test_any_other_failure_of_a_flow_keeps_its_own_name():
    def broken() -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        flows.embedded(broken)
