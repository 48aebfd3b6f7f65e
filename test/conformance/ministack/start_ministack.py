"""Starts MiniStack with what it lacks put beside it: see gaps.ts for each."""

from ministack.core import iam_actions
from ministack.services import sqs

# AWS knows no action of a batch call's own: one of the call for a single message covers it.
SINGLE_CALL = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}
extract = iam_actions.extract_iam_action
iam_actions.extract_iam_action = lambda *request: SINGLE_CALL.get(extract(*request), extract(*request))

# No task ever runs: redrive asks before it sends messages itself.
sqs._HANDLERS["ListMessageMoveTasks"] = lambda *request: {"Results": []}

from ministack.app import main  # noqa: E402 (it must see the function above)

main()
