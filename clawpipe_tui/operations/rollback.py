"""Rollback in three steps: plan it, send it once, observe it in the logs."""

from clawpipe_tui.operations.observing import Ask, Observation, observe
from clawpipe_tui.operations.plan import RollbackPlan, plan_rollback
from clawpipe_tui.operations.sending import Sent, send

__all__ = ["Ask", "Observation", "RollbackPlan", "Sent", "observe", "plan_rollback", "send"]
