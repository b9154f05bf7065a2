"""A move of traffic in three steps: plan it, send it once, observe it in the logs."""

from clawpipe_tui.operations.evidence import Ask, Logs
from clawpipe_tui.operations.guardrails import Safety
from clawpipe_tui.operations.observing import Observation, observe
from clawpipe_tui.operations.plan import MovePlan, Remark
from clawpipe_tui.operations.planning import plan_move, plan_rollback, plan_undo
from clawpipe_tui.operations.sending import Consent, Sent, send

__all__ = [
    "Ask",
    "Consent",
    "Logs",
    "MovePlan",
    "Observation",
    "Remark",
    "Safety",
    "Sent",
    "observe",
    "plan_move",
    "plan_rollback",
    "plan_undo",
    "send",
]
