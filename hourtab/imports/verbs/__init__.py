"""What is done with a file or a delivery."""

from hourtab.imports.verbs.apply import apply
from hourtab.imports.verbs.examine import Examined, examine, open_questions
from hourtab.imports.verbs.undo import undo

__all__ = ["Examined", "apply", "examine", "open_questions", "undo"]
