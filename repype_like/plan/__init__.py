"""What will be done, and why: from views of tasks to a plan. Nothing here writes or runs anything."""

from __future__ import annotations

from repype_like.plan.catalogue import Catalogue
from repype_like.plan.claims import Claim, Claims, conflict
from repype_like.plan.cutting import cut
from repype_like.plan.differences import NOT_SET, Difference, differences
from repype_like.plan.files import Files, Stamp
from repype_like.plan.gathering import CONFIGS, GATHERED, Gather, name_of_configs, reads_of, told
from repype_like.plan.keys import DRAW, key_for, pre_key, prepare, record_id, task_key
from repype_like.plan.limits import GPUS, Limits, limits_of
from repype_like.plan.places import PLACE, is_at_home
from repype_like.plan.plan import Node, Plan, Skip, Stored, TaskPlan, Transfer, Unit, Waiting
from repype_like.plan.planner import Request, all_steps, is_up_to_date, make_plan, plan_task
from repype_like.plan.reasons import Reason, Verdict, changed_pieces, locate_output
from repype_like.plan.steps import Action, Restore, Step, plan_input
from repype_like.plan.view import Source, StageView, TaskView, is_mark, mark_of

__all__ = ["CONFIGS", "DRAW", "GATHERED", "GPUS", "NOT_SET", "PLACE", "Action", "Catalogue", "Claim",
           "Claims", "Difference", "Files", "Gather", "Limits", "Node", "Plan", "Reason", "Request", "Restore", "Skip",
           "Source", "StageView", "Stamp", "Step", "Stored", "TaskPlan", "TaskView", "Transfer", "Unit", "Verdict",
           "Waiting", "all_steps", "changed_pieces", "conflict", "cut", "differences", "is_at_home",
           "is_mark", "is_up_to_date", "key_for", "limits_of", "locate_output", "make_plan", "mark_of",
           "name_of_configs", "plan_input", "plan_task", "pre_key", "prepare", "reads_of", "record_id", "task_key",
           "told"]
